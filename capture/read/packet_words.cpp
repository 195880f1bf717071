// SPDX-License-Identifier: BSD-3-Clause
#include "read/packet_words.hpp"

#include <cstddef>

#include "base/error.hpp"
#include "base/text.hpp"

namespace xdpcap {
namespace {

constexpr std::string_view kReason = "reason=\"";

// After the source: "XDPdrop" of "eth0/XDPdrop".
std::string_view last_part(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

std::optional<XdpAction> action_in(std::string_view name) {
  if (name.ends_with("@fentry")) return kAtEntry;
  std::string_view action = last_part(name);
  if (!action.starts_with("XDP")) return std::nullopt;
  action.remove_prefix(3);
  if (action == kAtEntry.name()) return kAtEntry;
  const std::string word = to_lower(action);
  std::string_view number = word;
  if (number.starts_with("xdpaction(") && number.ends_with(')')) {
    number.remove_prefix(std::string_view("xdpaction(").size());
    number.remove_suffix(1);
  }
  try {
    return parse_action(number);
  } catch (const UsageError&) {
    return std::nullopt;
  }
}

}  // namespace

std::string_view source_of(const FileInterface& interface) {
  const std::string_view name = interface.name;
  const bool is_of_xdpdump = name.ends_with("@fentry") || name.ends_with("@fexit");
  const std::size_t end = is_of_xdpdump ? name.find(':') : name.rfind('/');
  return end == std::string_view::npos ? std::string_view() : name.substr(0, end);
}

std::optional<XdpAction> action_of(const FilePacket& packet, const FileInterface& interface) {
  if (packet.verdict) return XdpAction(static_cast<std::uint32_t>(*packet.verdict));
  return action_in(interface.name);
}

std::string name_for_printing(const FileInterface& interface, std::optional<XdpAction> action) {
  if (!action) return interface.name;
  const std::string source(source_of(interface));
  return (source.empty() ? "" : source + "/") + "XDP" + action->name();
}

std::string comment_of(const FilePacket& packet) {
  std::string all;
  for (const std::string_view comment : packet.comments) {
    all += (all.empty() ? "" : " ") + std::string(trim(comment));
  }
  return printable(std::move(all));
}

FateWords fate_of(const FilePacket& packet) {
  FateWords words{.fate = "none", .reason = {}};
  for (const std::string_view comment : packet.comments) {
    if (!comment.starts_with("fate=")) continue;
    for (const std::string_view word : split(comment, ' ')) {
      const std::size_t equals = word.find('=');
      if (equals == std::string_view::npos) continue;
      if (word.starts_with("fate=")) words.fate = word.substr(equals + 1);
      if (word.starts_with("reason=")) words.reason = to_lower(word.substr(equals + 1));
    }
  }
  return words;
}

// reason="no route" at=lb.bpf.c:123 rule=7
std::optional<ReasonEntry> given_reason(const FilePacket& packet) {
  for (std::string_view comment : packet.comments) {
    if (!comment.starts_with(kReason)) continue;
    ReasonEntry reason;
    std::size_t at = kReason.size();
    for (; at < comment.size() && comment[at] != '"'; ++at) {
      if (comment[at] == '\\' && at + 1 < comment.size()) ++at;
      reason.text += comment[at];
    }
    comment.remove_prefix(std::min(comment.size(), at + 1));
    constexpr std::string_view kAt = " at=";
    if (comment.starts_with(kAt)) {
      comment.remove_prefix(kAt.size());
      const std::string_view place = comment.substr(0, comment.find(" rule="));
      const std::size_t colon = place.rfind(':');
      reason.file = place.substr(0, colon);
      if (colon != std::string_view::npos) {
        reason.line = parse_number<std::uint32_t>(trim(place.substr(colon + 1))).value_or(0);
      }
    }
    return reason;
  }
  return std::nullopt;
}

}  // namespace xdpcap
