#!/usr/bin/env bash
# Everything before the first run: a Python, packages of apt, then .venv with the pinned packages of requirements*.txt.
#
#   scripts/setup.sh                  PYTHON=/path/to/python3.12 chooses the interpreter
#
# Quick when nothing is to do. .venv/ready is written last and holds what the environment was made from: without it, or
# when requirements*.txt changed since, .venv is made anew.
set -euo pipefail
cd "$(dirname "$0")/.."
unset PYTHONHOME PYTHONPATH # meant for an FVP, if they are set: no other Python starts with them
source scripts/find_tools.sh

requirements=(requirements.txt requirements-dev.txt)
made_from=$(sha256sum "${requirements[@]}")
quiet=()
[ -t 1 ] || quiet=(--quiet)

is_ready() {
    [ "$(cat .venv/ready 2>/dev/null)" = "$made_from" ] && .venv/bin/python -c '' 2>/dev/null
}

# --no-deps: the lists are complete; paddleclas and paddleslim ask for versions of 2023 (see requirements.txt).
install() {
    .venv/bin/python -m pip install --disable-pip-version-check --no-deps "${quiet[@]}" "$@"
}

# The environment before it comes back where this does not come to its end.
put_back() {
    rm -rf .venv
    [ ! -d .venv.before ] || mv .venv.before .venv
}

make_environment() {
    echo "making .venv with $("$1" --version) (1.8 GB)"
    rm -rf .venv.before
    [ ! -d .venv ] || mv .venv .venv.before
    trap put_back EXIT
    "$1" -m venv .venv
    install "${requirements[@]/#/-r}"
    .venv/bin/python -W ignore - <<'END'
import os
os.environ["FLAGS_enable_pir_api"] = "0"
import cv2, paddle, tvm, paddleslim.quant
print(f"ready: paddle {paddle.__version__}, tvm {tvm.__version__}, cv2 {cv2.__version__}")
END
    echo "$made_from" >.venv/ready
    trap - EXIT
    rm -rf .venv.before
}

# What apt had none of, or none new enough.
take_tools_from_pypi() {
    local part package
    for part in $(replaceable_parts); do
        case $part in
        clang) package=ziglang ;;
        ninja-build) package=ninja ;;
        *) package=$part ;;
        esac
        echo "taking $package from PyPI into .venv"
        install "$(grep "^$package==" requirements-tools.txt)" ||
            echo "not taken: make doctor says whether stages 4 and 5 do without" >&2
    done
}

python=
is_ready || python=$(scripts/bring_python.sh)
scripts/install_packages.sh
[ -z "$python" ] || make_environment "$python"
take_tools_from_pypi
