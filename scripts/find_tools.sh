# shellcheck shell=bash
# Which tools this machine has. Sourced by the other scripts. A finder prints the command it found, or fails.

have() {
    command -v "$1" >/dev/null 2>&1
}

first_command() {
    local name
    for name in "$@"; do
        if have "$name"; then
            echo "$name"
            return
        fi
    done
    return 1
}

# A clang from version 17 on whose linker is there as well.
find_clang() {
    local version
    for version in 23 22 21 20 19 18 17; do
        if have "clang-$version" && have "ld.lld-$version"; then
            echo "clang-$version"
            return
        fi
    done
    have ld.lld && [ "$(clang -dumpversion 2>/dev/null | cut -d. -f1)" -ge 17 ] 2>/dev/null && echo clang
}

# Versions format alike but not equally: 19, which the sources are formatted with, before any other.
find_clang_format() {
    first_command clang-format-{19,23,22,21,20,18,17} clang-format
}

# Python 3.11 or 3.12. Each is run, not only looked up: a pyenv shim exists also for versions that are switched off.
find_python() {
    local candidate
    for candidate in ${PYTHON:-python3.11 python3.12 python3}; do
        if "$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' \
            >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    return 1
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

has_library() {
    { ldconfig -p 2>/dev/null || /sbin/ldconfig -p; } | grep -F "$1" >/dev/null # not -q: it would break the pipe
}
