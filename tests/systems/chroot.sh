# shellcheck shell=bash
# Fresh systems in folders, for tests/systems/run and tests/systems/container: sourced by them, in the repository.

WORK=$(realpath -m "${WORK:-build/systems}")
LIMIT=${LIMIT:-5400} # seconds for one command
USER_THERE=student
FOLDER_THERE="/home/$USER_THERE/paddle on cortex-m"
DEBIAN=http://deb.debian.org/debian
UBUNTU=http://archive.ubuntu.com/ubuntu

# system -> release, archive, components
source_of() {
    case $1 in
    debian11) echo bullseye $DEBIAN main ;;
    debian12) echo bookworm $DEBIAN main ;;
    debian13) echo trixie $DEBIAN main ;;
    ubuntu20.04) echo focal $UBUNTU main,universe ;;
    ubuntu22.04) echo jammy $UBUNTU main,universe ;;
    ubuntu24.04) echo noble $UBUNTU main,universe ;;
    *)
        echo "unknown system '$1': debian11, debian12, debian13, ubuntu20.04, ubuntu22.04, ubuntu24.04" >&2
        return 1
        ;;
    esac
}

# The smallest such system in a new folder, with this machine's network; its base is kept for the next time.
make_system() {
    local system=$1 root=$2 release archive components base="$WORK/$1/base.tar"
    unmount "$root"
    rm -rf --one-file-system "$root"
    read -r release archive components < <(source_of "$system")
    mkdir -p "$root"
    if [ ! -f "$base" ]; then
        local script=/usr/share/debootstrap/scripts/$release
        [ -e "$script" ] || script=/usr/share/debootstrap/scripts/gutsy # of every Ubuntu
        debootstrap --variant=minbase --components="$components" --include=ca-certificates \
            "$release" "$root" "$archive" "$script" >"$WORK/$system/debootstrap.log"
        if [ "$archive" = $UBUNTU ]; then # newer compilers came with the updates
            echo "deb $UBUNTU $release-updates ${components/,/ }" >>"$root/etc/apt/sources.list"
        fi
        tar --one-file-system -C "$root" -cf "$base.partial" .
        mv "$base.partial" "$base"
    else
        tar -C "$root" -xf "$base"
    fi
    # The network as it is here: names, certificates, where pip asks.
    cp /etc/resolv.conf /etc/hosts "$root/etc/"
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
    [ ! -f /etc/pip.conf ] || grep -vE 'file:|find-links' /etc/pip.conf >"$root/etc/pip.conf"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount --make-rslave "$root/dev"
    if [ -n "${FILES:-}" ]; then
        mkdir -p "$root/opt/files"
        mount --bind "$FILES" "$root/opt/files"
    fi
}

# An ordinary user who may use sudo, and the checkout, in a path with a space.
make_user() {
    local root=$1
    chroot "$root" sh -c "apt-get update -qq && apt-get install -y -qq --no-install-recommends sudo make" >/dev/null 2>&1
    chroot "$root" useradd --create-home --shell /bin/bash $USER_THERE
    echo "$USER_THERE ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/$USER_THERE"
    mkdir -p "$root$FOLDER_THERE"
    checkout | tar -C "$root$FOLDER_THERE" -xf -
    chroot "$root" chown -R $USER_THERE: "$FOLDER_THERE"
}

# The files of the repository, as a tar archive.
checkout() {
    git ls-files -z --cached --others --exclude-standard | xargs -0 tar -cf -
}

unmount() {
    local root=$1 point
    for point in opt/files dev proc; do
        ! mountpoint -q "$root/$point" || umount -R -l "$root/$point"
    done
}

# What a command is run through: nothing, or a network of its own with nothing but the loopback device.
through=()
cut_network() {
    through=(unshare --net sh -c 'ip link set lo up && exec "$@"' -)
}

# As the user, in the checkout, for at most LIMIT seconds.
inside() {
    local root=$1 command=$2 name passed=""
    for name in $(compgen -e | grep -E '^(UV|PIP)_' | grep -v PIP_FIND_LINKS); do
        passed+="export $name=$(printf '%q' "${!name}"); "
    done
    timeout --kill-after=60 "$LIMIT" "${through[@]}" chroot "$root" \
        su - $USER_THERE -c "cd '$FOLDER_THERE' && export LC_ALL=C.UTF-8; $passed$command" </dev/null
}
