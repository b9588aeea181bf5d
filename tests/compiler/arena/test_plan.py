"""The memory plan: nothing alive is overwritten, no byte is wasted where it need not be."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from paddle_cortexm.compiler.arena.plan import ALIGNMENT, MemoryPlan, aligned, plan_memory
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.kernels.kernel import Kernel, KernelGraph
from paddle_cortexm.compiler.operators.elementwise.add import Add
from tests.compiler.graphs import GraphBuilder, chain, kernel


def kernels(graph: Graph, **facts: Kernel) -> dict[str, Kernel]:
    """A plain kernel for every layer, except those named."""
    return {layer.output: facts.get(layer.output, kernel()) for layer in graph.layers}


def plan(graph: Graph, *, consume_input: bool = True, **facts: Kernel) -> MemoryPlan:
    return plan_memory(KernelGraph(graph, kernels(graph, **facts)), consume_input=consume_input)


# --- running a plan ---------------------------------------------------------------------------------------------------


@dataclass
class Arena:
    """Bytes that know who wrote them last."""

    owner: list[str]

    def write(self, who: str, offset: int, size: int) -> None:
        assert offset >= 0 and offset + size <= len(self.owner), f"{who} writes outside the arena"
        self.owner[offset : offset + size] = [who] * size

    def holds(self, who: str, offset: int, size: int) -> bool:
        return self.owner[offset : offset + size] == [who] * size


def run(graph: Graph, used: dict[str, Kernel], made: MemoryPlan, *, consume_input: bool) -> None:
    """Execute a plan: every layer finds its inputs as they were written, also while it writes scratch and output."""
    arena = Arena(["nobody"] * made.arena_bytes)

    def intact(name: str) -> bool:
        return arena.holds(name, made.offsets[name], graph.tensors[name].bytes)

    arena.write(graph.input, made.offsets[graph.input], graph.tensors[graph.input].bytes)
    for layer in graph.layers:
        kernel_used, scratch = used[layer.output], f"{layer.output}.scratch"
        if kernel_used.scratch_bytes:
            arena.write(scratch, made.offsets[scratch], kernel_used.scratch_bytes)
        assert all(map(intact, layer.inputs)), f"{layer.output} reads overwritten inputs"
        in_place = kernel_used.overwrites_input and made.offsets[layer.output] == made.offsets[layer.inputs[0]]
        arena.write(layer.output, made.offsets[layer.output], graph.tensors[layer.output].bytes)
        kept = [name for name in layer.inputs if not (in_place and name == layer.inputs[0])]
        assert all(map(intact, kept)), f"{layer.output} overwrites what it still reads"
        if kernel_used.scratch_bytes:
            assert arena.holds(scratch, made.offsets[scratch], kernel_used.scratch_bytes)
    assert intact(graph.output)
    assert consume_input or intact(graph.input)


@st.composite
def planned_graphs(draw: st.DrawFn) -> tuple[Graph, dict[str, Kernel]]:
    """Layers of one or two inputs wired at random, none unread; scratch and in-place kernels here and there."""
    builder = GraphBuilder((1, 1, 1, draw(st.integers(1, 90))), "int8")
    names, unread = ["image"], ["image"]
    for i in range(draw(st.integers(1, 9))):
        first, second = draw(st.sampled_from(unread)), draw(st.sampled_from(names))
        inputs = (first, second) if draw(st.booleans()) else (first,)
        unread = [name for name in unread if name not in inputs]
        unread.append(builder.add(f"t{i}", Add(), *inputs, shape=(1, 1, 1, draw(st.integers(1, 90)))))
        names.append(unread[-1])
    while len(unread) > 1:  # what nobody has read yet flows into the output
        unread.append(builder.add(f"join{len(unread)}{unread[0]}", Add(), unread.pop(0), unread.pop(0)))
    graph = builder.graph()
    used = {
        layer.output: kernel(
            overwrites_input=draw(st.booleans()), scratch_bytes=draw(st.sampled_from([0, 0, 1, 24, 100]))
        )
        for layer in graph.layers
    }
    return graph, used


@given(planned_graphs(), st.booleans())
def test_a_planned_graph_runs_without_losing_a_byte(case: tuple[Graph, dict[str, Kernel]], consume_input: bool) -> None:
    graph, used = case
    made = plan_memory(KernelGraph(graph, used), consume_input=consume_input)
    assert made.arena_bytes >= made.lower_bound
    assert all(offset % ALIGNMENT == 0 for offset in made.offsets.values())
    run(graph, used, made, consume_input=consume_input)


# --- what a plan looks like -------------------------------------------------------------------------------------------


def test_a_chain_needs_its_largest_pair_of_neighbours() -> None:
    made = plan(chain(32, 64, 160, 96, 16))
    assert made.arena_bytes == made.lower_bound == 160 + 96
    assert made.peak_layer == 2  # layer3 reads 160 bytes and writes 96


def test_sizes_are_rounded_up_to_a_vector() -> None:
    assert [aligned(size) for size in (0, 1, 16, 17)] == [0, 16, 16, 32]
    assert plan(chain(1, 17)).arena_bytes == 16 + 32


def test_a_residual_lives_until_it_is_added() -> None:
    builder = GraphBuilder((1, 1, 1, 32), "int8")
    builder.add("wide", Add(), "image", shape=(1, 1, 1, 96))
    builder.add("narrow", Add(), "wide", shape=(1, 1, 1, 32))
    builder.add("sum", Add(), "narrow", "image")
    made = plan(builder.graph())
    assert made.arena_bytes == 32 + 96 + 32 and made.peak_layer == 1
    assert [buffer.name for buffer in made.live_at(1)] == ["wide", "image", "narrow"]


def test_scratch_lives_only_during_its_layer() -> None:
    made = plan(chain(64, 64, 64), layer1=kernel(scratch_bytes=100))
    assert made.arena_bytes == 64 + 64 + 112 and made.peak_layer == 0
    scratch = next(buffer for buffer in made.buffers if buffer.name == "layer1.scratch")
    assert (scratch.first, scratch.last) == (0, 0)


def test_a_kernel_that_may_overwrite_its_input_needs_no_second_buffer() -> None:
    in_place = kernel(overwrites_input=True)
    made = plan(chain(16, 64, 64, 64), layer2=in_place, layer3=in_place)
    assert made.offsets["layer1"] == made.offsets["layer2"] == made.offsets["layer3"]
    assert made.arena_bytes == 16 + 64


def test_an_output_that_is_larger_than_the_input_gets_a_buffer_of_its_own() -> None:
    made = plan(chain(16, 32, 64), layer2=kernel(overwrites_input=True))
    assert made.arena_bytes == 32 + 64


def test_an_input_that_is_read_again_is_not_overwritten() -> None:
    builder = GraphBuilder((1, 1, 1, 16), "int8")
    builder.add("made", Add(), "image")
    builder.add("bent", Add(), "made")
    builder.add("sum", Add(), "bent", "made")
    made = plan(builder.graph(), bent=kernel(overwrites_input=True))
    assert made.offsets["bent"] != made.offsets["made"]


def test_the_caller_s_input_is_kept_when_asked() -> None:
    graph = chain(64, 16, 64, 64)
    assert plan(graph, consume_input=True).arena_bytes == 128
    assert plan(graph, consume_input=False).arena_bytes == 64 + 128
