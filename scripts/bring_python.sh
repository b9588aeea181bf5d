#!/usr/bin/env bash
# Print the Python that .venv is made with; where the system has none of scripts/find_tools.sh's PYTHON_VERSIONS, bring
# one: by apt, or by uv from PyPI into .python, which needs no root. PYTHON=FILE chooses it instead.
#
# The first step of the set-up: without one, nothing else is installed.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/find_tools.sh

versions="${PYTHON_VERSIONS[0]} to ${PYTHON_VERSIONS[-1]}"
fetched=3.12 # on PyPI's packages of requirements.txt it is the one in the middle

fail() {
    echo "error: $1 Nothing was installed." >&2
    exit 1
}

# uv needs a pip, of any Python from 3.8 on, to come here. Its pinned version stands in requirements-tools.txt.
fetch_with_uv() {
    local uv="$PYTHON_FOLDER/uv/bin/uv"
    python3 -m pip --version >/dev/null 2>&1 || return 1
    python3 -m pip install --quiet --disable-pip-version-check --upgrade --target "$PYTHON_FOLDER/uv" \
        "$(grep '^uv==' requirements-tools.txt)" >&2 || return 1
    "$uv" --no-config --cache-dir "$PYTHON_FOLDER/cache" python install "$fetched" \
        --install-dir "$PYTHON_FOLDER" --no-bin >&2 || return 1
    rm -rf "$PYTHON_FOLDER/cache"
}

find_python && exit
[ -z "${PYTHON:-}" ] || fail "PYTHON=$PYTHON: no Python $versions that runs and has venv."
# apt brings a Python that is new enough, or the pip that uv comes with; where it is not to be had, uv may still be.
scripts/install_packages.sh python >&2 || true
find_python && exit
echo "no Python $versions on this system: fetching $fetched with uv into $PYTHON_FOLDER" >&2
fetch_with_uv && find_python && exit
fail "no Python $versions, and uv could not fetch one (it comes from PyPI, its Pythons from GitHub; \
UV_PYTHON_INSTALL_MIRROR names a mirror). Install one, or name it: make setup PYTHON=FILE."
