"""What stage 3 says of accuracy: where there is one, and why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.errors import UserError
from paddle_cortexm.report.deployed import _labelled_logits
from tests.data.photos import class_folders, config
from tests.tiny_model import write_tiny_model


def test_a_photo_that_vanished_since_stage_2_is_named(tmp_path: Path) -> None:
    class_folders(tmp_path / "photos", 10)
    folder = write_tiny_model(tmp_path / "model")
    split = open_splits(config(tmp_path / "photos")).validation
    assert len(list(_labelled_logits(folder, split, 1, 4, quiet=True))) == 4
    Path(split.name(2)).unlink()
    with pytest.raises(UserError, match=rf"stage 2 could read 4 of 4\. Now .*\n  {split.name(2)}\n.*02_quantize"):
        list(_labelled_logits(folder, split, 1, 4, quiet=True))
    assert len(list(_labelled_logits(folder, split, 1, 3, quiet=True))) == 3
