// SPDX-License-Identifier: BSD-3-Clause
#include "session/changeable_recorders.hpp"

#include <bpf/bpf.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/error.hpp"
#include "recorder/forwarder.hpp"

namespace xdpcap {
namespace {

// Another name than that of a "next" (source/chain.hpp): it leads to no other capture.
constexpr const char* kMapName = "xdpcap_recorder";

// No CPU has this number.
constexpr std::array<Range, 1> kNoCpu = {{{~std::uint32_t{0}, ~std::uint32_t{0}}}};

bool put(const UniqueFd& map, const UniqueFd& recorder) {
  constexpr std::uint32_t kKey = 0;
  const int fd = recorder.get();
  return bpf_map_update_elem(map.get(), &kKey, &fd, BPF_ANY) == 0;
}

}  // namespace

UniqueFd ChangeableRecorders::load(const One& one, const CbpfProgram& filter, bool wanted) {
  RecorderSpec spec = one.spec;
  if (!wanted) spec.conditions.cpus = kNoCpu;
  return load_xdp_program("xdpcap_" + spec.action.name(), make_recorder(spec, filter), one.flavour);
}

ebpf::Program ChangeableRecorders::add(const RecorderSpec& spec, Flavour flavour,
                                       const CbpfProgram& filter) {
  One one{.spec = spec,
          .flavour = flavour,
          .map = create_map(BPF_MAP_TYPE_PROG_ARRAY, kMapName, sizeof(std::uint32_t),
                            sizeof(std::uint32_t), 1),
          .recorder = {}};
  one.recorder = load(one, filter, true);
  if (!put(one.map, one.recorder)) throw system_error("preparing a recorder for changes", errno);
  all_.push_back(std::move(one));
  return make_forwarder(spec, all_.back().map.get());
}

void ChangeableRecorders::change(const CbpfProgram& filter, const std::set<XdpAction>& unwanted) {
  std::vector<UniqueFd> loaded;
  loaded.reserve(all_.size());
  for (const One& one : all_) {
    loaded.push_back(load(one, filter, !unwanted.contains(one.spec.action)));
  }
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (put(all_[i].map, loaded[i])) continue;
    const int error = errno;
    for (std::size_t j = 0; j < i; ++j) put(all_[j].map, all_[j].recorder);
    throw system_error("exchanging a recorder", error);
  }
  for (std::size_t i = 0; i < all_.size(); ++i) all_[i].recorder = std::move(loaded[i]);
}

std::vector<int> ChangeableRecorders::descriptors() const {
  std::vector<int> all;
  for (const One& one : all_) all.push_back(one.map.get());
  return all;
}

}  // namespace xdpcap
