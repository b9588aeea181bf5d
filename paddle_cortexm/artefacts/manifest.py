"""manifest.json: what a finished stage was made from and what it made, in the folder of each."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from paddle_cortexm.artefacts.artefact import Part
from paddle_cortexm.text_files import write_json

MANIFEST = "manifest.json"


class Basis(Part):
    """What a stage's result follows from. config: the values it depends on, by section (or section.key), as JSON
    values; overrides: values by section.key that were given instead of the config's, which config includes; inputs: a
    digest of the outputs of each stage before it; code: a digest of the sources, '' where they do not count."""

    config: dict[str, Any]
    overrides: dict[str, Any]
    inputs: dict[str, str]
    code: str


class Manifest(Basis):
    """files: digests of the files that the config names, by its keys; outputs: digests of the files in the folder, by
    their paths in it; versions: of Python and of the packages that matter; seconds: how long it took."""

    stage: str
    files: dict[str, str]
    outputs: dict[str, str]
    versions: dict[str, str]
    seconds: float
    seed: int

    @property
    def basis(self) -> Basis:
        return Basis(config=self.config, overrides=self.overrides, inputs=self.inputs, code=self.code)

    @property
    def outputs_digest(self) -> str:
        """One digest over all outputs."""
        return hashlib.sha256(json.dumps(self.outputs, sort_keys=True).encode()).hexdigest()

    def write(self, folder: Path) -> None:
        write_json(folder / MANIFEST, self.model_dump(mode="json"))
