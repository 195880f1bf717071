// SPDX-License-Identifier: BSD-3-Clause
// What older kernels cannot do, and tests have to know: asked of the kernel's types.
#pragma once

#include <bpf/btf.h>

namespace xdpcap::test {

// Interfaces say which XDP features they have, and fragmented packets can be redirected to them:
// Linux 6.3 (commits d3d854fd6a1d and b9d460c92455).
inline bool has_xdp_features() {
  btf* types = btf__load_vmlinux_btf();
  const bool has = btf__find_by_name_kind(types, "netdev_xdp_act", BTF_KIND_ENUM) >= 0;
  btf__free(types);
  return has;
}

}  // namespace xdpcap::test
