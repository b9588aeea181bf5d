"""Where things lie: the repository, and the folders that the scripts read and write from where they run."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
CONFIG_FOLDER = Path("configs")  # relative: the scripts work in the repository, or where PADDLE_CORTEXM_HOME says
BUILD_FOLDER = Path("build")
PROGRAM_FOLDER = BUILD_FOLDER / "programs"  # those that were fetched

# The C that the host build compiles with a model, and the folders it looks for headers in; in the repository.
HOST_SOURCES = ("app/runtime/preprocess.c", "app/host/host_model.c")
HOST_HEADERS = ("app/runtime", "app/runtime/helium", "app/host/vector")
HOST_CODE = ("app/runtime", "app/host/host_model.c", "app/host/vector")
