#!/usr/bin/env bash
# Install the Debian or Ubuntu packages the line needs; say nothing and leave apt alone when all of them are there.
#
#   scripts/install_packages.sh
#
# As root it calls apt-get, otherwise through sudo. Where neither works it prints the command to run and stops.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/find_tools.sh

# Any clang from 17 on knows both CPUs. 19 comes first, because the figures in docs/ are measured and the C is formatted
# with it; after it the newest there is.
CLANG_VERSIONS=(19 23 22 21 20 18 17)

# What is missing, as words that `package_names` turns into packages once apt's lists are fresh.
missing_parts() {
    have qemu-system-arm || echo qemu-system-arm
    find_clang >/dev/null || echo clang
    have arm-none-eabi-gcc || echo gcc-arm-none-eabi
    has_newlib || echo libnewlib-arm-none-eabi
    has_host_compiler || echo "gcc libc6-dev"
    have cmake || echo cmake
    have ninja || echo ninja-build
    have git || echo git
    has_library libGL.so.1 || echo libgl1
    has_library libgthread-2.0.so.0 || echo glib
    has_library libgomp.so.1 || echo libgomp1
    have shellcheck || echo shellcheck
    find_clang_format >/dev/null || echo clang-format
    find_python >/dev/null || echo python
}

package_names() {
    local part
    for part in "$@"; do
        case $part in
        clang) clang_packages ;;
        clang-format) first_known "${CLANG_VERSIONS[@]/#/clang-format-}" clang-format || no_package clang-format ;;
        glib) first_known libglib2.0-0t64 libglib2.0-0 || no_package libglib2.0-0 ;; # t64: Ubuntu 24.04, Debian 13
        python) python_packages ;;
        *) first_known "$part" || no_package "$part" ;;
        esac
    done
}

# A compiler with the linker and the binary tools of the same version.
clang_packages() {
    local version
    for version in "${CLANG_VERSIONS[@]}"; do
        if first_known "clang-$version" >/dev/null; then
            printf '%s\n' "clang-$version" "lld-$version" "llvm-$version"
            return
        fi
    done
    echo "No clang from version 17 on in apt's lists: https://apt.llvm.org has one." >&2
    echo "Without it, arm-none-eabi-gcc is used (Cortex-M85 needs version 13 or later)." >&2
}

python_packages() {
    local version
    for version in 3.11 3.12; do
        if first_known "python$version-venv" >/dev/null; then
            printf '%s\n' "python$version" "python$version-venv"
            return
        fi
    done
    echo "Neither Python 3.11 nor 3.12 in apt's lists: install one of them, then run: make setup PYTHON=/path/to/it" >&2
}

# The first of the given packages that apt can install.
first_known() {
    local package
    for package in "$@"; do
        if apt-cache policy "$package" 2>/dev/null | grep 'Candidate: [0-9]' >/dev/null; then
            echo "$package"
            return
        fi
    done
    return 1
}

no_package() {
    echo "apt knows no package $1 here; install it by other means." >&2
}

mapfile -t missing < <(missing_parts | tr ' ' '\n')
[ "${#missing[@]}" -gt 0 ] || exit 0
if ! have apt-get; then
    echo "error: missing: ${missing[*]}. This is not a Debian or Ubuntu system: install them with its own tool." >&2
    exit 1
fi

if [ "$(id -u)" -eq 0 ]; then
    as_root=()
elif have sudo && { sudo -n true 2>/dev/null || { [ -t 0 ] && [ -t 2 ]; }; }; then
    as_root=(sudo) # which asks for a password, if it needs one, only where someone is there to type it
else
    mapfile -t packages < <(package_names "${missing[@]}")
    echo "error: packages are missing, and installing them needs root. Run this, then the same command again:" >&2
    echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages[*]}" >&2
    exit 1
fi

"${as_root[@]}" apt-get update -qq || echo "apt-get update failed; going on with the lists there are" >&2
mapfile -t packages < <(package_names "${missing[@]}")
[ "${#packages[@]}" -gt 0 ] || exit 0
echo "installing: ${packages[*]}"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
    apt-get install -y -qq --no-install-recommends "${packages[@]}" </dev/null
