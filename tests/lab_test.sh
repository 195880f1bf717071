#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Tests of tests/lab: each check prints what it expected when it fails.
# shellcheck disable=SC2317  # functions are called through check
set -uo pipefail
lab=$(dirname "$0")/lab
id=labtest$$
other=labtest$$-other
failures=0
trap '"$lab" --id $id down; "$lab" --id $other down; ip netns del $id-foreign 2> /dev/null' EXIT

check() {  # check WHAT COMMAND...
  if ! "${@:2}" > /tmp/$id.out 2>&1; then
    echo "FAILED: $1"
    sed 's/^/  /' /tmp/$id.out
    failures=$((failures + 1))
  fi
  rm -f /tmp/$id.out
}
not() { ! "$@"; }
exits_with() { "${@:2}"; [[ $? == "$1" ]]; }
namespaces() { ip netns list | grep -c "^$id-"; }
pings() { "$lab" --id "$id" exec "$1" ping -c 1 -W 2 "$2"; }

echo "-- one node"
names=$("$lab" --id $id up one)
check "up prints shell assignments" eval "$names"
eval "$names"
check "IPv4 works" pings node "$LAB_PEER_IP"
check "IPv6 works" pings peer "$LAB_NODE_IP6"
check "the printed MAC is the interface's" \
  test "$("$lab" --id $id exec node ip -br link show eth0 | awk '{print $3}')" == "$LAB_NODE_MAC"
check "the host sees none of its interfaces" not grep -q "$LAB_NODE_MAC" /sys/class/net/*/address
check "exec sees bpffs as the host does" \
  test "$("$lab" --id $id exec node stat -fc %T /sys/fs/bpf)" == "$(stat -fc %T /sys/fs/bpf)"
check "exec gives back the exit code" exits_with 7 "$lab" --id $id exec node sh -c 'exit 7'
check "exec refuses an unknown node" not "$lab" --id $id exec nobody true

echo "-- again and beside"
check "up again is the same lab" test "$("$lab" --id $id up one)" == "$names"
check "status shows it" test "$("$lab" --id $id status)" == "$names"
check "another topology under this id is refused" not "$lab" --id $id up router
check "another id works beside it" "$lab" --id $other up one
check "and does not take it down" "$lab" --id $other down
check "the first still works" pings node "$LAB_PEER_IP"

echo "-- what is not its own"
ip netns add $id-foreign
ip netns del $id-peer
ip netns add $id-peer
check "down" "$lab" --id $id down
check "down left a namespace that took the name of its own" test -e /run/netns/$id-peer
check "down left a namespace with a name like its own" test -e /run/netns/$id-foreign
check "up refuses a name that is taken" not "$lab" --id $id up one
check "and leaves what was there" test -e /run/netns/$id-peer
check "and nothing of what it began" not test -e /run/netns/$id-node
ip netns del $id-peer
ip netns del $id-foreign

echo "-- the other topologies"
eval "$("$lab" --id $id up router)"
check "the router forwards IPv4" pings left "$LAB_RIGHT_IP"
check "the router forwards IPv6" pings left "$LAB_RIGHT_IP6"
"$lab" --id $id down
eval "$("$lab" --id $id up srv6)"
check "source reaches target" pings source "$LAB_TARGET_IP6"
check "target reaches its service address from outside" pings node "$LAB_TARGET_SERVICE"
check "the segment has no owner without an XDP program" not pings source "$LAB_TARGET_SERVICE"

echo "-- the end"
check "down" "$lab" --id $id down
check "no namespace is left" test "$(namespaces)" == 0
check "status without a lab exits with 3" exits_with 3 "$lab" --id $id status
check "down without a lab is fine" "$lab" --id $id down
check "no state is left" not test -e "/run/xdpcap-lab/$id"
check "an unknown topology is wrong usage" exits_with 1 "$lab" --id $id up donut
check "an id with a slash is wrong usage" exits_with 1 "$lab" --id a/b up one

[[ $failures == 0 ]] && echo "all passed"
exit $((failures > 0))
