"""manifest.json: what a finished stage was made from and what it made, in the folder of each."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import Field

from paddle_cortexm.artefacts.artefact import Part
from paddle_cortexm.text_files import write_json

MANIFEST = "manifest.json"


class Given(Part):
    """What a stage was told. config: the values it depends on, by section, as JSON values; overrides: values by
    section.key that were given instead of the config's, which config includes; files: digests of the files that the
    config names, by its keys."""

    config: dict[str, Any]
    overrides: dict[str, Any]
    files: dict[str, str]


class Manifest(Given):
    """inputs: a digest of the outputs of each stage it read; before: what all stages it comes from were told, for when
    their folders are gone; code: a digest of the sources, '' where they do not count; outputs: digests of the files in
    the folder, by their paths in it; versions: of Python and of the packages that matter; seconds: how long it took."""

    stage: str
    inputs: dict[str, str]
    before: dict[str, Given] = Field(default_factory=dict)
    code: str
    outputs: dict[str, str]
    versions: dict[str, str]
    seconds: float
    seed: int

    @property
    def given(self) -> Given:
        return Given(config=self.config, overrides=self.overrides, files=self.files)

    @property
    def outputs_digest(self) -> str:
        """One digest over all outputs."""
        return hashlib.sha256(json.dumps(self.outputs, sort_keys=True).encode()).hexdigest()

    def write(self, folder: Path) -> None:
        write_json(folder / MANIFEST, self.model_dump(mode="json"))
