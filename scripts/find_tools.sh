# shellcheck shell=bash
# Which tools this machine has. Sourced by the other scripts, in the repository. A finder prints what it found, or fails.
# What stages 4 and 5 take of it, and why, is decided in Python: make doctor prints it.

# Not the Python of .venv, which make puts first on PATH: it is made anew with the one that is found.
PATH=$(tr : '\n' <<<"$PATH" | grep -vxF "$PWD/.venv/bin" | paste -sd :)

PYTHON_FOLDER=.python # where scripts/bring_python.sh puts the Python that it fetches
PYTHON_VERSIONS=(3.11 3.12 3.13)
CLANG_VERSIONS=(19 23 22 21 20 18 17 16 15) # 19 is what figures are measured with; 14 does not know the Cortex-M85
CMAKE_NEEDED=3.20

have() {
    command -v "$1" >/dev/null 2>&1
}

# A clang whose linker is there as well; or the one of PyPI's ziglang.
find_clang() {
    local version
    for version in "${CLANG_VERSIONS[@]}"; do
        if have "clang-$version" && have "ld.lld-$version"; then
            echo "clang-$version"
            return
        fi
    done
    version=$(clang -dumpversion 2>/dev/null | cut -d. -f1) || true
    if have ld.lld && [ "${version:-0}" -ge 15 ]; then
        echo clang
        return
    fi
    compgen -G '.venv/lib/python3*/site-packages/ziglang/zig'
}

# Whether a Python is one of PYTHON_VERSIONS and can make .venv. It is run, not only looked up: a pyenv shim exists also
# for versions that are switched off.
is_usable_python() {
    "$1" -c '
import ensurepip, sys, venv
sys.exit("%d.%d" % sys.version_info[:2] not in sys.argv[1:])' "${PYTHON_VERSIONS[@]}" >/dev/null 2>&1
}

# The one that PYTHON names, else the first on PATH, else the one that was fetched.
find_python() {
    local candidate candidates=("${PYTHON_VERSIONS[@]/#/python}" python3 "$PYTHON_FOLDER"/cpython-*/bin/python3)
    [ -z "${PYTHON:-}" ] || candidates=("$PYTHON")
    for candidate in "${candidates[@]}"; do
        if is_usable_python "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

# at_least HAS NEEDED: versions, numbers with dots.
at_least() {
    [ "$(printf '%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

has_cmake() {
    local command version
    for command in .venv/bin/cmake cmake; do
        version=$("$command" --version 2>/dev/null | sed -n '1s/[^0-9]*//p') || true
        if [ -n "$version" ] && at_least "$version" "$CMAKE_NEEDED"; then
            return
        fi
    done
    return 1
}

has_ninja() {
    have .venv/bin/ninja || have ninja
}

# What both apt and PyPI have, and is missing. Names of apt's packages, but for clang, which has many.
replaceable_parts() {
    find_clang >/dev/null || echo clang
    has_cmake || echo cmake
    has_ninja || echo ninja-build
}

has_host_compiler() {
    echo '#include <stdio.h>' | "${CC:-gcc}" -E - >/dev/null 2>&1
}

# The C library of arm-none-eabi-gcc: a gcc that has it prints its path, one that has not only the name.
has_newlib() {
    case $(arm-none-eabi-gcc -print-file-name=libc.a 2>/dev/null) in
    */*) ;;
    *) return 1 ;;
    esac
    echo '#include <stdint.h>' | arm-none-eabi-gcc -E - >/dev/null 2>&1
}

# QEMU, of whatever version, or a model of Arm's where most are.
has_simulator() {
    have qemu-system-arm || compgen -c | grep -E '^(FVP|VHT)_' >/dev/null || compgen -G '/opt/VHT*' >/dev/null
}

has_library() {
    { ldconfig -p 2>/dev/null || /sbin/ldconfig -p; } | grep -F "$1" >/dev/null # not -q: it would break the pipe
}
