// SPDX-License-Identifier: BSD-3-Clause
// The part of a session that says what it has done so far.
#include <cstddef>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/tell.hpp"
#include "filter/expression.hpp"
#include "reason/reason_table.hpp"
#include "session/rescue.hpp"
#include "session/session.hpp"

namespace xdpcap {

// As tcpdump says it, once the recorders are installed.
void Session::say_sources() const {
  const std::string what =
      options_.only_counts ? ", packets are only counted"
                           : ", link-type " + link_type_text(options_.link_type) +
                                 ", snapshot length " + std::to_string(options_.snaplen) + " bytes";
  std::string lines;
  for (const auto& source : sources_) {
    const SourceTitle& title = source->title();
    const std::string& name = title.label.empty() ? title.name : title.label;
    if (!lines.empty()) lines += '\n';
    lines.append("listening on ")
        .append(name)
        .append(" (")
        .append(title.how)
        .append(")")
        .append(what);
  }
  tell(lines + (records(options_) ? ", " + recording_.buffers() : "") + '\n');
}

// Of several sources, the fates of the packets are told apart.
void Session::summarize(const std::vector<InterfaceStatistics>& statistics, bool reader_gone) {
  Report report = state(statistics);
  std::string table;
  if (const auto& fates = recording_.fates()) {
    const bool several = sources_.size() > 1;
    table = fates->table(several ? report.sources : std::vector<std::string>(),
                         recording_.interfaces());
    for (std::size_t i = 0; several && i < sources_.size(); ++i) {
      report.fates.push_back(fates->as_json(i, recording_.interfaces()));
    }
  }
  if (const auto& reasons = recording_.reasons()) {
    const std::vector<ReasonCount> counts = reasons->counts(report.interfaces);
    table += reason_table(counts, report.sources);
    report.reasons = reasons_as_json(counts, report.sources);
  }
  reporter_.summary(report, table, reader_gone);
}

void Session::render(std::vector<std::string> (Renderer::*function)(const Report&), Report report) {
  if (renderers_.empty()) return;
  add_details(report);
  for (const auto& renderer : renderers_) tell_all((renderer.get()->*function)(report));
}

void Session::add_details(Report& report) const {
  for (const auto& source : sources_) {
    if (source->is_idle()) report.idle_sources.insert(report.titles.size());
    report.titles.push_back(source->title());
  }
  if (const auto& reasons = recording_.reasons()) {
    report.reason_counts = reasons->counts(report.interfaces);
  }
  if (const auto& fates = recording_.fates()) {
    report.fate_counts = fates->counts(recording_.interfaces());
  }
}

// In the guardian. Without a file to complete, what was written is known from the checkpoint.
void Session::rescue_from_guardian() {
  std::exception_ptr failure;
  const bool can_finish = guardian_can_finish();
  const auto& user = options_.files.user;
  Checkpoint& checkpoint = recording_.checkpoint();
  try {
    if (can_finish && !rescue(recording_, user)) return;
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  if (!can_finish) {
    if (!checkpoint.begun() || !checkpoint.claim()) return;
    if (user) become(*user);
  }
  std::vector<InterfaceStatistics> statistics = recording_.statistics();
  for (std::size_t i = 0; !can_finish && !options_.only_counts && i < statistics.size(); ++i) {
    statistics[i].written = checkpoint.state().written[i];
  }
  Report report = state(std::move(statistics));
  add_details(report);
  // The killed process had counted these.
  std::erase_if(report.fate_counts, [](const FateCount& one) { return one.by == "stack"; });
  for (const auto& renderer : renderers_) renderer->abandon(report);
  if (failure) std::rethrow_exception(failure);
}

Report Session::state(std::vector<InterfaceStatistics> statistics) const {
  const CaptureFiles& files = recording_.files();
  OutputStatistics output{.file = files.path(), .files = files.count(), .bytes = files.bytes()};
  if (const auto& flight = recording_.flight()) {
    output = {.file = flight->path(), .files = flight->count(), .bytes = flight->bytes()};
  }
  std::vector<std::string> names;
  for (const auto& source : sources_) {
    if (!source->title().label.empty()) names.push_back(source->title().label);
  }
  return {.interfaces = std::move(statistics),
          .sources = std::move(names),
          .output = std::move(output),
          .only_counts = options_.only_counts,
          .has_memory = recording_.flight().has_value(),
          .date = recording_.now().date,
          .elapsed = monotonic_now() - start_};
}

}  // namespace xdpcap
