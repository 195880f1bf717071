// SPDX-License-Identifier: BSD-3-Clause
// Recorders that can be exchanged while the capture runs. Each has a forwarder in its slot
// (recorder/forwarder.hpp), so the hook, its chains and the guardian do not notice an exchange.
#pragma once

#include <set>
#include <vector>

#include "base/unique_fd.hpp"
#include "base/xdp_action.hpp"
#include "bpf/program_loader.hpp"
#include "filter/cbpf.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap {

class ChangeableRecorders {
 public:
  // Loads a recorder and returns its forwarder. What `spec` refers to must outlive this. Throws
  // Error.
  ebpf::Program add(const RecorderSpec& spec, Flavour flavour, const CbpfProgram& filter);

  // Exchanges all recorders for ones with this filter. Those of `unwanted` actions only count what
  // they receive. A packet reaches either the old or the new recorder of its interface. Loading
  // takes long, so this is for a thread of its own. Throws Error, and then nothing has changed.
  void change(const CbpfProgram& filter, const std::set<XdpAction>& unwanted);

  // The maps with the recorders. The kernel empties one when no process has it open any more
  // (prog_array_map_clear()), so the guardian needs them as well.
  [[nodiscard]] std::vector<int> descriptors() const;

 private:
  struct One {
    RecorderSpec spec;
    Flavour flavour;
    UniqueFd map;
    UniqueFd recorder;  // that is in it
  };
  static UniqueFd load(const One& one, const CbpfProgram& filter, bool wanted);

  std::vector<One> all_;
};

}  // namespace xdpcap
