"""What is told of a network of the zoo."""

from __future__ import annotations

from dataclasses import dataclass

from paddle_cortexm.paths import BUILD_FOLDER

ZOO_FOLDER = BUILD_FOLDER / "zoo"


@dataclass(frozen=True)
class Figures:
    """A row of docs/zoo.md. import_error: the largest difference between the imported float graph and Paddle's
    executor, of the largest logit; arena_bytes: layer by layer; streamed_bytes: the lower bound of the smallest arena;
    generated: share of the instructions that layers left to tvm's C take. problem: why there is nothing to tell."""

    network: str
    image_size: int
    passed: bool = False
    import_error: float | None = None
    weights: int | None = None
    macs: int | None = None
    instructions: int | None = None
    arena_bytes: int | None = None
    streamed_bytes: int | None = None
    generated: float | None = None
    problem: str | None = None

    @property
    def macs_per_instruction(self) -> float | None:
        return self.macs / self.instructions if self.macs and self.instructions else None
