"""Stand-ins for Arm's models: shell scripts that want what the real ones are documented to want (docs/avh.md), and run
the program on QEMU. No real model is run here."""

from __future__ import annotations

import shutil
from pathlib import Path

MODEL = "FVP_Corstone_SSE-300"
# Parameters that public configurations and commands for this model set.
KNOWN = (
    "mps3_board.uart0.out_file",
    "mps3_board.uart0.unbuffered_output",
    "mps3_board.uart0.shutdown_on_eot",
    "mps3_board.uart0.shutdown_tag",
    "mps3_board.visualisation.disable-visualisation",
    *(f"mps3_board.telnetterminal{i}.start_telnet" for i in (0, 1, 2, 5)),
    *(
        f"cpu0.{name}"
        for name in ("FPU", "MVE", "CFGITCMSZ", "CFGDTCMSZ", "semihosting-enable", "semihosting-cmd_line")
    ),
)
# A model from 11.26 on: it is linked against a Python of its own and starts it.
NEEDS_ITS_PYTHON = """
root=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
case ":${LD_LIBRARY_PATH:-}:" in
*":$root/python/lib:"*) ;;
*)
    echo "$0: error while loading shared libraries: libpython3.9.so.1.0: cannot open shared object file" >&2
    exit 127 ;;
esac
if [ "${PYTHONHOME:-}" != "$root/python" ] || [ -n "${PYTHONPATH:-}${VIRTUAL_ENV:-}" ]; then
    echo "Fatal Python error: init_fs_encoding: failed to get the Python codec of the filesystem encoding" >&2
    echo "ModuleNotFoundError: No module named 'encodings'" >&2
    exit 1
fi
"""
# The options that it is called with; a parameter that is not in `known` is an error. Then QEMU does the work.
RUNS_ON_QEMU = """
words=""
while [ $# -gt 0 ]; do
    case "$1" in
    -a) elf=$2; shift ;;
    -C) case " $known " in *" ${2%%=*} "*) ;; *) echo "Error: parameter '${2%%=*}' not found"; exit 1 ;; esac
        case "$2" in cpu0.semihosting-cmd_line=*) words=${2#*=} ;; esac
        shift ;;
    --timelimit) shift ;;
    esac
    shift
done
semihosting=enable=on,target=native
for word in $words; do semihosting=$semihosting,arg=$word; done
exec QEMU -M mps3-an547 -display none -monitor none -serial stdio -icount shift=5,sleep=off \\
    -semihosting-config "$semihosting" -kernel "$elf"
"""


def install(folder: Path, name: str = MODEL, *, says: str = NEEDS_ITS_PYTHON, known: tuple[str, ...] = KNOWN) -> Path:
    """An installation as Arm's installers make it: models/Linux64_GCC-9.3, python/lib, fmtplib. The model in it does
    what `says` says, then runs the program. Returns the model."""
    for inner in ("python/lib/python3.9", "fmtplib"):
        (folder / inner).mkdir(parents=True)
    qemu = shutil.which("qemu-system-arm") or "qemu-system-arm"
    text = f'#!/bin/sh\nknown="{" ".join(known)}"\n{says}{RUNS_ON_QEMU.replace("QEMU", qemu)}'
    return executable(folder / "models" / "Linux64_GCC-9.3" / name, text)


def executable(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path
