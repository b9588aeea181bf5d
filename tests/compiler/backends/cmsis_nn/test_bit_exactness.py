"""CMSIS-NN computes what the helium kernels compute, bit for bit: random layers, and a network on the simulator."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from paddle_cortexm.artefacts.deployed import Expected
from paddle_cortexm.artefacts.model import Model
from paddle_cortexm.compiler.backends.cmsis_nn import CmsisNnBackend
from paddle_cortexm.compiler.backends.helium import HeliumBackend
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Backend, Kernel, Rejection
from paddle_cortexm.compiler.operators.elementwise.multiply import IntegerMultiply
from paddle_cortexm.compiler.operators.parts.base import IntegerOperator
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.average_pool import IntegerAveragePool
from paddle_cortexm.compiler.operators.pools.max_pool import IntegerMaxPool
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import IntegerDepthwiseConvolution
from paddle_cortexm.compiler.tensor import Shape, Tensor
from paddle_cortexm.paths import REPOSITORY
from tests.compiler.backends.helium.examples.layers import (
    bytes_of,
    some_add,
    some_convolution,
    some_fully_connected,
    some_requantisation,
)
from tests.compiler.backends.helium.rig.cases import Case
from tests.compiler.backends.helium.rig.runners import External, run_on_helium, run_on_host

Random = np.random.Generator
Example = tuple[IntegerOperator, tuple[Shape, ...], Shape]  # operator, shapes of its inputs, shape of its output
SAME_3X3 = (1, 1, 1, 1)


def size_after(window: Window, height: int, width: int) -> tuple[int, int]:
    (kernel, stride, padding), size = (window.kernel, window.stride, window.padding), (height, width)
    first, second = ((size[i] + padding[i] + padding[i + 2] - kernel[i]) // stride[i] + 1 for i in range(2))
    return first, second


def convolutions(random: Random) -> list[Example]:
    windows = (Window(), Window((1, 1), (2, 2)), Window((3, 3), (2, 2), SAME_3X3), Window((3, 3), (1, 1), SAME_3X3))
    windows += (Window((5, 5), (1, 1), (2, 2, 2, 2)), Window((2, 3), (1, 2), (0, 1, 0, 1)))
    examples: list[Example] = []
    for window, (inputs, outputs) in product(windows, ((3, 8), (16, 17), (24, 144), (70, 6))):
        height, width = random.integers(5, 12, 2).tolist()
        out = size_after(window, height, width)
        operator = some_convolution(random, (inputs, outputs), window)
        examples.append((operator, ((1, height, width, inputs),), (1, *out, outputs)))
    return examples


def depthwise_convolutions(random: Random) -> list[Example]:
    examples: list[Example] = []
    for side, stride, channels in product((3, 5), (1, 2), (4, 8, 36, 130)):
        edge = side // 2
        window = Window((side, side), (stride, stride), (edge, edge, edge, edge))
        height, width = random.integers(5, 10, 2).tolist()
        weight = random.integers(-127, 128, (side, side, channels)).astype(np.int8)
        bias = random.integers(-5000, 5000, channels).astype(np.int32)
        scales = some_requantisation(random, channels, side * side)
        operator = IntegerDepthwiseConvolution(weight, bias, window, int(random.integers(-128, 128)), scales)
        out = size_after(window, height, width)
        examples.append((operator, ((1, height, width, channels),), (1, *out, channels)))
    return examples


def others(random: Random) -> list[Example]:
    examples: list[Example] = []
    for inputs, outputs in ((5, 3), (40, 7), (64, 100), (1280, 10)):
        operator = some_fully_connected(random, inputs, outputs)
        examples.append((operator, ((1, 1, 1, inputs),), (1, 1, 1, outputs)))
    for channels in (1, 6, 16, 33):
        image, vector = (1, 5, 4, channels), (1, 1, 1, channels)
        examples.append((some_add(random), (image, image), image))
        for second in (image, vector):
            multiply = IntegerMultiply((int(random.integers(-128, 128)), -128), some_requantisation(random, 1, 60))
            examples.append((multiply, (image, second), image))
    for height, width, window in (
        (7, 7, Window((7, 7))),
        (8, 6, Window((2, 2), (2, 2))),
        (9, 7, Window((3, 3), (2, 2))),
    ):
        out = (1, *size_after(window, height, width), 20)
        for pool in (IntegerAveragePool(window), IntegerMaxPool(window)):
            examples.append((pool, ((1, height, width, 20),), out))
    return examples


def kernel_of(backend: Backend, example: Example) -> Kernel:
    operator, shapes, output = example
    names = tuple(f"x{i}" for i in range(len(shapes)))
    tensors = {n: Tensor(n, s, "int8") for n, s in zip((*names, "y"), (*shapes, output), strict=True)}
    layer = Layer(operator, names, "y")
    kernel = backend.select(Graph("test", "x0", "y", (layer,), tensors), layer)
    assert isinstance(kernel, Kernel), kernel
    return kernel


def test_random_layers_are_equal_on_the_target_and_to_the_portable_c(target_library: External, tmp_path: Path) -> None:
    random = np.random.default_rng(6)
    examples = [*convolutions(random), *depthwise_convolutions(random), *others(random)]
    inputs = [tuple(bytes_of(random, *shape) for shape in shapes) for _, shapes, _ in examples]
    cases = {
        backend.name: [Case(kernel_of(backend, e), x, e[2]) for e, x in zip(examples, inputs, strict=True)]
        for backend in (CmsisNnBackend(), HeliumBackend())
    }
    for name in ("target", "host"):
        (tmp_path / name).mkdir()
    arm = run_on_helium(tmp_path / "target", [*cases["cmsis-nn"], *cases["helium"]], external=target_library)
    portable = run_on_host(tmp_path / "host", cases["helium"])
    for i, example in enumerate(examples):
        what = f"{cases['cmsis-nn'][i].kernel.name} {example[1]} -> {example[2]}"
        assert np.array_equal(arm[i].output, portable[i].output), what
        assert np.array_equal(arm[i + len(examples)].output, portable[i].output), what


@pytest.mark.usefixtures("library")
def test_groups_and_dilation_are_refused() -> None:
    random, dilated = np.random.default_rng(0), Window((3, 3), (1, 1), (2, 2, 2, 2), (2, 2))
    for operator in (some_convolution(random, (8, 8), Window(), groups=2), some_convolution(random, (8, 8), dilated)):
        tensors = {name: Tensor(name, (1, 5, 5, 8), "int8") for name in ("x", "y")}
        layer = Layer(operator, ("x",), "y")
        assert isinstance(CmsisNnBackend().select(Graph("test", "x", "y", (layer,), tensors), layer), Rejection)


NETWORK = """
model: {backbone: PPLCNet_x0_25, weights: random, image_size: 64}
data: {validation_images: 1, calibration_images: 16}
train: {epochs: 0}
quantise: {algorithm: abs_max}
compile: {target: corstone310}
"""


def script(folder: Path, name: str, *arguments: str) -> str:
    path = REPOSITORY / name
    command = [sys.executable, str(path)] if path.suffix == ".py" else ["sh", str(path)]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [*command, "--config", "net", "--quiet", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, f"{name}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


@pytest.mark.e2e
def test_a_whole_network_gives_the_bits_of_the_helium_kernels(target_library: External, tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "net.yaml").write_text(NETWORK)
    for name in ("01_finetune.py", "02_quantize.py", "03_compile_tvm.py"):
        script(tmp_path, name)
    compiled = tmp_path / "build" / "net" / "03_compile_tvm"
    helium = Expected.read(compiled)
    script(tmp_path, "03_compile_tvm.py", "--kernels", "cmsis-nn,helium,tvm")
    assert Expected.read(compiled) == helium
    plan = Model.read(compiled).layers
    assert {"arm_convolve_wrapper_s8", "arm_depthwise_conv_wrapper_s8"} <= {layer.kernel for layer in plan}
    script(tmp_path, "04_build_app.sh")
    assert script(tmp_path, "05_run_fvp.sh").strip().endswith("PASS")
