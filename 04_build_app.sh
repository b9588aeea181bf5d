#!/bin/sh
# Stage 4: cross-compile the bare-metal program with the compiled model.
#
#     ./04_build_app.sh --config pplcnet_corstone310_int8 [--toolchain clang|zig|gcc] [--force]
#
# Reads build/NAME/03_compile_tvm, app/ and the kernels it lists. Writes build/NAME/04_build_app: app.elf, app.map and
# size.json (bytes by memory region). The compiler is chosen by what is installed and knows the board's CPU; a region
# that overflows and a kernel without Helium instructions are errors.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

python=$here/.venv/bin/python
[ -x "$python" ] || python=python3

unset PYTHONHOME # which users export for an FVP: our Python would not start
export PYTHONPATH="$here"
exec "$python" -m paddle_cortexm.firmware.build "$@"
