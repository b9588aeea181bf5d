#!/bin/sh
# Run what `make pack` packed on this system, as its user does: unpacked into a path with a space, with a .venv of its
# own. The last line is the verdict's, and the exit status is 0 only for PASS.
#
#     tests/systems/packed.sh ARCHIVE [--rebuild] [--replay UART.txt] [what 05_run_fvp.sh gets besides --config]
#
# --rebuild: builds the program first (cmake, ninja and a cross compiler are needed). --replay: where no simulator of the
# board is to be had, a stand-in for its FVP that writes what the program wrote elsewhere (05_run_fvp/uart.txt).
set -eu
archive=$(realpath "$1")
name=$(basename "$archive" -pack.tar.gz)
shift
rebuild=
replayed=
while [ $# -gt 0 ]; do
    case $1 in
    --rebuild) rebuild=yes ;;
    --replay)
        replayed=$(realpath "$2")
        shift
        ;;
    *) break ;;
    esac
    shift
done

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/a path" "$folder/bin"
tar -xmzf "$archive" -C "$folder/a path"
cd "$folder/a path/$name"

if [ -n "$replayed" ]; then
    fvp=$(grep -o 'FVP_[[:alnum:]_-]*' README.md | head -n 1)
    printf '#!/bin/sh\ncat "%s"\n' "$replayed" >"$folder/bin/$fvp"
    chmod +x "$folder/bin/$fvp"
    PATH=$folder/bin:$PATH
fi
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check -r requirements-run.txt
.venv/bin/python --version
[ -z "$rebuild" ] || ./04_build_app.sh --config "$name" --force
./05_run_fvp.sh --config "$name" "$@"
