"""Measurements of whole networks with random weights: instructions and memory, not accuracy."""
