// SPDX-License-Identifier: BSD-3-Clause
#include "chaos/faults.hpp"

namespace xdpcap::chaos {

std::vector<Fault> hook_faults() {
  return {};
}

}  // namespace xdpcap::chaos
