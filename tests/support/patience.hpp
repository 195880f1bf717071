// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdlib>

namespace xdpcap::test {

// The factor for timeouts: an emulated machine (tests/vm) is slow.
inline int patience() {
  constexpr int kOfMachines = 10;
  return std::getenv("XDPCAP_VM") == nullptr ? 1 : kOfMachines;
}

}  // namespace xdpcap::test
