"""What every numbered script shares: its arguments, its errors, its closing summary."""

from __future__ import annotations

import argparse
import errno
import importlib.util
import os
import shutil
import signal
import sys
import warnings
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any

from paddle_cortexm.errors import UserError
from paddle_cortexm.paths import REPOSITORY

OLDEST_PYTHON = (3, 9)  # of stages 4 and 5; training and compilation need the versions that scripts/setup.sh takes
# Modules whose warnings say nothing to a user: of compilers that are not used, of setuptools' age, of how batch norm
# has changed between versions of Paddle.
NOISY_MODULES = (r"paddle\.utils", r"paddle\.nn\.layer", r"paddleslim\.", r"_distutils_hack")

PLAIN_WIDTH = 140  # columns of a table that goes into a file or a pipe
PACKAGES = ("elftools", "numpy", "PIL", "pydantic", "tqdm", "yaml")  # without one of these no script gets far
BACKPORTS = ("eval_type_backport",) if sys.version_info < (3, 10) else ()  # for pydantic: int | None in a field
MORE_PACKAGES = {
    "01_finetune.py": ("paddle",),
    "02_quantize.py": ("paddle", "tvm"),
    "03_compile_tvm.py": ("paddle", "tvm"),
}
# What users export for an FVP, as its instructions say, and under which name it is kept for the model alone:
# paddle_cortexm/simulator/fvp_environment.py. The first is renamed by 05_run_fvp.sh, for no Python starts with it.
FOR_MODELS = {"PYTHONHOME": "FVP_PYTHONHOME", "LD_LIBRARY_PATH": "FVP_LD_LIBRARY_PATH"}
SET_UP = "Run make setup, then source .venv/bin/activate"
SET_UP_PACK = "README.md says how to make .venv: python3 -m venv .venv && .venv/bin/pip install -r requirements-run.txt"
INTERRUPTED = "\ninterrupted: nothing half made was left behind; run the same command again"
_WRITABLE = "Make it writable for you (ls -ld shows its owner), or set PADDLE_CORTEXM_HOME to a folder that is."
_FULL = "Make room (build/ holds the results; du -sh build/* shows the large ones), then run the same command again."
ADVICE = {
    errno.EACCES: _WRITABLE,
    errno.EPERM: _WRITABLE,
    errno.EROFS: _WRITABLE,
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.ENOTDIR: "A file stands where a folder is needed: move it away.",
    errno.EEXIST: "A file stands where a folder is needed: move it away.",
}


def enter_environment(repository: Path = REPOSITORY) -> None:
    """Where this Python is too old, or lacks the packages that the script at hand needs: start the same command again
    with .venv's, or end with a line that says what to do. Called when this module is imported, before the script
    imports them."""
    needed = (*PACKAGES, *BACKPORTS, *MORE_PACKAGES.get(Path(sys.argv[0]).name, ()))
    lacking = [f"Python package '{name}' is missing" for name in needed if importlib.util.find_spec(name) is None]
    if sys.version_info < OLDEST_PYTHON:
        lacking.insert(0, f"Python {'.'.join(map(str, OLDEST_PYTHON))} or newer is needed")
    if not lacking:
        return
    environment = repository / ".venv"
    python = environment / "bin" / "python"
    if python.is_file() and Path(sys.prefix).resolve() != environment.resolve():
        command = getattr(sys, "orig_argv", [sys.executable, *sys.argv])  # there from Python 3.10 on
        os.execv(python, [str(python), *command[1:]])
    is_packed = not (repository / "Makefile").is_file()
    print(f"error: {lacking[0]} ({sys.executable}). {SET_UP_PACK if is_packed else SET_UP}", file=sys.stderr)
    sys.exit(2)


def set_model_libraries_aside(environment: MutableMapping[str, str]) -> None:
    """Take the folders of an FVP out of LD_LIBRARY_PATH: compilers and cmake need a newer C++ library than the model's
    fmtplib holds. The whole of it is kept for the model. Called when this module is imported: cv2 adds to it later."""
    name = "LD_LIBRARY_PATH"
    if name in environment:
        environment.setdefault(FOR_MODELS[name], environment[name])
        folders = environment[name].split(os.pathsep)
        environment[name] = os.pathsep.join(folder for folder in folders if not _of_a_model(Path(folder)))


