#!/bin/sh
# Stage 5: run the program on an FVP, or on QEMU where there is none, and compare it with the host bit for bit.
#
#     ./05_run_fvp.sh --config pplcnet_corstone310_int8            the frame linked into the program
#     ./05_run_fvp.sh --config ... --image photo.jpg               a photo, at most 1024 x 1024 pixels
#     ./05_run_fvp.sh --config ... --images folder [--jobs 4]      many, through one boot of each simulator
#     ./05_run_fvp.sh --config ... --print-command                 only say how the simulator is called
# Also: --simulator fvp|qemu|PATH, --timeout SECONDS.
#
# Writes build/NAME/05_run_fvp: run.json, uart.txt. The last line is: name, class, score, instructions, PASS or FAIL;
# the exit status is 0 only for PASS.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

python=$here/.venv/bin/python
[ -x "$python" ] || python=python3

# A PYTHONHOME is exported for an FVP: our Python would not start with it; the model gets it (fvp_environment.py).
[ -z "${PYTHONHOME:-}" ] || export FVP_PYTHONHOME="$PYTHONHOME"
unset PYTHONHOME
export PYTHONPATH="$here"
exec "$python" -m paddle_cortexm.simulator.run "$@"
