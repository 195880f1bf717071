# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# Sourced by check: what each section of the page needs, and why it cannot run where it cannot.

have() { [[ $(type -P "$1") || -e $1 ]]; }

# need COMMAND-OR-FILE PACKAGE
need() { have "$1" || skip "$1 is missing (Debian's package $2)"; }

go_packages=/usr/share/gocode/src/github.com/cilium/ebpf
# Another place if cargo runs in another root (aya); there, too, it is /usr/share.
rust_packages=${RUST_PACKAGES:-/usr/share/cargo/registry}

need_tools() {
  case $section in
    bpftool) need bpftool bpftool ;;
    ip) need ip iproute2 ;;
    xdp-loader*)
      [[ $section != *before* ]] || is_before 6.1 "$(uname -r)" || skip "this kernel lets recorders into hooks under a dispatcher"
      # A newer one than this machine's (xdp_tools).
      [[ ! ${XDP_TOOLS:-} ]] || PATH=$XDP_TOOLS:$PATH
      need xdp-loader xdp-tools
      ;;
    cilium/ebpf)
      need go golang-go
      need $go_packages golang-github-cilium-ebpf-dev
      # Debian's packages instead of modules from the network.
      export GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$work/cache
      ;;
    aya)
      need cargo cargo
      compgen -G "$rust_packages/aya-0.*" >/dev/null || skip "aya is missing (Debian 13's package librust-aya-dev)"
      export CARGO_HOME=$work/cargo CARGO_NET_OFFLINE=true
      mkdir "$CARGO_HOME"
      printf '[source.crates-io]\nreplace-with = "debian"\n[source.debian]\ndirectory = "%s"\n' \
        /usr/share/cargo/registry >"$CARGO_HOME/config.toml"
      ;;
    *) fail "no such section" ;;
  esac
}

# After a recipe has failed: prints why this machine cannot run it, if that is so. The page lists the
# messages.
why_not() {
  if grep -q 'Existing program is not using a dispatcher' "$work/output"; then
    echo "this kernel loads no programs of type EXT"
  elif grep -q 'lets no recorder into the hooks of programs under a dispatcher' "$work/output"; then
    echo "this kernel lets no recorder into hooks under a dispatcher"
  elif grep -q "Couldn't attach XDP program .* Invalid argument" "$work/output" && is_old_libxdp; then
    echo "this libxdp's dispatcher allows no tail calls on this kernel"
  fi
}

is_before() { # VERSION TEXT, which has a version in it
  local version
  version=$(grep -oE '[0-9]+(\.[0-9]+)+' <<<"$2" | head -n 1)
  [[ $(printf '%s\n%s\n' "$version" "$1" | sort -V | head -n 1) != "$1" ]]
}
is_old_libxdp() { is_before 1.5.5 "$(xdp_tools_version)"; }

version() {
  case $section in
    bpftool) bpftool version | head -n 1 ;;
    ip) ip -V ;;
    xdp-loader*) xdp_tools_version ;;
    cilium/ebpf) echo "cilium/ebpf, $(go version)" ;;
    aya) echo "$(basename "$rust_packages"/aya-0.*), $(cargo --version)" ;;
  esac
}

xdp_tools_version() { xdp-loader load --version 2>&1 | head -n 1; }
