"""A PaddleClas config as a config of ours, with notes on what could not be carried over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import ValidationError

from paddle_cortexm.config import Config
from paddle_cortexm.convert import images, network, recipe
from paddle_cortexm.convert.leftovers import notes_on_leftovers
from paddle_cortexm.convert.source import Note, Source
from paddle_cortexm.errors import UserError

SECTIONS = ("Global", "Arch", "DataLoader", "Optimizer")  # one of them at least makes a PaddleClas config
LINE_WIDTH = 120


@dataclass(frozen=True)
class Conversion:
    """values: of our config, by section, the name left out; notes: what is not in them, or not as it was."""

    values: dict[str, Any]
    notes: tuple[Note, ...]

    def text(self, title: str) -> str:
        """The YAML file; the notes are comments at its head."""
        notes = "".join(f"#   {note}\n" for note in self.notes)
        head = f"# {title}\n" + (f"# Not carried over, or not as it was:\n{notes}" if notes else "")
        return head + yaml.dump(self.values, Dumper=_Dumper, sort_keys=False, width=LINE_WIDTH, allow_unicode=True)


def convert(values: Mapping[str, Any]) -> Conversion:
    """values: the parsed YAML of PaddleClas. Raises UserError for one that is no PaddleClas training config."""
    if not any(section in values for section in SECTIONS) or not isinstance(values.get("Arch"), Mapping):
        raise UserError(f"no PaddleClas training config: it has the sections {', '.join(SECTIONS)}")
    source = Source(values)
    teacher = network.teacher(source)
    model = network.model(source) | network.answer(source)
    size, fitting = images.image_size(source)
    if size:
        model["image_size"] = images.as_key(size)
    train = recipe.training(source) | images.variation(source, size) | ({"teacher": teacher} if teacher else {})
    data = images.data(source) | fitting
    sections = {"model": model, "data": data, "train": train, "quantise": recipe.quantisation(source)}
    made, refused = _allowed({name: section for name, section in sections.items() if section})
    return Conversion(made, (*source.notes, *refused, *notes_on_leftovers(source)))


def _allowed(values: dict[str, Any]) -> tuple[dict[str, Any], list[Note]]:
    """The values that a config may have, and a note on each other one, which is left out."""
    try:
        Config.model_validate({"name": "converted", **values})
        return values, []
    except ValidationError as error:
        notes = []
        for problem in error.errors():
            section, *keys = map(str, problem["loc"] or ("data", "resize"))  # two sections that do not fit: the crop
            within, key = (values[section], keys[0]) if keys else (values, section)
            if key in within:
                reason = problem["msg"].removeprefix("Value error, ")
                notes.append(Note(".".join((section, *keys[:1])), within.pop(key), f"not allowed here: {reason}"))
        if not notes:
            raise
        left, more = _allowed(values)
        return left, notes + more


class _Dumper(yaml.SafeDumper):
    """Lists on one line."""


_Dumper.add_representer(
    list, lambda dumper, values: dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=True)
)
