"""Random integer layers: an operator and input values, ready for a backend and for the operator's reference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.backends.helium import HeliumBackend
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Kernel
from paddle_cortexm.compiler.operators.elementwise.activation import Table
from paddle_cortexm.compiler.operators.elementwise.add import IntegerAdd
from paddle_cortexm.compiler.operators.parts.base import IntegerOperator, Integers
from paddle_cortexm.compiler.operators.parts.fixed_point import fixed_point, fixed_points
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.weights.convolution import IntegerConvolution
from paddle_cortexm.compiler.operators.weights.fully_connected import IntegerFullyConnected
from paddle_cortexm.compiler.operators.weights.weighted import Epilogue
from paddle_cortexm.compiler.tensor import Tensor
from tests.compiler.backends.helium.rig.cases import Case, Rows

Random = np.random.Generator
Int8 = NDArray[np.int8]


@dataclass(frozen=True)
class Example:
    """One layer with its inputs."""

    operator: IntegerOperator
    inputs: tuple[Integers, ...]

    @cached_property
    def expected(self) -> Integers:
        return self.operator.evaluate(self.inputs)

    def kernel(self) -> Kernel:
        """What the helium backend answers. Fails when it rejects the layer."""
        names = tuple(f"in{i}" for i in range(len(self.inputs)))
        tensors = {n: tensor_like(n, x) for n, x in zip(names, self.inputs, strict=True)}
        tensors["out"] = tensor_like("out", self.expected)
        layer = Layer(self.operator, names, "out")
        kernel = HeliumBackend().select(Graph("test", "in0", "out", (layer,), tensors), layer)
        assert isinstance(kernel, Kernel), kernel
        return kernel

    def case(self) -> Case:
        return Case(self.kernel(), self.inputs, self.expected.shape, self.expected.dtype.name)

    def row_case(self) -> Case:
        """The same through the kernel's row body."""
        window = getattr(self.operator, "window", Window())
        outside = getattr(self.operator, "input_zero_point", 0)
        return replace(self.case(), rows=Rows(window, outside))


def tensor_like(name: str, values: Integers) -> Tensor:
    return Tensor(name, values.shape, "int16" if values.dtype == np.int16 else "int8")


def bytes_of(random: Random, *shape: int) -> Int8:
    return random.integers(-128, 128, shape, dtype=np.int8)


def some_requantisation(random: Random, channels: int, depth: int) -> Requantisation:
    """Scales that spread the sums of `depth` products over the int8 range, a zero point and a clamp."""
    scales = 2.0 ** random.uniform(-1, 1, channels) / (64 * np.sqrt(depth))
    multiplier, shift = fixed_points(scales)
    low, high = sorted(random.integers(-128, 128, 2).tolist())
    clamp = (-128, 127) if random.integers(2) else (low, high)
    return Requantisation(multiplier, shift, int(random.integers(-128, 128)), *clamp)


def some_add(random: Random) -> IntegerAdd:
    """An addition as the compiler makes them: the larger of the two input scales becomes exactly 1/2."""
    scales = (0.5, float(random.uniform(0.05, 0.5)), float(random.uniform(0.3, 1.5)) / (1 << 19))
    multipliers, shifts = zip(*map(fixed_point, scales), strict=True)
    zero_points = (int(random.integers(-128, 128)), int(random.integers(-128, 128)))
    return IntegerAdd(zero_points, 20, multipliers, shifts, int(random.integers(-128, 128)))


def some_epilogue(random: Random, *, table: bool, add: bool) -> Epilogue:
    lookup = Table(bytes_of(random, 256), "hard_swish") if table else None
    return Epilogue(lookup, some_add(random) if add else None)


def some_convolution(
    random: Random,
    channels: tuple[int, int],
    window: Window,
    *,
    groups: int = 1,
    table: bool = False,
    add: bool = False,
) -> IntegerConvolution:
    """channels: (in, out)."""
    weight = bytes_of(random, channels[1], *window.kernel, channels[0] // groups)
    depth = int(np.prod(weight.shape[1:]))
    return IntegerConvolution(
        weight,
        random.integers(-9000, 9000, channels[1], dtype=np.int32),
        window,
        int(random.integers(-128, 128)),
        some_requantisation(random, channels[1], depth),
        some_epilogue(random, table=table, add=add),
        groups=groups,
    )


def some_fully_connected(
    random: Random, inputs: int, outputs: int, *, table: bool = False, add: bool = False
) -> IntegerFullyConnected:
    return IntegerFullyConnected(
        bytes_of(random, outputs, inputs),
        random.integers(-9000, 9000, outputs, dtype=np.int32),
        int(random.integers(-128, 128)),
        some_requantisation(random, outputs, inputs),
        some_epilogue(random, table=table, add=add),
    )


def saturating_layer() -> IntegerFullyConnected:
    """Sums near +-2^24 and +-2^30 by scales from 2^-30 to 2^8: results from no bit to more than 32, and a zero point
    that a saturated result must not overflow with."""
    pairs = [(bias, scale) for bias in (2**24, -(2**24), 2**30, -(2**30)) for scale in 2.0 ** np.arange(-30, 9)]
    biases, scales = np.array(pairs).T
    bias = biases.astype(np.int32)
    return IntegerFullyConnected(
        np.ones((len(pairs), 4), np.int8), bias, -7, Requantisation(*fixed_points(scales), 100, -120, 119)
    )


def example(
    random: Random, operator: IntegerConvolution | IntegerFullyConnected, shape: tuple[int, int, int, int]
) -> Example:
    """An operator on random values, with a residual of the output's shape where its epilogue adds one."""
    x = bytes_of(random, *shape)
    if operator.epilogue.add is None:
        return Example(operator, (x,))
    return Example(operator, (x, bytes_of(random, *operator.output_shape([shape]))))
