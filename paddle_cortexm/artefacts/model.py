"""model.json: all that is known of a compiled model, for the host's simulation, the build, the reports and people."""

from __future__ import annotations

from math import prod

from paddle_cortexm.artefacts.artefact import Artefact, Part

Shape = tuple[int, ...]  # NHWC
IMAGE_TITLE = "image"  # the model's input


class TensorGrid(Part):
    """The real values that integers stand for: real value = scale * (integer - zero_point)."""

    scale: float
    zero_point: int


class Tensor(Part):
    """grid: None for floats; offset: in the arena, bytes; rolling_rows: how many rows of it exist at a time, None for a
    tensor that is whole."""

    shape: Shape
    dtype: str
    grid: TensorGrid | None = None
    offset: int | None = None
    rolling_rows: int | None = None

    @property
    def elements(self) -> int:
        return prod(self.shape)


class PlannedLayer(Part):
    """One row of the plan. name: of the tensor it makes; title: what people call it; bytes: of the packed constants, of
    the tensors read and written, of the scratch; estimated_instructions: None where no such layer was ever measured."""

    name: str
    title: str
    operator: str
    kind: str
    inputs: tuple[str, ...]
    input_shapes: tuple[Shape, ...]
    output_shape: Shape
    backend: str
    kernel: str
    reason: str
    macs: int
    weight_bytes: int
    activation_bytes: int
    scratch_bytes: int
    estimated_instructions: int | None = None

    @property
    def input_elements(self) -> int:
        return sum(map(prod, self.input_shapes))


class PlanSizes(Part):
    """A memory plan in figures, bytes. lower_bound: what lives at its peak; optimal: no smaller arena exists for these
    buffers; peak: in words; peak_layer: its title, with its number; peak_buffers: what lives there."""

    arena_bytes: int
    lower_bound: int
    optimal: bool
    peak: str
    peak_layer: str
    peak_buffers: tuple[str, ...]


class LiveLayer(Part):
    """Bytes live during a layer, in this plan and in one that streams nothing. title: the layer's, with its number."""

    title: str
    streamed: bool
    live_bytes: int
    live_bytes_layer_by_layer: int


class StreamedSegment(Part):
    """The streamed layers first..last (numbers, both included), as in compiler/arena/rows.py."""

    first: int
    last: int
    rows: dict[str, int]
    in_place: bool
    at_once: dict[str, int]


class ArenaBuffer(Part):
    """Something that lives in the arena during the layers first..last. title: what people call it, as in 'result of
    LAYER'; also: titles of the tensors computed in place there; shape and rows kept (None: all) for a tensor, None for
    anything else."""

    name: str
    title: str
    bytes: int
    first: int
    last: int
    kind: str
    offset: int
    also: tuple[str, ...]
    shape: Shape | None
    rows: int | None


class ConstantBytes(Part):
    """plain: weights and biases as they are in the graph; packed: all that is linked in; duplicates: bytes that occur
    a second time."""

    plain: int
    packed: int
    packing_overhead: int
    duplicates: int


class Memory(PlanSizes):
    """The arena: what lives in it when, and what sets its size. smallest_bound: of the best choice of streamed layers;
    layer_by_layer: the plan without streaming."""

    smallest_bound: int
    layer_by_layer: PlanSizes
    stack_reserved_bytes: int
    layers: tuple[LiveLayer, ...]
    segments: tuple[StreamedSegment, ...]
    buffers: tuple[ArenaBuffer, ...]
    constants: ConstantBytes

    @property
    def streamed_layers(self) -> int:
        return sum(layer.streamed for layer in self.layers)


class Model(Artefact):
    """A compiled model. input, output: tensors' names; sources: the kernels' C files, paths in the repository; regions:
    the target's memory for the arena, the weights and the hot constants; layers: in order of execution."""

    file, script = "model.json", "03_compile_tvm.py"

    name: str
    input: str
    output: str
    sources: tuple[str, ...]
    regions: dict[str, str]
    layers: tuple[PlannedLayer, ...]
    tensors: dict[str, Tensor]
    memory: Memory

    @property
    def input_tensor(self) -> Tensor:
        return self.tensors[self.input]

    @property
    def output_tensor(self) -> Tensor:
        return self.tensors[self.output]

    @property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)

    @property
    def weight_bytes(self) -> int:
        return sum(layer.weight_bytes for layer in self.layers)

    @property
    def uses_cmsis_nn(self) -> bool:
        """Whether a layer is computed by CMSIS-NN."""
        return any(layer.backend == "cmsis-nn" for layer in self.layers)

    @property
    def streamed_tensors(self) -> list[str]:
        """Those of which only some rows exist at a time."""
        return [name for name, tensor in self.tensors.items() if tensor.rolling_rows is not None]

    @property
    def titles(self) -> list[str]:
        """What people call the layers, with their numbers, in order."""
        return [numbered(number, layer.title) for number, layer in enumerate(self.layers)]

    def tensor_title(self, name: str) -> str:
        """What people call a tensor: after the layer that makes it."""
        if name == self.input:
            return IMAGE_TITLE
        return next(result_of(t) for layer, t in zip(self.layers, self.titles) if layer.name == name)

    @property
    def integer_titles(self) -> dict[str, str]:
        """The titles of the layers whose result is on an integer grid, by name, in order."""
        named = zip(self.layers, self.titles)
        return {layer.name: title for layer, title in named if self.tensors[layer.name].grid}


def numbered(number: int, title: str) -> str:
    """As layers are called where they are listed: '12 depthwise 3×3/2 blocks4.0.dw_conv'."""
    return f"{number} {title}"


def result_of(title: str) -> str:
    """As tensors are called, after the title of the layer that makes them."""
    return f"result of {title}"
