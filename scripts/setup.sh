#!/usr/bin/env bash
# Everything before the first run: Debian packages, then .venv with the pinned packages of requirements*.txt.
#
#   scripts/setup.sh                  PYTHON=/path/to/python3.12 chooses the interpreter
#
# Quick when nothing is to do. .venv/ready is written last and holds what the environment was made from: without it, or
# when requirements*.txt changed since, .venv is made anew.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/find_tools.sh

requirements=(requirements.txt requirements-dev.txt)
made_from=$(sha256sum "${requirements[@]}")

scripts/install_packages.sh

if [ "$(cat .venv/ready 2>/dev/null)" = "$made_from" ] && .venv/bin/python -c '' 2>/dev/null; then
    exit 0
fi

if ! python=$(find_python); then
    echo "error: no Python 3.11 or 3.12 that runs and has venv. Install one, or name it: make setup PYTHON=FILE" >&2
    exit 1
fi
echo "making .venv with $("$python" --version) (1.8 GB)"
rm -rf .venv
"$python" -m venv .venv
quiet=()
[ -t 1 ] || quiet=(--quiet)
# --no-deps: the lists are complete; paddleclas and paddleslim ask for versions of 2023 (see requirements.txt).
.venv/bin/python -m pip install --disable-pip-version-check --no-deps "${quiet[@]}" "${requirements[@]/#/-r}"
.venv/bin/python -W ignore - <<'END'
import os
os.environ["FLAGS_enable_pir_api"] = "0"
import cv2, paddle, tvm, paddleslim.quant
print(f"ready: paddle {paddle.__version__}, tvm {tvm.__version__}, cv2 {cv2.__version__}")
END
echo "$made_from" >.venv/ready
