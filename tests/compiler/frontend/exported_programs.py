"""One small classifier, exported in the ways that people do, and what Paddle's executor answers."""

from __future__ import annotations

import contextlib
import io
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.compiler.frontend.paddle.static_mode import static_mode

functional = paddle.nn.functional
Floats = NDArray[np.float32]
CLASSES, SIDE = 5, 16
STEM = "inference"
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class SmallClassifier(paddle.nn.Layer):
    """Convolution, batch norm, depthwise, residual, pools, dropout; gives logits."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = paddle.nn.Conv2D(3, 8, 3, stride=2, padding=1, bias_attr=False)
        self.norm = paddle.nn.BatchNorm2D(8)
        self.depthwise = paddle.nn.Conv2D(8, 8, 3, padding=1, groups=8)
        self.pointwise = paddle.nn.Conv2D(8, 16, 1)
        self.dropout = paddle.nn.Dropout(0.2, mode="downscale_in_infer")
        self.classifier = paddle.nn.Linear(16, CLASSES)

    def forward(self, image: Any) -> Any:
        x = functional.hardswish(self.norm(self.stem(image)))
        x = functional.relu6(self.depthwise(x)) + x
        x = functional.max_pool2d(functional.relu(self.pointwise(x)), 2)
        x = functional.adaptive_avg_pool2d(x, 1)
        return self.classifier(self.dropout(x.reshape([x.shape[0], -1])))


class Between(paddle.nn.Layer):
    """The classifier with something before it and something behind it."""

    def __init__(self, network: paddle.nn.Layer, before: Callable[..., Any], behind: Callable[..., Any]) -> None:
        super().__init__()
        self.network, self.before, self.behind = network, before, behind

    def forward(self, image: Any) -> Any:
        return self.behind(self.network(self.before(image)))


def unchanged(x: Any) -> Any:
    return x


def classifier(seed: int = 0) -> paddle.nn.Layer:
    """With parameters and statistics as after training."""
    paddle.seed(seed)
    with paddle.utils.unique_name.guard():
        network = SmallClassifier()
    random = np.random.default_rng(seed)
    for name, parameter in network.state_dict().items():
        if name.startswith("norm"):
            parameter.set_value(random.uniform(0.5, 1.5, parameter.shape).astype(np.float32))
        elif name.endswith("bias"):
            parameter.set_value(random.normal(0, 0.3, parameter.shape).astype(np.float32))
    network.eval()
    return network


def export(
    folder: Path,
    before: Callable[..., Any] = unchanged,
    behind: Callable[..., Any] = unchanged,
    shape: tuple[int | None, ...] = (None, 3, SIDE, SIDE),
    dtype: str = "float32",
) -> Path:
    """In the legacy format; returns the stem."""
    network = Between(classifier(), before, behind)
    network.eval()
    spec = paddle.static.InputSpec(list(shape), dtype, "x")
    paddle.jit.save(network, str(folder / STEM), input_spec=[spec])
    return folder / STEM


PIR_EXPORT = """
import sys
from pathlib import Path
from tests.compiler.frontend.exported_programs import export, paddle
folder = Path(sys.argv[1])
image = paddle.to_tensor(__import__("numpy").load(folder / "image.npy"))
export(folder, behind=paddle.nn.functional.softmax, shape=(None, 3, None, None))
network = paddle.jit.load(str(folder / "inference"))
__import__("numpy").save(folder / "answer.npy", network(image).numpy())
"""


def export_pir(folder: Path, image: Floats) -> tuple[Path, Floats]:
    """In Paddle 3's format, which a process of its own writes; and what Paddle answers for the image."""
    np.save(folder / "image.npy", image)
    command = [sys.executable, "-W", "ignore", "-c", PIR_EXPORT, str(folder)]
    environment = {"FLAGS_enable_pir_api": "1", "PYTHONPATH": str(Path(__file__).parents[3]), "PATH": "/usr/bin:/bin"}
    subprocess.run(command, check=True, env=environment, capture_output=True)
    return folder / STEM, np.load(folder / "answer.npy")


def answer(stem: Path, image: NDArray[np.generic]) -> Floats:
    """What Paddle's executor makes of a legacy program."""
    with static_mode():
        executor = paddle.static.Executor(paddle.CPUPlace())
        program, feeds, fetches = paddle.static.load_inference_model(str(stem), executor)
        return np.asarray(executor.run(program, {feeds[0]: image}, fetches)[0])


def image(seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=(1, 3, SIDE, SIDE)).astype(np.float32)


class _Images(paddle.io.Dataset):
    def __len__(self) -> int:
        return 16

    def __getitem__(self, index: int) -> tuple[Floats]:
        return (image(index)[0],)


def post_training_quantised(folder: Path, **options: Any) -> Path:
    """By PaddleSlim's quant_post_static."""
    from paddleslim.quant import quant_post_static

    floats, quantised = folder / "floats", folder / "quantised"
    floats.mkdir()
    export(floats)
    logging.disable(logging.INFO)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), static_mode():
        with paddle.static.program_guard(paddle.static.Program()):
            feed = paddle.static.data("x", [None, 3, SIDE, SIDE], "float32")
        place = paddle.CPUPlace()
        loader = paddle.io.DataLoader(_Images(), feed_list=[feed], places=[place], batch_size=4, return_list=False)
        quant_post_static(
            paddle.static.Executor(place),
            str(floats),
            str(quantised),
            data_loader=loader,
            model_filename=f"{STEM}.pdmodel",
            params_filename=f"{STEM}.pdiparams",
            batch_size=4,
            batch_nums=4,
            algo="abs_max",
            **options,
        )
    logging.disable(logging.NOTSET)
    return quantised / "model"


def trained_quantised(folder: Path, *, onnx_format: bool) -> Path:
    """By PaddleSlim's QAT."""
    from paddle.quantization.imperative import utils
    from paddleslim.dygraph.quant import QAT

    utils.fp_numpy_to_naive = lambda values: float(np.asarray(values).reshape(-1)[0])  # Paddle's own fails on numpy 2
    training = QAT(
        {
            "onnx_format": onnx_format,
            "weight_quantize_type": "channel_wise_abs_max",
            "activation_quantize_type": "moving_average_abs_max",
        }
    )
    network = classifier()
    logging.disable(logging.WARNING)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        training.quantize(network)
        network.train()
        for seed in range(4):
            network(paddle.to_tensor(image(seed)))
        network.eval()
        spec = paddle.static.InputSpec([None, 3, SIDE, SIDE], "float32", "x")
        training.save_quantized_model(network, str(folder / STEM), input_spec=[spec])
    logging.disable(logging.NOTSET)
    return folder / STEM
