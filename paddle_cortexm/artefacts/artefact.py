"""What all files between stages have in common."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError
from typing_extensions import Self

from paddle_cortexm.errors import UserError
from paddle_cortexm.text_files import write_json


class Part(BaseModel):
    """A section of such a file, or an entry of a list in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Artefact(Part):
    """A JSON file. file: its name in the stage's folder; script: the one that writes it."""

    file: ClassVar[str]
    script: ClassVar[str]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The file of a stage's folder. Raises UserError when it is missing, damaged or of an older version."""
        path, again = folder / cls.file, f"Run ./{cls.script} again with --force."
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            raise UserError(f"{path}: missing. {again}") from None
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            what = f"{place}: {first['msg']}" if place else first["msg"]
            raise UserError(f"{path}: damaged, or written by an older version ({what}). {again}") from None

    def write(self, folder: Path) -> None:
        """Write it for reading: indented, keys in the order of the fields."""
        write_json(folder / self.file, self.model_dump(mode="json", by_alias=True))
