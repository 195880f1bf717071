# shellcheck shell=bash
# Sourced by ./demo, ./test and .ci/run: installs the packages they need, and builds.

# shellcheck source=.ci/packages.sh
. .ci/packages.sh

# need_packages COMMAND-OR-FILE=PACKAGE...: installs the packages whose command or file is missing.
# For development tools other than those of ./demo and ./test, on Debian.
need_packages() {
  local missing=() pair
  for pair in "$@"; do
    have "${pair%%=*}" || missing+=("${pair#*=}")
  done
  [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}"
}

# configure FOLDER [CMAKE-OPTION...]: with XDPCAP_WERROR=ON in the environment, warnings are errors.
configure() {
  cmake -S . -B "$1" -G Ninja ${XDPCAP_WERROR:+"-DXDPCAP_WERROR=$XDPCAP_WERROR"} "${@:2}" >/dev/null
}

# build FOLDER [CMAKE-OPTION...]
build() {
  configure "$@"
  cmake --build "$1"
}

# clang's sanitizers, libFuzzer and coverage, and a symbolizer for their reports.
need_clang_runtime() {
  local runtime
  runtime=$(clang -print-resource-dir)/lib/linux/libclang_rt.fuzzer-$(uname -m).a
  need_packages "$runtime=libclang-rt-dev" llvm-symbolizer=llvm
}

# configure_clang FOLDER [CMAKE-OPTION...]: with less optimisation, as half of the time is spent
# compiling.
configure_clang() {
  need_clang_runtime
  configure "$1" -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=Debug -DXDPCAP_WERROR=ON \
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
