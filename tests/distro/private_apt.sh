# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Sourced: packages of any suite and architecture, downloaded and never installed. apt works in a
# directory of its own, so that the machine's package lists, sources and architectures stay what they
# are; only the archive is theirs.

# apt-get or apt-cache against the private lists. The empty status file keeps installed packages
# out of its decisions; user root, because apt's own user may not write to a home directory.
private_apt() { # DIRECTORY ARCHITECTURE COMMAND ARGUMENT...
  local directory=$1 architecture=$2 command=$3
  shift 3
  "$command" -q -q -o APT::Architecture="$architecture" -o APT::Architectures::="$architecture" \
    -o Dir::Etc::SourceList="$directory/sources.list" -o Dir::Etc::SourceParts=- \
    -o Dir::State="$directory/state" -o Dir::State::Status=/dev/null \
    -o Dir::Cache="$directory/cache" -o Acquire::Languages=none -o APT::Sandbox::User=root "$@"
}

private_lists() { # DIRECTORY ARCHITECTURE SUITE
  local uri
  uri=$("$(dirname "${BASH_SOURCE[0]}")/mirror")
  mkdir -p "$1"/state/lists/partial "$1"/cache/archives/partial
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $3 main" \
    >"$1/sources.list"
  private_apt "$1" "$2" apt-get update >&2
}
