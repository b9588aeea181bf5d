"""Kernels for float32 and float16."""
