// SPDX-License-Identifier: BSD-3-Clause
#include "read/packet_choice.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"
#include "read/packet_words.hpp"

namespace xdpcap {
namespace {

bool continues_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
}

// As a whole: "eth1" is not in "hook on eth10".
bool has_words(std::string_view text, std::string_view words) {
  for (std::size_t at = 0; (at = text.find(words, at)) != std::string_view::npos; ++at) {
    const std::size_t end = at + words.size();
    const bool begins = at == 0 || !continues_name(text[at - 1]);
    if (begins && (end == text.size() || !continues_name(text[end]))) return true;
  }
  return false;
}

// A source that -i names: the interface's whole name, the source in it, or in its description.
bool is_named(const FileInterface& interface, const std::string& source) {
  return interface.name == source || source_of(interface) == source ||
         has_words(interface.description, source);
}

bool may_leave_out(const Options& options) {
  return !options.filter_text.empty() || options.actions || options.fates ||
         !options.reasons.empty() || !options.sources.names.empty() || options.read->since ||
         options.read->until || options.files.limits.packets != kUnlimited;
}

}  // namespace

PacketChoice::PacketChoice(const Options& options)
    : options_(options),
      filter_(options.filter_text),
      leaves_out_(may_leave_out(options)),
      found_(options.sources.names.size()) {}

bool PacketChoice::takes(const FilePacket& packet, const FileInterface& interface) {
  return is_in_time(packet.time) && is_from_source(interface) && has_action(packet, interface) &&
         has_fate(packet) && has_reason(packet) && filter_.takes(packet, interface);
}

bool PacketChoice::is_in_time(std::uint64_t time) {
  const ReadOptions& read = *options_.read;
  if (!since_) {
    since_ = read.since ? read.since->after(time) : 0;
    until_ = read.until ? read.until->after(time) : ~std::uint64_t{0};
  }
  return time >= *since_ && time < until_;
}

bool PacketChoice::is_from_source(const FileInterface& interface) const {
  const auto& sources = options_.sources.names;
  return sources.empty() ||
         std::any_of(sources.begin(), sources.end(),
                     [&](const std::string& source) { return is_named(interface, source); });
}

bool PacketChoice::has_action(const FilePacket& packet, const FileInterface& interface) const {
  if (!options_.actions) return true;
  const auto action = action_of(packet, interface);
  return action && std::binary_search(options_.actions->begin(), options_.actions->end(), *action);
}

bool PacketChoice::has_fate(const FilePacket& packet) const {
  if (!options_.fates) return true;
  const FateWords words = fate_of(packet);
  return options_.fates->takes(words.fate, words.reason);
}

bool PacketChoice::has_reason(const FilePacket& packet) const {
  const auto& wanted = options_.reasons;
  if (wanted.empty()) return true;
  const auto reason = given_reason(packet);
  return reason && std::any_of(wanted.begin(), wanted.end(),
                               [&](const std::string& one) { return reason->is(one); });
}

void PacketChoice::note(const FileInterface& interface) {
  constexpr std::size_t kMostShown = 20;
  const auto& sources = options_.sources.names;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (is_named(interface, sources[i])) found_[i] = true;
  }
  const std::string name = printable(interface.name.empty() ? "(no name)" : interface.name);
  const bool is_known = std::find(names_.begin(), names_.end(), name) != names_.end();
  if (!is_known && names_.size() < kMostShown) names_.push_back(name);
}

void PacketChoice::check_sources() const {
  const auto missing = std::find(found_.begin(), found_.end(), false);
  if (missing == found_.end()) return;
  const auto index = static_cast<std::size_t>(missing - found_.begin());
  throw UsageError("-i " + options_.sources.names[index] + ": the file has no such interface",
                   "it has " + join(names_, ", "));
}

}  // namespace xdpcap
