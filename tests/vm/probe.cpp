// SPDX-License-Identifier: BSD-3-Clause
//
// vm_probe reports what its machine can do: the kernel's release, and whether it can create a BPF
// ring buffer. It is statically linked and without libbpf, so that it runs in any machine that
// boots. For ./selftest, `vm_probe --exit N` ends with that code, `vm_probe --hang` never ends, and
// `vm_probe --write N` prints N bytes.
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <string_view>

namespace {

// The smallest there is (a power of two pages, since 5.8): 5.10 counts it against RLIMIT_MEMLOCK.
constexpr unsigned kRingBytes = 4096;

bool CreatesRingBuffer() {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_RINGBUF;
  attributes.max_entries = kRingBytes;
  const long ring = syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes);
  if (ring < 0) {
    std::cerr << "creating a ring buffer: " << std::strerror(errno) << '\n';
    return false;
  }
  close(static_cast<int>(ring));
  return true;
}

int Probe() {
  utsname system{};
  uname(&system);
  std::cout << "kernel " << system.release << '\n';
  if (!CreatesRingBuffer()) return 1;
  std::cout << "ring buffer created\n";
  return 0;
}

// Lines of 64 bytes, so that a lost or doubled byte shows in the length and in the pattern.
void Write(unsigned long bytes) {
  const std::string line = std::string(63, '.') + '\n';
  for (; bytes >= line.size(); bytes -= line.size()) std::cout << line;
  std::cout << std::string(bytes, '.') << std::flush;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  const unsigned long number = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 0;
  if (what == "--exit") return static_cast<int>(number);
  if (what == "--hang") pause();
  if (what == "--write") {
    Write(number);
    return 0;
  }
  return Probe();
}
