"""The installed PaddleClas: its backbones, where their weights lie on the net, and its lists of class names.

Importing `paddleclas` itself pulls in faiss and the like; its `ppcls` package alone holds the backbones, so that is
what is put on the path.
"""

from __future__ import annotations

import importlib.util
import inspect
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paddle

from paddle_cortexm.errors import UserError
from paddle_cortexm.settings.tasks import TASKS

# Paddle takes SIGTERM for a crash, and the process would end without removing what is half made: back to Python's.
paddle.disable_signal_handler()
signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))

IMAGENET_CLASSES = 1000


def factories() -> dict[str, Callable[..., paddle.nn.Layer]]:
    """PaddleClas's functions that build a backbone, by name, in alphabetical order. `get_apis` is none."""
    found = {name: value for name, value in vars(_backbones()).items() if inspect.isfunction(value)}
    return {name: found[name] for name in sorted(found) if name != "get_apis"}


def imagenet_url(name: str) -> str | None:
    """Where PaddleClas's ImageNet weights of a backbone are; None where it has none."""
    factory = factories().get(name)
    return None if factory is None else getattr(sys.modules[factory.__module__], "MODEL_URLS", {}).get(name)


def download(url: str) -> Path:
    """The file behind the URL, by PaddleClas's loader, which keeps it in its own folder. Raises what that does."""
    _backbones()
    from ppcls.utils.download import get_weights_path_from_url

    return Path(get_weights_path_from_url(url))


def imagenet_labels() -> list[str]:
    """The 1000 class names, in the order of the pretrained models' outputs."""
    return [name.split(",")[0].strip() for name in label_list("imagenet1k_label_list.txt")]


def task_labels(task: str) -> list[str]:
    """The class names of one of PaddleClas's tasks, in the order of its outputs."""
    return list(TASKS[task].labels) or label_list(f"PULC_label_list/{task}_label_list.txt")


def label_list(file: str) -> list[str]:
    """The names in one of PaddleClas's lists (`number name` a line), by its path below ppcls/utils."""
    lines = (_folder() / "ppcls/utils" / file).read_text(encoding="utf-8").splitlines()
    return [line.split(" ", 1)[1].strip() for line in lines if line.strip()]


def _folder() -> Path:
    spec = importlib.util.find_spec("paddleclas")
    if spec is None or spec.origin is None:
        raise UserError("paddleclas is not installed. Run: make setup")
    return Path(spec.origin).parent


def _backbones() -> Any:
    """`ppcls.arch.backbone`, with PaddleClas's logger ready, as its loader needs it, but quiet."""
    folder = str(_folder())
    if folder not in sys.path:
        sys.path.append(folder)
    from ppcls.arch import backbone
    from ppcls.utils import logger

    if logger._logger is None:
        logger.init_logger(log_level=logging.ERROR)
    return backbone
