"""The program on a board without a frame buffer: it classifies the linked-in frame, and says so when asked for more."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest

from paddle_cortexm.boards import CORSTONE300
from paddle_cortexm.errors import UserError
from paddle_cortexm.firmware.build import build_program
from paddle_cortexm.firmware.elf import sections
from paddle_cortexm.simulator import transcript
from paddle_cortexm.simulator.run import check_frame_buffer
from tests.app.conftest import Builder, Runner
from tests.firmware.installed import of_kind
from tests.tiny_model import demo_frame, write_tiny_model

BARE = replace(CORSTONE300, frames=None)


@pytest.fixture(scope="module", params=["clang", "gcc"])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bare")
    model = write_tiny_model(folder / "model")
    return build_program(folder / "objects", model, BARE, of_kind(BARE, request.param))


def test_it_gives_the_output_of_the_program_with_a_frame_buffer(program: Path, build: Builder, run: Runner) -> None:
    said = transcript.parse(run(program).text)
    assert said.complete and said.frames[0].output == transcript.parse(run(build()).text).frames[0].output


def test_no_memory_is_taken_for_frames(program: Path) -> None:
    assert ".frame_buffer" not in {section.name for section in sections(program)}


def test_a_frame_file_is_refused(program: Path, run: Runner) -> None:
    done = run(program, images=[demo_frame()])
    assert done.status == 1 and "Corstone-300 has no frame buffer: only the linked-in frame" in done.text


def test_stage_5_refuses_images_before_anything_runs() -> None:
    options = Namespace(image=None, images=Path("photos"))
    with pytest.raises(UserError, match=r"corstone300 has no frame buffer.*Leave out --image"):
        check_frame_buffer(BARE, options)
    check_frame_buffer(CORSTONE300, options)
    check_frame_buffer(BARE, Namespace(image=None, images=None))
