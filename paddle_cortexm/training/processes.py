"""Training in several processes on one machine: who is who, and averaging between them (gloo, on the CPU)."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import paddle

from paddle_cortexm.errors import UserError

WORKER = Path(__file__).with_name("worker.py")
GRACE = 30.0  # seconds that the launcher may take to end its processes
QUIET = {"GLOG_minloglevel": "2", "PYTHONWARNINGS": "ignore"}


@dataclass(frozen=True)
class Group:
    """This process among `size`; rank 0 writes files and talks to the user."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def shard(self, batch: np.ndarray) -> np.ndarray:
        """This process's part of a batch: every size-th entry."""
        return batch[self.rank :: self.size]

    def average(self, tensors: Sequence[paddle.Tensor]) -> None:
        """Replace each tensor by its mean over the processes, with one exchange for all of them."""
        if self.size == 1 or not tensors:
            return
        flat = paddle.concat([tensor.reshape([-1]) for tensor in tensors])
        paddle.distributed.all_reduce(flat)
        flat = flat / self.size
        start = 0
        for tensor in tensors:
            count = int(np.prod(tensor.shape))
            tensor.set_value(flat[start : start + count].reshape(tensor.shape))
            start += count


def join_group() -> Group:
    """The group that paddle.distributed.launch made; a group of one without it."""
    if int(os.environ.get("PADDLE_TRAINERS_NUM", "1")) == 1:
        return Group()
    paddle.distributed.init_parallel_env()
    return Group(paddle.distributed.get_rank(), paddle.distributed.get_world_size())


def launch(processes: int, arguments: Sequence[str]) -> None:
    """Run `worker.py ARGUMENTS` in each of `processes` processes and wait for them.

    The output of rank 0 is shown. Raises UserError when a process fails, with what it said last.
    """
    cores = max(1, (os.cpu_count() or 1) // processes)
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    environment = os.environ | QUIET | {"OMP_NUM_THREADS": str(cores), "PYTHONPATH": path}
    with tempfile.TemporaryDirectory() as logs:
        options = ["--nproc_per_node", str(processes), "--log_dir", logs, "--log_level", "ERROR"]
        command = [sys.executable, "-m", "paddle.distributed.launch", *options, str(WORKER), *arguments]
        status = wait_for(subprocess.Popen(command, env=environment))
        if status:
            raise UserError(f"training in {processes} processes failed (status {status}):\n{_last_words(Path(logs))}")


def wait_for(launcher: subprocess.Popen[bytes]) -> int:
    """The launcher's exit status. Interrupted, it is asked to end, so that it ends the processes it started."""
    try:
        return launcher.wait()
    except BaseException:
        launcher.terminate()
        try:
            launcher.wait(GRACE)
        except subprocess.TimeoutExpired:
            launcher.kill()
        raise


def _last_words(logs: Path) -> str:
    """The ends of the processes' logs."""
    ends = (path.read_text(errors="replace").strip().splitlines()[-8:] for path in sorted(logs.glob("workerlog.*")))
    return "\n".join(line for end in ends for line in end)
