// SPDX-License-Identifier: BSD-3-Clause
// Limits of older kernels that tests have to know.
#pragma once

#include <bpf/btf.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <fstream>
#include <sstream>
#include <utility>

namespace xdpcap::test {

// Major and minor.
inline std::pair<int, int> kernel_version() {
  utsname kernel{};
  int major = 0;
  char point = 0;
  int minor = 0;
  if (::uname(&kernel) == 0) std::istringstream(kernel.release) >> major >> point >> minor;
  return {major, minor};
}

// Interfaces report their XDP features, and packets with fragments can be redirected to them: Linux
// 6.3 (commits d3d854fd6a1d and b9d460c92455).
inline bool has_xdp_features() {
  btf* types = btf__load_vmlinux_btf();
  const bool has = btf__find_by_name_kind(types, "netdev_xdp_act", BTF_KIND_ENUM) >= 0;
  btf__free(types);
  return has;
}

// Whether a process without CAP_BPF cannot use maps that it has open: before Linux 5.19 (commit
// c8644cd0efe7), with the sysctl that distributions set.
inline bool keeps_maps_from_users() {
  int disabled = 0;
  std::ifstream("/proc/sys/kernel/unprivileged_bpf_disabled") >> disabled;
  return disabled != 0 && kernel_version() < std::pair(5, 19);
}

// Whether the link of a tracing program tells its target: Linux 5.13.
inline bool links_tell_targets() {
  return kernel_version() >= std::pair(5, 13);
}

// Whether recorders can be installed in the hooks of programs under a dispatcher: Linux 6.2, and
// 6.1 as Debian builds it.
inline bool components_share_hooks() {
  return kernel_version() >= std::pair(6, 1);
}

// Outside of containers. The kernel gives this inode to the first PID namespace
// (PROC_PID_INIT_INO).
inline bool in_first_pid_namespace() {
  constexpr ino_t kFirst = 0xEFFFFFFC;
  struct stat status {};
  return ::stat("/proc/self/ns/pid", &status) == 0 && status.st_ino == kFirst;
}

}  // namespace xdpcap::test
