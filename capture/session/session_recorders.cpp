// SPDX-License-Identifier: BSD-3-Clause
// The part of a session that makes its recorders, in the capture and in the guardian.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "bpf/program_loader.hpp"
#include "bpf/xdp_buff_layout.hpp"
#include "process/cpus.hpp"
#include "recorder/recorder.hpp"
#include "session/session.hpp"

namespace xdpcap {

RecorderFactory Session::recorders_of(std::size_t source) {
  return {.make =
              [this, source](XdpAction action, Flavour flavour, int next_fd) {
                RecorderSpec spec = spec_of({source, action});
                spec.frags = flavour.frags;
                spec.next_fd = next_fd;
                if (const auto& reasons = recording_.reasons())
                  spec.reasons = reasons->spec(source);
                if (changeable_) return changeable_->add(spec, flavour, options_.filter);
                return make_recorder(spec, options_.filter);
              },
          .trace =
              [this, source](const std::vector<XdpAction>& actions, TracePoint point) {
                std::vector<RecorderSpec> specs;
                for (const XdpAction action : actions) {
                  RecorderSpec spec = spec_of({source, action});
                  spec.traced = traced(point);
                  if (point == TracePoint::entry) spec.last_fd = -1;
                  specs.push_back(spec);
                }
                return make_tracing_recorder(specs, options_.filter);
              },
          .note_flavour =
              [this](const Flavour& flavour) {
                if (recording_.fates()) recording_.fates()->set_flavour(flavour);
              },
          .note_programs =
              [this, source](const std::vector<std::uint32_t>& programs, bool before_recorders) {
                return note_programs(source, programs, before_recorders);
              }};
}

// In the guardian.
std::vector<std::string> Session::note_programs(std::size_t source,
                                                const std::vector<std::uint32_t>& programs,
                                                bool before_recorders) {
  const std::string& name = sources_[source]->title().name;
  try {
    std::vector<ProgramReasons> found = find_reasons(programs);
    if (found.empty()) return {};
    if (recording_.take_reasons(source, std::move(found), before_recorders)) return {};
  } catch (const Error& error) {
    return {name +
            ": looking for the reasons of the program that was loaded meanwhile: " + error.what()};
  }
  return {name +
          ": packets of the program that was loaded meanwhile have no reasons in this capture; one "
          "that is started now knows them"};
}

RecorderSpec Session::spec_of(const CaptureInterface& interface) const {
  const auto& interfaces = recording_.interfaces();
  const auto id = static_cast<std::uint32_t>(
      std::find(interfaces.begin(), interfaces.end(), interface) - interfaces.begin());
  const Recording& recording = recording_;
  return {.action = interface.action,
          .interface_id = id,
          .snaplen = options_.only_counts ? 1 : options_.snaplen,
          .cpus = read_cpus().possible,
          .counters_row = id,
          .control_fd = recording.control().fd(),
          .rings_fd = recording.rings().array_fd(),
          .ring_bytes = static_cast<std::uint32_t>(recording.rings().bytes_per_cpu()),
          .wakeup_fd = sleeper_.wakeup_fd(),
          .frags = false,
          .has_xdp_load_bytes = has_xdp_load_bytes_,
          .filter_offsets = options_.filter_offsets,
          .conditions = {.cpus = options_.cpus,
                         .queues = options_.queues,
                         .interfaces = options_.ingress,
                         .excluded_interfaces = sources_[interface.source]->excluded_interfaces()},
          .note_ingress = options_.note_ingress && !recording.fates(),
          .last_fd = recording.fates() ? recording.fates()->last_fd() : -1,
          .follow_passed = recording.fates() && options_.follow_stack,
          .source = static_cast<std::uint32_t>(interface.source),
          .only_counts = !records(options_),
          .budget = options_.budget,
          .seed = seed_,
          .buckets_fd = buckets_.valid() ? buckets_.get() : -1};
}

Traced Session::traced(TracePoint point) {
  if (!layout_) layout_ = read_xdp_buff_layout();
  if (!scratch_.valid()) {
    scratch_ = create_map(BPF_MAP_TYPE_ARRAY, "xdpcap_scratch", sizeof(std::uint32_t),
                          scratch_bytes(read_cpus().possible), 1);
  }
  return {.layout = *layout_,
          .point = point,
          .scratch_fd = scratch_.get(),
          .numbers_packets = options_.sources.at == CapturePoint::both};
}

}  // namespace xdpcap
