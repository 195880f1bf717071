// SPDX-License-Identifier: BSD-3-Clause
#include "chaos/faults.hpp"

namespace xdpcap::chaos {

const std::vector<Fault>& all_faults() {
  static const std::vector<Fault> all = [] {
    std::vector<Fault> faults;
    for (const auto& some : {slot_faults(), hook_faults(), process_faults(), resource_faults()}) {
      faults.insert(faults.end(), some.begin(), some.end());
    }
    return faults;
  }();
  return all;
}

}  // namespace xdpcap::chaos
