#!/usr/bin/env bash
# Install the Debian or Ubuntu packages the line needs; say nothing and leave apt alone when all of them are there.
#
#   scripts/install_packages.sh              what is missing
#   scripts/install_packages.sh python       a Python for .venv, or the pip that fetches one (scripts/bring_python.sh)
#   scripts/install_packages.sh compilers    every clang that apt has, for the tests
#
# As root it calls apt-get, otherwise through sudo. Where neither works it prints the command to run and stops, unless
# PyPI has all that is missing: apt's is taken where it is new enough and can be installed, else scripts/setup.sh takes
# PyPI's.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/find_tools.sh

# What is missing and comes from apt alone, as words that `package_names` turns into packages once apt's lists are fresh.
missing_parts() {
    has_simulator || echo qemu-system-arm
    have arm-none-eabi-gcc || echo gcc-arm-none-eabi
    has_newlib || echo libnewlib-arm-none-eabi
    has_host_compiler || echo gcc libc6-dev
    has_library libGL.so.1 || echo libgl1
    has_library libgthread-2.0.so.0 || echo glib
    has_library libgomp.so.1 || echo libgomp1
    [ "$(uname -m)" = x86_64 ] || have shellcheck || echo shellcheck # for make lint: PyPI has it for x86-64 only
}

package_names() {
    local part
    for part in "$@"; do
        case $part in
        clang) clang_packages ;;
        cmake) ! at_least "$(candidate cmake)" "$CMAKE_NEEDED" || echo cmake ;;
        ninja-build) first_known ninja-build || true ;;
        glib) first_known libglib2.0-0t64 libglib2.0-0 || no_package libglib2.0-0 ;; # t64: Ubuntu 24.04, Debian 13
        python) python_packages ;;
        compilers) every_clang ;;
        *) first_known "$part" || no_package "$part" ;;
        esac
    done
}

# The first compiler of CLANG_VERSIONS with the linker and the binary tools of the same version.
clang_packages() {
    local version
    for version in "${CLANG_VERSIONS[@]}"; do
        if first_known "clang-$version" >/dev/null; then
            printf '%s\n' "clang-$version" "lld-$version" "llvm-$version"
            return
        fi
    done
}

every_clang() {
    local version
    for version in "${CLANG_VERSIONS[@]}" 14 13; do
        ! first_known "clang-$version" || printf '%s\n' "lld-$version" "llvm-$version"
    done
}

python_packages() {
    local version
    for version in "${PYTHON_VERSIONS[@]}"; do
        if first_known "python$version-venv"; then
            echo "python$version"
            return
        fi
    done
    first_known python3-pip || true
}

# The first of the given packages that apt can install.
first_known() {
    local package
    for package in "$@"; do
        if candidate "$package" >/dev/null; then
            echo "$package"
            return
        fi
    done
    return 1
}

# The version of a package that apt would install.
candidate() {
    apt-cache policy "$1" 2>/dev/null | sed -nE 's/^ *Candidate: ([0-9]+:)?([0-9].*)/\2/p' | grep .
}

no_package() {
    echo "apt knows no package $1 here; install it by other means." >&2
}

mapfile -t needed < <(missing_parts | tr ' ' '\n')
mapfile -t replaceable < <(replaceable_parts)
wanted=("${needed[@]}" "${replaceable[@]}")
[ "$#" -eq 0 ] || wanted=("$@")
[ "${#wanted[@]}" -gt 0 ] || exit 0

if ! have apt-get; then
    [ "${#needed[@]}" -gt 0 ] || exit 0
    echo "error: missing: ${needed[*]}. This is not a Debian or Ubuntu system: install them with its own tool." >&2
    exit 1
fi

if [ "$(id -u)" -eq 0 ]; then
    as_root=()
elif have sudo && { sudo -n true 2>/dev/null || { [ -t 0 ] && [ -t 2 ]; }; }; then
    as_root=(sudo) # which asks for a password, if it needs one, only where someone is there to type it
else
    [ "${1:-}" != python ] || exit 1
    [ "${#needed[@]}" -gt 0 ] || exit 0
    mapfile -t packages < <(package_names "${needed[@]}" "${replaceable[@]}")
    echo "error: packages are missing, and installing them needs root. Run this, then the same command again:" >&2
    echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages[*]}" >&2
    exit 1
fi

"${as_root[@]}" apt-get update -qq || echo "apt-get update failed; going on with the lists there are" >&2
mapfile -t packages < <(package_names "${wanted[@]}")
[ "${#packages[@]}" -gt 0 ] || exit 0
echo "installing: ${packages[*]}"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
    apt-get install -y -qq --no-install-recommends "${packages[@]}" </dev/null
