"""Words for pages and lines, of several languages; without accents, as some of the fonts have none."""

from __future__ import annotations

from pathlib import Path

import numpy as np

WORDS = Path(__file__).with_name("words.txt").read_text(encoding="utf-8").split()


def phrase(random: np.random.Generator, count: int) -> str:
    """Words in random order, a number among them now and then."""
    chosen = random.choice(WORDS, count)
    return " ".join(word if random.random() > 0.06 else str(random.integers(1, 5000)) for word in chosen)
