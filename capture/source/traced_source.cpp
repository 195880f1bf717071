// SPDX-License-Identifier: BSD-3-Clause
#include "source/traced_source.hpp"

#include <bpf/bpf.h>

#include <cstddef>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "bpf/program_info.hpp"
#include "bpf/tracing_program.hpp"

namespace xdpcap {
namespace {

const char* name_of(TracePoint point) {
  return point == TracePoint::entry ? "xdpcap_entry" : "xdpcap_exit";
}

std::vector<XdpAction> interfaces_of(const TracedSource::Plan& plan) {
  std::vector<XdpAction> interfaces;
  if (plan.at != CapturePoint::exit) interfaces.push_back(kAtEntry);
  if (plan.at != CapturePoint::entry) {
    interfaces.insert(interfaces.end(), plan.actions.begin(), plan.actions.end());
  }
  return interfaces;
}

}  // namespace

TracedSource::TracedSource(UniqueFd program, Plan plan)
    : plan_(std::move(plan)),
      interfaces_(interfaces_of(plan_)),
      program_(std::move(program)),
      program_id_(program_info(program_.get()).id),
      traced_id_(program_id_) {}

std::vector<TracedSource::Tracer> TracedSource::make_tracers(int program_fd) const {
  std::vector<Tracer> tracers;
  const auto add = [&](TracePoint point, const std::vector<XdpAction>& actions) {
    tracers.push_back(
        {load_tracing_program(name_of(point), recorders_.trace(actions, point), program_fd, point),
         UniqueFd()});
  };
  with_context("tracing " + plan_.title.name, [&] {
    // In this order, every packet at the exit was seen at the entry.
    if (plan_.at != CapturePoint::exit) add(TracePoint::entry, {kAtEntry});
    if (plan_.at != CapturePoint::entry) add(TracePoint::exit, plan_.actions);
  });
  return tracers;
}

// The tracers keep the program loaded.
void TracedSource::load(RecorderFactory recorders) {
  recorders_ = std::move(recorders);
  tracers_ = make_tracers(program_.get());
  program_.reset();
}

std::vector<std::string> TracedSource::install() {
  with_context("tracing " + plan_.title.name, [&] {
    for (Tracer& tracer : tracers_) tracer.link = attach_tracing_program(tracer.program.get());
  });
  return {};
}

Source::Reaction TracedSource::receive(Message report) {
  const auto id = parse_number<std::uint32_t>(report.text);
  const std::scoped_lock lock(mutex_);
  if (!id || disconnected_) return {};
  if (report.kind == kState) {
    program_id_ = *id;
    return {};
  }
  if (report.kind != kFound) return {};
  if (report.received.size() != 2 * tracers_.size()) {  // no room for all descriptors
    return {.news = plan_.title.name +
                    ": the program that was attached to it is not traced: too "
                    "many open files"};
  }
  program_id_ = *id;
  traced_id_ = *id;
  count_missed();
  tracers_.clear();
  for (std::size_t i = 0; i + 1 < report.received.size(); i += 2) {
    tracers_.push_back({std::move(report.received[i]), std::move(report.received[i + 1])});
  }
  const auto info = find_program(*id);
  return {.news = "another program was attached to " + plan_.title.name + ": continuing with " +
                  (info ? info->text() : "it"),
          .changed = true};
}

// While the kernel runs a tracing program, it does not run it again on the same CPU.
void TracedSource::count_missed() {
  for (const Tracer& tracer : tracers_) {
    bpf_prog_info info{};
    std::uint32_t length = sizeof(info);
    if (bpf_obj_get_info_by_fd(tracer.program.get(), &info, &length) != 0) continue;
    missed_ += info.recursion_misses;
  }
}

void TracedSource::disconnect() {
  const std::scoped_lock lock(mutex_);
  disconnected_ = true;
  for (Tracer& tracer : tracers_) tracer.link.reset();
  count_missed();
}

std::vector<std::string> TracedSource::forget() {
  tracers_.clear();
  if (missed_ == 0) return {};
  return {plan_.title.name + ": " + counted(missed_, "packet") +
          " interrupted a recorder on the same CPU, and the kernel did not show " +
          (missed_ == 1 ? "it" : "them") + " to it: not even counted as received"};
}

void TracedSource::look(SourceReports& reports) {
  if (plan_.place) look_at_place(reports);
  reports.flush();
}

void TracedSource::look_at_place(SourceReports& reports) {
  const auto id = plan_.place->program();
  if (!id || *id == program_id_) return;
  const std::string& name = plan_.title.name;
  if (*id == 0) {
    reports.news("no program is attached to " + name + " any more: no packets " +
                 (plan_.follow ? "until one is" : "until the same one is again"));
  } else if (*id == traced_id_) {
    reports.news("the program that is traced is attached to " + name + " again");
  } else if (plan_.follow) {
    return follow(*id, reports);
  } else {
    reports.news("another program was attached to " + name +
                 ": still tracing the previous one (--follow would switch to the new one)");
  }
  program_id_ = *id;
  reports.post(kState, std::to_string(*id));
}

// The capture gets the links. If it cannot receive them now, they are sent again with the next
// look.
void TracedSource::follow(std::uint32_t program_id, SourceReports& reports) {
  try {
    if (found_id_ != program_id) {
      found_.clear();
      const UniqueFd program(bpf_prog_get_fd_by_id(program_id));
      if (!program.valid()) return;
      for (std::string& line : plan_.others.find({program_id})) reports.news(std::move(line));
      std::vector<Tracer> tracers = make_tracers(program.get());
      for (Tracer& tracer : tracers) tracer.link = attach_tracing_program(tracer.program.get());
      found_ = std::move(tracers);
      found_id_ = program_id;
    }
    Message message{.kind = kFound, .text = std::to_string(program_id)};
    for (const Tracer& tracer : found_) {
      message.descriptors.push_back(tracer.program.get());
      message.descriptors.push_back(tracer.link.get());
    }
    if (!reports.send(std::move(message))) return;
    found_.clear();
    found_id_ = 0;
    program_id_ = program_id;
    traced_id_ = program_id;
    last_error_.clear();
  } catch (const Error& error) {
    if (std::exchange(last_error_, error.what()) != error.what()) {
      reports.news("following the program on " + plan_.title.name + ": " + error.what());
    }
  }
}

}  // namespace xdpcap
