"""The words that may stand where a config names weights; everything else is a file."""

from __future__ import annotations

SCRATCH = "scratch"
UNTRAINED = (SCRATCH, "random")
WEIGHT_WORDS = (*UNTRAINED, "pretrained")
