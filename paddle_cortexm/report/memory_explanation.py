"""What makes the arena as large as it is, in words (--explain-memory)."""

from __future__ import annotations

from paddle_cortexm.artefacts.model import ArenaBuffer, Memory
from paddle_cortexm.tables import text_table


def explanation(memory: Memory, region: str | None = None) -> str:
    """What makes the arena as large as it is, for --explain-memory. region: the target's memory that it lies in."""
    proof = "proven optimal" if memory.optimal else "not proven optimal"
    whole, constants = memory.layer_by_layer, memory.constants
    buffers = {buffer.name: buffer for buffer in memory.buffers}
    rows = [
        (f"{buffer.bytes:,}", f"{buffer.offset:,}", _description(buffer))
        for buffer in (buffers[name] for name in memory.peak_buffers)
    ]
    table = text_table(("bytes", "offset", "what"), rows, left=(2,), indent="  ")
    lines = [
        f"arena: {memory.arena_bytes:,} bytes{f' in {region}' if region else ''}, {proof} for these buffers",
        f"lower bound of this plan: {memory.lower_bound:,} bytes, set by {memory.peak}, where these live:",
        table,
        f"lower bound of the best choice of streamed layers: {memory.smallest_bound:,} bytes",
        f"layer by layer: {whole.arena_bytes:,} bytes; lower bound {whole.lower_bound:,}, set by {whole.peak}",
        f"constants: {constants.packed:,} bytes, {constants.packing_overhead:,} more than weights and biases "
        f"alone; {constants.duplicates:,} in duplicates",
    ]
    return "\n".join(lines)


def _description(buffer: ArenaBuffer) -> str:
    if buffer.shape is None:
        return buffer.title
    shape = "x".join(map(str, buffer.shape[1:]))
    rows = buffer.rows
    what = shape if rows is None else f"{rows} {'row' if rows == 1 else 'rows'} of {shape}"
    in_place = f"; in place: {', '.join(buffer.also)}" if buffer.also else ""
    return f"{buffer.title}: {what}{in_place}"
