"""Starting the processes that train one network, here and on other machines, by paddle.distributed.launch."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from paddle_cortexm.config import Config
from paddle_cortexm.cores import cores
from paddle_cortexm.errors import UserError
from paddle_cortexm.paths import REPOSITORY
from paddle_cortexm.training.distributed.children import run_child
from paddle_cortexm.training.distributed.nodes import Node

WORKER = Path(__file__).parents[1] / "worker.py"
QUIET = {"GLOG_minloglevel": "2", "PYTHONWARNINGS": "ignore"}
STARTER = "PADDLE_CORTEXM_STARTER"  # in the processes' environment: the process that started the launcher
LAST_LINES = 8  # of a process's log
LOST = (
    "A process that ends, or says nothing for 30 seconds, ends all of them: look what the others say. Start the same "
    "command again, on every machine, to go on after the last whole epoch."
)


def launch(config: Config, folder: Path, node: Node | None = None, *, quiet: bool = False) -> None:
    """Train in config.train.processes processes (worker.py) on this machine, together with those of the other machines
    where it is one of several, and wait for them. The leading process fills the folder, and its output is shown.

    Raises UserError when a process fails, with what it said last.
    """
    processes = config.train.processes
    with tempfile.TemporaryDirectory() as shared:
        settings, logs = Path(shared) / "config.json", Path(shared) / "logs"
        settings.write_text(config.model_dump_json(), encoding="utf-8")
        options = ["--nproc_per_node", str(processes), "--log_dir", str(logs), "--log_level", "ERROR"]
        if node is not None:
            options += ["--nnodes", str(node.nodes), "--master", node.master, "--host", node.address]
        arguments = [str(settings), str(folder), *(["--quiet"] if quiet else [])]
        command = [sys.executable, "-m", "paddle.distributed.launch", *options, str(WORKER), *arguments]
        status, _ = run_child(command, environment=_environment(processes, node))
        if status:
            where = f" on this machine, one of {node.nodes}," if node else ""
            said = _last_words(logs)
            raise UserError(f"training in {processes} process(es){where} failed (status {status}).\n{said}\n{LOST}")


def end_with_starter() -> None:
    """In a process that the launcher started: end when the script that started all is gone. Killed outright, it cannot
    end them itself, and they would go on and write checkpoints beside those of the next run."""

    def watch() -> None:
        try:
            starter = psutil.Process(int(os.environ[STARTER]))
            while starter.is_running() and starter.status() != psutil.STATUS_ZOMBIE:
                time.sleep(1)
        except psutil.NoSuchProcess:
            pass
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _environment(processes: int, node: Node | None) -> dict[str, str]:
    """Of the processes: the cores shared out, this repository to import from, the network interface to talk through."""
    share = max(1, cores() // processes)
    path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]))
    own = {"OMP_NUM_THREADS": str(share), "PYTHONPATH": path, STARTER: str(os.getpid())}
    return os.environ | QUIET | own | ({"GLOO_SOCKET_IFNAME": node.interface} if node else {})


def _last_words(logs: Path) -> str:
    """What processes said was wrong; where none did, the ends of their logs."""
    texts = [path.read_text(errors="replace").strip() for path in sorted(logs.glob("workerlog.*"))]
    errors = [text[text.index("error: ") :] for text in texts if "\nerror: " in f"\n{text}"]
    return "\n".join(errors or ("\n".join(text.splitlines()[-LAST_LINES:]) for text in texts))