def _of_a_model(folder: Path) -> bool:
    """Whether it is one of an installation's: INSTALLATION/fmtplib, python/lib or models/Linux64..."""
    return any(os.access(near / "fmtplib", os.X_OK) for near in (folder, *list(folder.parents)[:2]))


enter_environment()
set_model_libraries_aside(os.environ)


class ScriptParser(argparse.ArgumentParser):
    """Goes to the repository once the arguments are read, for configs/ and build/ lie there whatever folder a script is
    started from. `started_in` of the result is that folder."""

    def parse_args(self, *arguments: Any, **options: Any) -> Any:
        parsed = super().parse_args(*arguments, **options)
        parsed.started_in = Path.cwd()
        os.chdir(home())
        return parsed


def home() -> Path:
    """The folder that holds configs/ and build/: the repository, or what PADDLE_CORTEXM_HOME names."""
    return Path(os.environ.get("PADDLE_CORTEXM_HOME", REPOSITORY)).resolve()


def given_path(text: str) -> Path:
    """A path from the command line, for use in the repository: relative to it when below it, otherwise absolute."""
    path = Path(text).absolute()
    return path.relative_to(home()) if path.is_relative_to(home()) else path


def config_argument(text: str) -> str:
    """The name of a config as it is; a file's path made good for use in the repository."""
    return str(given_path(text)) if text.endswith((".yaml", ".yml")) else text


def parser(description: str) -> ScriptParser:
    """The arguments common to all stages: --config, --force, --quiet."""
    arguments = ScriptParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    arguments.add_argument(
        "--config", required=True, type=config_argument, help="a name under configs/, or the path of a file"
    )
    arguments.add_argument("--force", action="store_true", help="redo the stage even if nothing changed")
    arguments.add_argument("--quiet", action="store_true", help="plain lines instead of progress bars")
    return arguments


def run(main: Callable[[], int | None]) -> None:
    """Call main and exit with its status; what a user can mend is printed without a traceback and exits with 2."""
    os.environ.setdefault("FLAGS_enable_pir_api", "0")  # PaddleSlim needs the legacy program format
    os.environ.setdefault("GLOG_minloglevel", "2")  # of what Paddle logs, errors only
    for module in NOISY_MODULES:
        warnings.filterwarnings("ignore", category=UserWarning, module=module)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does: what is half made is removed
    try:
        status = main() or 0
        sys.stdout.flush()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        status = 2
    except KeyboardInterrupt:
        print(INTERRUPTED, file=sys.stderr)
        status = 130
    except BrokenPipeError:  # the reader of the output, such as `head`, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still to be flushed
        status = 128 + signal.SIGPIPE
    except OSError as error:
        if error.errno is None:
            raise
        print(f"error: {explain(error)}", file=sys.stderr)
        status = 2
    sys.exit(status)


def explain(error: OSError) -> str:
    """What the system refused, of which file, and what to do."""
    files = " -> ".join(str(name) for name in (error.filename, error.filename2) if name is not None)
    advice = ADVICE.get(error.errno or 0, "Check that path, then run the same command again.")
    return f"{f'{files}: ' if files else ''}{error.strerror}. {advice}"


def _report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Ctrl-C while a script still imports: the same words as later, and no traceback."""
    if issubclass(kind, KeyboardInterrupt):
        print(INTERRUPTED, file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _report  # every script imports this module first


def line_width() -> int:
    """Columns a table may have: the terminal's, or as many as a file is read with."""
    return shutil.get_terminal_size((PLAIN_WIDTH, 0)).columns if sys.stdout.isatty() else PLAIN_WIDTH


def summary(folder: Path, redone: bool, figures: Mapping[str, object], next_command: str | None) -> None:
    """The lines every stage ends with: where, the key figures, the next command."""
    print(f"{'made' if redone else 'up to date'}: {folder}")
    for name, value in figures.items():
        print(f"  {name}: {value}")
    if next_command:
        print(f"next: {next_command}")
