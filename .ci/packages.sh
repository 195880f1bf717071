# shellcheck shell=bash
# Sourced by setup.sh: finds missing packages, by this system's names, and installs them.

give_up() {
  echo "$0: $*" >&2
  exit 1
}

# The table's column for this system: apt, dnf, pacman or apk. OS_RELEASE is for tests.
package_manager() {
  local ID='' ID_LIKE=''
  # shellcheck source=/dev/null
  . "${OS_RELEASE:-/etc/os-release}" 2>/dev/null || true
  case " $ID $ID_LIKE " in
    *' fedora '* | *' rhel '*) echo dnf ;;
    *' arch '*) echo pacman ;;
    *' alpine '*) echo apk ;;
    *) echo apt ;;
  esac
}

# The command by which users of this system install packages.
install_command() { # PACKAGE-MANAGER
  case $1 in
    apt) echo apt-get install ;;
    dnf) echo dnf install ;;
    pacman) echo pacman -S ;;
    apk) echo apk add ;;
  esac
}

# have COMMAND|FILE|python:MODULE
have() {
  case $1 in
    /*) [ -e "$1" ] ;;
    # Debian's modules are for Debian's Python, which may not be the first in PATH.
    python:*) /usr/bin/python3 -c "import ${1#python:}" 2>/dev/null ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

# missing_packages PACKAGE-MANAGER STEP...: prints them on one line, each once.
missing_packages() {
  local manager=$1 step what apt dnf pacman apk package missing=' '
  shift
  # shellcheck disable=SC2034  # read by name
  while read -r step what apt dnf pacman apk; do
    [[ " $* " == *" $step "* ]] || continue
    package=${!manager}
    # Ubuntu keeps bpftool with the kernel's tools.
    if [[ $package = bpftool ]] && grep -qi '^ID=ubuntu' "${OS_RELEASE:-/etc/os-release}"; then
      package=linux-tools-generic
    fi
    if [[ $package != - && $missing != *" $package "* ]] && ! have "$what"; then
      missing+="$package "
    fi
  done < <(grep -v '^#' .ci/packages)
  missing=${missing# }
  echo "${missing% }"
}

# without_services COMMAND...: what packages contain, such as sshd and prometheus, is not started by
# their installation.
without_services() (
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy
  fi
  "$@"
)

# apt_install PACKAGE...: prints one line if it fails.
apt_install() {
  local log reason
  log=$(mktemp)
  echo "installing: $*"
  # Package lists may be absent (in a container) or old. If they cannot be updated, the packages may
  # still be available, so only a failed installation is an error.
  if { apt-get update -q || true; } >"$log" 2>&1 &&
    DEBIAN_FRONTEND=noninteractive without_services \
      apt-get install -y -q --no-install-recommends "$@" >>"$log" 2>&1; then
    rm "$log"
    return
  fi
  # The first error is the cause: a name that was not resolved rather than a package not found.
  reason=$(sed -n 's/^[EW]: //p' "$log" | head -n 1)
  rm "$log"
  give_up "apt-get cannot install what is missing (${reason:-no reason given}): $*"
}

# The command that installs what these steps still need, on this system; empty if nothing is missing.
how_to_install() { # STEP...
  local manager missing
  manager=$(package_manager)
  missing=$(missing_packages "$manager" "$@")
  [ ! "$missing" ] || echo "$(install_command "$manager") $missing"
}

# need_root [STEP...]: if not root, also names the packages that these steps need.
need_root() {
  [ "$(id -u)" != 0 ] || return 0
  local how
  how=$(how_to_install "$@")
  give_up "loading BPF programs and making network namespaces needs root: sudo $0" \
    ${how:+"(these packages are missing, too: $how)"}
}

# need_steps STEP...: installs everything that these steps need.
need_steps() {
  local how missing
  how=$(how_to_install "$@")
  [ "$how" ] || return 0
  [ "$(id -u)" = 0 ] || give_up "packages are missing, which root can install: $how"
  [ "$(package_manager)" = apt ] || give_up "install what is missing first: $how"
  have apt-get || give_up "there is no apt-get to install what is missing; in Debian's names: ${how#apt-get install }"
  missing=${how#apt-get install }
  # shellcheck disable=SC2086  # one word each
  apt_install $missing
  how=$(how_to_install "$@")
  [ ! "$how" ] || give_up "something is still missing that should be in: ${how#apt-get install }"
}
