"""The plugin counts what the program's own counter counts, layer by layer."""

from pathlib import Path

import pytest

from paddle_cortexm.boards import CORSTONE300, CORSTONE310
from paddle_cortexm.firmware import toolchains
from paddle_cortexm.firmware.build import build_program
from paddle_cortexm.measure.profile.counts import count
from paddle_cortexm.measure.profile.disassembly import disassemble
from paddle_cortexm.measure.profile.profile import FunctionProfile, LayerProfile, Profile
from paddle_cortexm.measure.profile.report import save_picture, text
from paddle_cortexm.simulator import simulators
from paddle_cortexm.target import Target
from tests.tiny_model import write_tiny_model


@pytest.mark.parametrize("target", [CORSTONE300, CORSTONE310], ids=lambda target: target.name)
def test_plugin_and_program_agree_on_every_layer(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    elf = build_program(tmp_path / "objects", write_tiny_model(tmp_path / "model"), target, toolchains.choose(target))
    program = disassemble(elf, toolchains.find_objdump())
    counted = count(simulators.find(target, "qemu"), elf, program)
    layers = counted.by_layer()
    assert layers is not None and len(layers) == 2
    around = [sum(part.values()) - own for part, (_, own) in zip(layers, counted.said.layers, strict=True)]
    assert 0 < min(around) <= max(around) < 100  # what the hook itself executes
    assert "model_run" in "".join(program.by_function(counted.inference()))


def test_the_report_names_layers_and_functions_with_their_shares(tmp_path: Path) -> None:
    layers = (
        LayerProfile("0 convolution 3×3 conv1", "stem", "helium_stem_s8", (1, 8, 8, 16), 3000, 750, 1500.0),
        LayerProfile("1 add after conv1", "add", "helium_add_s8", (1, 8, 8, 16), 0, 250, 500.0),
    )
    made = Profile(layers, (FunctionProfile("helium_stem_s8", 900, 1800.0), FunctionProfile("x", 100, 200.0)), False)
    lines = text(made).splitlines()
    figures = ["stem", "8x8x16", "helium_stem_s8", "750", "75.0", "%", "4.00", "1,500", "2.00"]
    assert lines[1].split() == ["0", "convolution", "3×3", "conv1", *figures]
    assert "all layers: 1,000 instructions, 2,000 cycles*" in lines
    assert ["helium_stem_s8", "900", "90.0", "%", "1,800"] in [line.split() for line in lines]
    save_picture(tmp_path / "layers.png", made, "test")
    assert (tmp_path / "layers.png").read_bytes().startswith(b"\x89PNG")
