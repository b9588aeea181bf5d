"""Starting the processes that train one network."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from paddle_cortexm.errors import UserError

WORKER = Path(__file__).parents[1] / "worker.py"
GRACE = 30.0  # seconds that the launcher may take to end its processes
QUIET = {"GLOG_minloglevel": "2", "PYTHONWARNINGS": "ignore"}


def launch(processes: int, arguments: Sequence[str]) -> None:
    """Run `worker.py ARGUMENTS` in each of `processes` processes and wait for them.

    The output of rank 0 is shown. Raises UserError when a process fails, with what it said last.
    """
    cores = max(1, (os.cpu_count() or 1) // processes)
    root = str(Path(__file__).resolve().parents[3])
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
