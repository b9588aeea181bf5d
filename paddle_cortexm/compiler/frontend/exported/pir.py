"""Reads Paddle 3's format (PIR): `.json` with `.pdiparams`, in the legacy format's terms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from paddle.base.data_feeder import convert_dtype

from paddle_cortexm.compiler.frontend.exported.opened import (
    ATTRIBUTE,
    Opened,
    Size,
    cannot_run,
    image_shape,
    sole_input,
)
from paddle_cortexm.compiler.frontend.exported.pir_names import DROPPED, Legacy, legacy_of
from paddle_cortexm.compiler.frontend.paddle.program import Array, PaddleOperator
from paddle_cortexm.compiler.frontend.paddle.static_mode import static_mode
from paddle_cortexm.errors import UserError

PARAMETER, COMBINE, SPLIT, DATA, FETCH = (
    *("builtin.parameter", "builtin.combine", "builtin.split"),
    *("pd_op.data", "pd_op.fetch"),
)


def open_pir(path: Path, size: Size | None) -> Opened:
    """path: the .json. Raises UserError for a missing or damaged file, and for what Paddle itself cannot run."""
    from paddle.pir_utils import IrGuard

    with IrGuard(), static_mode() as scope:
        program, fetches = _loaded(path)
        names = _Names(program)
        operators = tuple(op for source in names.operators if (op := _operator(source, names)))
        image = next(op for op in names.operators if op.name() == DATA)
        name = sole_input(path, [op.attrs()["name"] for op in names.operators if op.name() == DATA])
        source = image.result(0)
        channels_last = _is_channels_last(source)
        shape = image_shape(path, name, tuple(source.shape), size, channels_last=channels_last)
        parameters = {
            op.attrs()["parameter_name"]: np.array(scope.find_var(op.attrs()["parameter_name"]).get_tensor())
            for op in names.operators
            if op.name() == PARAMETER
        }
        zeros = np.zeros(shape, convert_dtype(source.dtype))
        read = [value for value in names.tensors() if not value.use_empty()]
        wanted = {names.of(value)[0]: value for value in (*read, *fetches)}
        wanted = {name: value for name, value in wanted.items() if name not in parameters}
        try:
            executor = paddle.static.Executor(paddle.CPUPlace())
            results = executor.run(program, feed={name: zeros}, fetch_list=list(wanted.values()))
        except Exception as error:  # Paddle's own, of many kinds
            raise cannot_run(path, shape, error) from None
        values: dict[str, Array] = {n: np.asarray(v) for n, v in zip(wanted, results, strict=True)}
        return Opened(
            path, operators, parameters, {**values, name: zeros}, name, tuple(names.of(v)[0] for v in fetches)
        )


def _loaded(path: Path) -> tuple[Any, list[Any]]:
    """The program and its results, its parameters in the present scope."""
    weights = path.with_suffix(".pdiparams")
    if not weights.is_file():
        raise UserError(f"{weights}: missing; it holds the weights. Export both files again")
    try:
        is_program = "program" in json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, TypeError):
        is_program = False
    if not is_program:
        raise UserError(f"{path}: not a Paddle program. Export it again")
    try:
        executor = paddle.static.Executor(paddle.CPUPlace())
        program, _, fetches = paddle.static.load_inference_model(str(path.with_suffix("")), executor)
    except Exception as error:  # Paddle's own, of many kinds
        raise UserError(
            f"{path}: Paddle {paddle.__version__} cannot read it with {weights.name}: one is damaged, of another "
            f"program, or of a newer Paddle ({str(error).strip().splitlines()[-1]})"
        ) from None
    block = program.global_block()
    for op in [op for op in block.ops if op.name() == FETCH]:  # with them nothing else can be fetched
        block.remove_op(op)
    return program, fetches


class _Names:
    """PIR's values have no names: parameters and the input have theirs, the others are called by what makes them."""

    def __init__(self, program: Any) -> None:
        self.operators = list(program.global_block().ops)
        self._names: dict[str, tuple[str, ...]] = {}
        self._tensors: list[Any] = []
        counts: dict[str, int] = {}
        for op in self.operators:
            if op.name() == COMBINE:
                parts = tuple(name for value in op.operands_source() for name in self.of(value))
                self._names[str(op.result(0).id)] = parts
                continue
            kind = legacy_of(op.name()).kind
            number = counts[kind] = counts.get(kind, -1) + 1
            for index, value in enumerate(op.results()):
                if _is_tensor(value):
                    self._tensors.append(value)
                self._names[str(value.id)] = (_given_name(op) or f"{kind}_{number}.tmp_{index}",)
            if op.name() == SPLIT:  # the parts are results of the operator before it
                parts = tuple(name for value in op.results() for name in self.of(value))
                self._names[str(op.operands_source()[0].id)] = parts

    def of(self, value: Any) -> tuple[str, ...]:
        """The tensor's name, or those of all tensors in a list of them."""
        return self._names[str(value.id)]

    def tensors(self) -> list[Any]:
        return self._tensors


def _given_name(op: Any) -> str:
    """The name that the file has for the operator's result, '' for none."""
    key = {PARAMETER: "parameter_name", DATA: "name"}.get(op.name())
    return str(op.attrs()[key]) if key else ""


def _is_tensor(value: Any) -> bool:
    return value.initialized() and value.is_dense_tensor_type()


def _operator(op: Any, names: _Names) -> PaddleOperator | None:
    """In the legacy format's terms; None for what is no operator there."""
    if not op.name().startswith("pd_op.") or op.name() == DATA:
        return None
    legacy = legacy_of(op.name())
    inputs = {
        _slot(legacy, name): names.of(value)
        for name, value in zip(op.get_input_names(), op.operands_source(), strict=True)
        if value.initialized()
    }
    results = [names.of(value) for value in op.results()]
    outputs = {legacy.output: results[0], **{f"ByProduct{i}": names for i, names in enumerate(results[1:])}}
    attributes = {legacy.attributes.get(k, k): v for k, v in op.attrs().items() if k not in DROPPED}
    return PaddleOperator(legacy.kind, inputs, outputs, attributes)


def _slot(legacy: Legacy, name: str) -> str:
    """Where an input stands: '=NAME' for one that is an attribute in the legacy format."""
    if name in legacy.constants:
        return f"{ATTRIBUTE}{legacy.constants[name]}"
    return legacy.inputs.get(name) or name[:1].upper() + name[1:]


def _is_channels_last(image: Any) -> bool:
    """Whether the image is NHWC: what reads it, apart from a change of type, brings the channels forward."""
    for op in image.all_used_ops():
        if op.name() == "pd_op.transpose":
            return list(op.attrs()["perm"]) == [0, 3, 1, 2]
        if op.name() == "pd_op.cast":
            return _is_channels_last(op.result(0))
    return False
