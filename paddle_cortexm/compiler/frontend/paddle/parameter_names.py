"""What people call a program's parameters: by their names in the network's weights file, where stage 2 wrote them down.

A program knows 'conv2d_5.w_0'; the .pdparams that it comes from calls the same weights 'blocks3.1.dw_conv.conv.weight',
and so do the network's source and its training log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from paddle_cortexm.artefacts.quantisation import ParameterNames

ENDINGS = re.compile(r"([._](w_\d+|b_\d+|weights?|bias|offset))?$")  # of what belongs to one layer
INNERMOST = re.compile(r"\._?conv$")  # the convolution inside a block of convolution, batch norm and activation


def layer_names_of(folder: Path, parameters: Iterable[str]) -> dict[str, str]:
    """For each parameter of the program in the folder what its layer is called: 'blocks3.1.dw_conv'. Without the file,
    as for a program exported elsewhere, the program's own name: 'conv2d_5'."""
    is_known = (folder / ParameterNames.file).is_file()
    known = ParameterNames.read(folder).names if is_known else {}
    return {name: layer_of(known.get(name, name)) for name in parameters}


def layer_of(parameter: str) -> str:
    """The parameter's name without what only says that it is a weight: 'fc.weight' is of 'fc'."""
    return INNERMOST.sub("", ENDINGS.sub("", parameter))
