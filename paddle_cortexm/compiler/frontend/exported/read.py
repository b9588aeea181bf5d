"""Reads an exported program of either format: one image in, one chosen result out, all that is constant computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from paddle_cortexm.compiler.frontend.exported.legacy import open_legacy
from paddle_cortexm.compiler.frontend.exported.opened import ATTRIBUTE, Opened, Size, reaching
from paddle_cortexm.compiler.frontend.exported.pir import open_pir
from paddle_cortexm.compiler.frontend.exported.quantised import without_quantisers
from paddle_cortexm.compiler.frontend.paddle.parameter_names import layer_names_of
from paddle_cortexm.compiler.frontend.paddle.program import Array, PaddleOperator, PaddleProgram
from paddle_cortexm.errors import UserError, nearest
from paddle_cortexm.settings.program_files import LEGACY, PIR, WEIGHTS, program_files

PARAMETER_SLOTS = ("Filter", "Y", "W", "Scale", "X")  # where an operator's weights may stand, the likeliest first
SHAPES = ("shape", "size")  # what they make is known without the values they read
# Inputs that, where they are constant, mean the same as an attribute
ATTRIBUTE_INPUTS = {
    "AxisTensor": "axis",
    "EndsTensor": "ends",
    "EndsTensorList": "ends",
    "K": "k",
    "Max": "max",
    "Min": "min",
    "Shape": "shape",
    "ShapeTensor": "shape",
    "SectionsTensorList": "sections",
    "StartsTensor": "starts",
    "StartsTensorList": "starts",
    "StridesTensor": "strides",
    "StridesTensorList": "strides",
    "expand_shapes_tensor": "shape",
}
SCALARS = ("axis", "dropout_prob", "k", "max", "min", "scale")  # attributes of one value


def read_program(
    folder: Path,
    stem: str = "model",
    size: Size | None = None,
    output: str | int | None = None,
    suffix: str = "",
) -> PaddleProgram:
    """Read `stem`.pdmodel, or `stem`.json of Paddle 3, with `stem`.pdiparams.

    size: (height, width) where the program leaves them open; output: name or number of the result, where there are
    several; suffix: of the file that is meant where both formats are there. Raises UserError for a missing or damaged
    file, for what Paddle cannot run, and for an unclear choice.
    """
    path = program_file(folder / f"{stem}{suffix}")
    opened, thresholds = without_quantisers(open_pir(path, size) if path.suffix == PIR else open_legacy(path, size))
    result = _chosen_output(opened, output)
    operators = reaching(opened.operators, result)
    parameters = _constants(opened, operators)
    kept = tuple(
        _with_known_attributes(op, parameters) for op in operators if not all(t in parameters for t in _results(op))
    )
    titles = _titles(layer_names_of(folder, opened.parameters), operators)
    kept = tuple(_with_parameter(op, titles) for op in kept)
    read = {name for op in kept for names in op.inputs.values() for name in names}
    shapes = {name: value.shape for name, value in opened.values.items()}
    shapes |= {name: value.shape for name, value in parameters.items()}
    known = {name: value for name, value in parameters.items() if name in read}
    return PaddleProgram(kept, known, shapes, opened.input, result, thresholds)


def program_file(path: Path) -> Path:
    """The file with the operators, for a stem or for any of the program's files. Raises UserError without one."""
    found = program_files(path)
    if found and found[0].suffix != WEIGHTS:
        return found[0]
    stem = path.with_suffix("") if path.suffix in (LEGACY, PIR, WEIGHTS) else path
    if stem.name == "model":
        raise UserError(f"{stem}{LEGACY}: missing. Run ./02_quantize.py, which writes it")
    raise UserError(
        f"{stem}{LEGACY}: missing, and so is {stem.name}{PIR}. A program is one of them with {stem.name}{WEIGHTS}, as "
        f"paddle.jit.save and paddle.static.save_inference_model write them"
    )


def _chosen_output(opened: Opened, wanted: str | int | None) -> str:
    """The one result or, of several, the chosen one."""
    names = opened.outputs
    described = ", ".join(f"{i}: '{name}' {opened.values[name].shape}" for i, name in enumerate(names))
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted is None:
        raise UserError(
            f"{opened.path}: a classifier has one output, this program has {len(names)}: set model.output to the name "
            f"or number of one of them ({described})"
        )
    if isinstance(wanted, int) and wanted < len(names):
        return names[wanted]
    if wanted not in names:
        close = nearest(str(wanted), names)
        raise UserError(f"model.output: {opened.path} has no output {wanted!r}{close}. There are: {described}")
    return str(wanted)


def _results(op: PaddleOperator) -> tuple[str, ...]:
    """The tensors it makes that matter; by-products share an operator with its result."""
    return next((op.outputs[slot] for slot in ("Out", "Output", "Y") if op.outputs.get(slot)), (op.output,))


def _constants(opened: Opened, operators: list[PaddleOperator]) -> dict[str, Array]:
    """Parameters, and what depends on nothing but them and on shapes, as Paddle computed it."""
    known = dict(opened.parameters)
    for op in operators:
        inputs = [name for names in op.inputs.values() for name in names]
        results = [name for names in op.outputs.values() for name in names if name in opened.values]
        if op.kind in SHAPES or all(name in known for name in inputs):
            known |= {name: opened.values[name] for name in results if name != opened.input}
    return known


def _with_known_attributes(op: PaddleOperator, parameters: Mapping[str, Array]) -> PaddleOperator:
    """The operator with constant inputs as the attributes that they stand for."""
    inputs, attributes = dict(op.inputs), dict(op.attributes)
    for slot, names in op.inputs.items():
        attribute = slot[1:] if slot.startswith(ATTRIBUTE) else ATTRIBUTE_INPUTS.get(slot)
        if attribute and names and all(name in parameters for name in names):
            values = np.concatenate([parameters[name].reshape(-1) for name in names]).tolist()
            attributes[attribute] = values[0] if attribute in SCALARS else values
            del inputs[slot]
    return replace(op, inputs=inputs, attributes=attributes)


def _titles(titles: Mapping[str, str], operators: list[PaddleOperator]) -> dict[str, str]:
    """Also of what is made of a parameter: it is called alike."""
    known = dict(titles)
    for op in operators:
        if op.has_input("X") and op.input("X") in known:
            known |= {name: known[op.input("X")] for names in op.outputs.values() for name in names}
    return known


def _with_parameter(op: PaddleOperator, titles: Mapping[str, str]) -> PaddleOperator:
    """The operator with the name of its weights."""
    inputs = (name for slot in PARAMETER_SLOTS for name in op.inputs.get(slot, ()))
    return replace(op, parameter=next((titles[name] for name in inputs if name in titles), ""))
