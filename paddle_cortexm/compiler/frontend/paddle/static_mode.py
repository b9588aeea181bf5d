"""Paddle's static graph mode, in which saved programs are read and run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

os.environ.setdefault("FLAGS_enable_pir_api", "0")  # the legacy program format; Paddle reads it when it is imported
os.environ.setdefault("GLOG_minloglevel", "2")  # Paddle's executor tells of its start

import paddle


@contextmanager
def static_mode() -> Iterator[Any]:
    """Static graph mode with a scope of its own, which is yielded; then back to what was before."""
    was_dynamic, scope = paddle.in_dynamic_mode(), paddle.static.Scope()
    paddle.enable_static()
    try:
        with paddle.static.scope_guard(scope):
            yield scope
    finally:
        if was_dynamic:
            paddle.disable_static()
