"""Two classifiers on the same images: what was lost and won, and how far chance may have made it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.stats import binomtest, norm

CONFIDENCE = 0.95
Interval = tuple[float, float]


@dataclass(frozen=True)
class Paired:
    """Counts of images. before, after: those that the first and the second classifier get right; lost: the first alone;
    won: the second alone; same: both name the same class, right or wrong. Raises ValueError for counts that cannot
    be."""

    images: int
    before: int
    after: int
    lost: int
    won: int
    same: int

    def __post_init__(self) -> None:
        if self.images < 1 or self.after - self.before != self.won - self.lost:
            raise ValueError(f"no counts of the same images: {self}")

    @staticmethod
    def of(before: Sequence[int], after: Sequence[int], targets: Sequence[int]) -> Paired:
        """From class numbers, one an image. Raises ValueError for different lengths."""
        if not len(before) == len(after) == len(targets):
            raise ValueError(f"{len(before)} and {len(after)} answers for {len(targets)} images")
        first, second, right = np.asarray(before), np.asarray(after), np.asarray(targets)
        was, now = first == right, second == right
        return Paired(
            images=len(right),
            before=int(was.sum()),
            after=int(now.sum()),
            lost=int((was & ~now).sum()),
            won=int((now & ~was).sum()),
            same=int((first == second).sum()),
        )

    @property
    def difference(self) -> float:
        """Share of images right after, less that before."""
        return (self.won - self.lost) / self.images

    @property
    def difference_interval(self) -> Interval:
        """Where the difference lies with 95 % confidence: a Wald interval with one more image lost and one more won,
        which also holds for few images. D. G. Bonett and R. M. Price, Adjusted Wald confidence interval for a
        difference of binomial proportions based on paired data, Journal of Educational and Behavioral Statistics 37
        (2012), 479.
        """
        total = self.images + 2
        lost, won = (self.lost + 1) / total, (self.won + 1) / total
        middle = won - lost
        half = float(norm.ppf((1 + CONFIDENCE) / 2)) * sqrt((won + lost - middle**2) / total)
        return max(-1.0, middle - half), min(1.0, middle + half)

    @property
    def p_value(self) -> float:
        """McNemar's exact test: how likely lost and won are at least so unlike if neither classifier is better."""
        changed = self.lost + self.won
        return float(binomtest(self.won, changed).pvalue) if changed else 1.0

    @property
    def same_share(self) -> float:
        return self.same / self.images

    @property
    def same_interval(self) -> Interval:
        """Wilson's 95 % interval of the share of images with the same class."""
        found = binomtest(self.same, self.images).proportion_ci(CONFIDENCE, method="wilson")
        return float(found.low), float(found.high)
