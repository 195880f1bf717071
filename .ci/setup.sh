# shellcheck shell=bash
# Sourced by ./demo, ./test and .ci/run: what they need to be installed, and how they build.

need_root() {
  if [ "$(id -u)" != 0 ]; then
    echo "$0: loading BPF programs and making network namespaces needs root: sudo $0" >&2
    exit 1
  fi
}

# need_packages COMMAND-OR-FILE=PACKAGE...: installs the packages whose command or file is missing.
need_packages() {
  local missing=() pair
  for pair in "$@"; do
    local what=${pair%%=*} package=${pair#*=}
    if ! command -v "$what" >/dev/null && ! [ -e "$what" ]; then missing+=("$package"); fi
  done
  [ ${#missing[@]} = 0 ] && return
  echo "installing: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # Package lists may be absent (a container) or old (a machine that was asleep): fetch them once.
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

need_build_packages() {
  local include=/usr/include
  # Debian has a package bpftool; Ubuntu keeps it with the kernel's tools.
  local bpftool=bpftool
  if ! command -v bpftool >/dev/null && grep -qi '^ID=ubuntu' /etc/os-release; then
    bpftool=linux-tools-generic
  fi
  need_packages g++=g++ cmake=cmake ninja=ninja-build pkg-config=pkg-config clang=clang \
    bpftool=$bpftool $include/bpf/bpf.h=libbpf-dev $include/pcap/pcap.h=libpcap-dev \
    $include/CLI/CLI.hpp=libcli11-dev $include/gtest/gtest.h=libgtest-dev \
    $include/gmock/gmock.h=libgmock-dev
}

# What a lab needs, and whoever looks at its packets.
need_lab_packages() {
  need_packages ip=iproute2 ping=iputils-ping ethtool=ethtool sysctl=procps tcpdump=tcpdump \
    tshark=tshark
}

need_test_packages() {
  need_lab_packages
  need_packages nc=netcat-openbsd curl=curl strace=strace gzip=gzip zstd=zstd lz4=lz4 jq=jq \
    script=bsdutils python3=python3 bash=bash zsh=zsh fish=fish \
    make=make mandoc=mandoc groff=groff-base sshd=openssh-server ssh=openssh-client \
    systemd-analyze=systemd /usr/lib/python3/dist-packages/yaml=python3-yaml
}

# configure FOLDER [CMAKE-OPTION...]
configure() {
  cmake -S . -B "$1" -G Ninja "${@:2}" >/dev/null
}

# build FOLDER [CMAKE-OPTION...]
build() {
  configure "$@"
  cmake --build "$1"
}

# clang's sanitizers, libFuzzer and coverage; and symbols in what they print.
need_clang_runtime() {
  local runtime
  runtime=$(clang -print-resource-dir)/lib/linux/libclang_rt.fuzzer-$(uname -m).a
  need_packages "$runtime=libclang-rt-dev" llvm-symbolizer=llvm
}

# configure_clang FOLDER [CMAKE-OPTION...]: optimised less, as sanitizers slow things anyway and half
# the time goes into compiling.
configure_clang() {
  need_clang_runtime
  configure "$1" -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_C_FLAGS_DEBUG="-O1 -g1" -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g1" "${@:2}"
}

# build_sanitized [TARGET...]: one build serves the tests, their coverage and the fuzzers.
SANITIZED=build/sanitized
build_sanitized() {
  configure_clang $SANITIZED -DXDPCAP_SANITIZE=address,undefined -DXDPCAP_COVERAGE=ON \
    -DXDPCAP_FUZZ=ON
  cmake --build $SANITIZED ${1:+--target} "$@"
}

# Hooks are pinned in a bpffs. Most systems have one mounted; bare containers and VMs may not.
need_bpffs() {
  if [ "$(stat -f -c %T /sys/fs/bpf 2>/dev/null)" != bpf_fs ]; then
    mount -t bpf bpf /sys/fs/bpf
  fi
}
