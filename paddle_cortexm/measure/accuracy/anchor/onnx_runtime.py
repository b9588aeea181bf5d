"""ONNX Runtime's static int8 quantisation of a layer graph: what another framework makes of the same network.

The usual QDQ model: a scale a channel of the weights, both int8, activations asymmetric unless a setting says
otherwise. What ONNX Runtime does not quantise (hard-swish and hard-sigmoid) stays in float, in its favour.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.calibrate import CalibrationDataReader
from onnxruntime.quantization.shape_inference import quant_pre_process

from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.measure.accuracy.anchor.onnx_export import onnx_model

BATCH = 4  # images at a time: its calibration keeps every tensor of a batch
Images = NDArray[np.float32]  # (N, channels, height, width)


@dataclass(frozen=True)
class Setting:
    """A way to quantise: calibration, and what ONNX Runtime calls extra options."""

    calibration: CalibrationMethod
    options: tuple[tuple[str, Any], ...] = ()


SETTINGS = {
    "MinMax": Setting(CalibrationMethod.MinMax),  # its default
    "MinMax, symmetric": Setting(CalibrationMethod.MinMax, (("ActivationSymmetric", True),)),
    "Entropy": Setting(CalibrationMethod.Entropy),
    "Percentile 99.999": Setting(CalibrationMethod.Percentile, (("CalibPercentile", 99.999),)),
    "Percentile 99.99": Setting(CalibrationMethod.Percentile, (("CalibPercentile", 99.99),)),
}


def float_logits(graph: Graph, images: Images) -> Images:
    """(N, classes): of the float model as ONNX Runtime computes it."""
    return _logits(onnx_model(graph).SerializeToString(), images)


def quantised_logits(graph: Graph, calibration: Images, images: Images, setting: Setting) -> Images:
    """(N, classes): of the int8 model that ONNX Runtime makes from these calibration images."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        onnx.save(onnx_model(graph), folder / "float.onnx")
        quant_pre_process(folder / "float.onnx", folder / "prepared.onnx", skip_symbolic_shape=True)
        quantize_static(
            folder / "prepared.onnx",
            folder / "int8.onnx",
            _Batches(graph.input, calibration),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=False,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=setting.calibration,
            extra_options={"CalibStridedMinMax": 1, **dict(setting.options)},
        )
        return _logits((folder / "int8.onnx").read_bytes(), images)


def _logits(model: bytes, images: Images) -> Images:
    """Node by node as the model is written: the integer kernels that ONNX Runtime would put in place of QDQ nodes
    saturate 16-bit sums on x86-64 processors without VNNI, and that is not the quantisation's fault."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    (source,) = session.get_inputs()
    batches = (images[start : start + BATCH] for start in range(0, len(images), BATCH))
    return np.concatenate([session.run(None, {source.name: batch})[0] for batch in batches])


class _Batches(CalibrationDataReader):
    """Calibration images by batches. ONNX Runtime asks for a range of them at a time, so that its memory is bounded."""

    def __init__(self, tensor: str, images: Images) -> None:
        self._tensor = tensor
        self._batches = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
        self.set_range(0, len(self))

    def __len__(self) -> int:
        return len(self._batches)

    def set_range(self, start_index: int, end_index: int) -> None:
        self._left = iter(self._batches[start_index:end_index])

    def get_next(self) -> dict[str, Images] | None:
        batch = next(self._left, None)
        return None if batch is None else {self._tensor: batch}
