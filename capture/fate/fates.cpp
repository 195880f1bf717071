// SPDX-License-Identifier: BSD-3-Clause
#include "fate/fates.hpp"

#include <linux/bpf.h>

namespace xdpcap {

void Fates::set_flavour(const Flavour& flavour) {
  comments_.set_can_transmit(flavour.attach_type != BPF_XDP_DEVMAP &&
                             flavour.attach_type != BPF_XDP_CPUMAP);
}

}  // namespace xdpcap
