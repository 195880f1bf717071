// SPDX-License-Identifier: BSD-3-Clause
#include "reason/entries.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

#include "base/text.hpp"
#include "recorder/record.h"

namespace xdpcap {
namespace {

// An entry, at a multiple of 8 bytes:
//
//    0  magic       XDPCAP_REASON_MAGIC
//    4  size        of the entry
//    6  flags       1: a number comes with it
//    8  id          the word that the program stores, without action and number
//   16  line
//   20  text        ends with a zero byte
//    +  file        the same
struct Head {
  std::uint32_t magic;
  std::uint16_t size;
  std::uint16_t flags;
  std::uint64_t id;
  std::uint32_t line;
};

constexpr std::size_t kHead = 20;  // without the padding at the end of Head
constexpr std::size_t kAlignment = 8;
constexpr std::uint64_t kMostId = 0xffff;
constexpr std::uint16_t kHasNumber = 1;
// A block with a comment still has to fit where a ring's last one does (XDPCAP_RING_OVERHANG).
constexpr std::size_t kMostText = 500;

// Removes a text that ends with a zero byte from the start of `bytes`.
std::string take_text(std::string_view& bytes) {
  const std::size_t end = std::min(bytes.find('\0'), bytes.size());
  std::string text = printable(std::string(bytes.substr(0, std::min(end, kMostText))));
  bytes.remove_prefix(std::min(end + 1, bytes.size()));
  return text;
}

std::optional<ReasonEntry> parse_entry(std::span<const std::byte> bytes, const Head& head) {
  if (head.size < kHead || head.size > bytes.size()) return std::nullopt;
  std::string_view texts(reinterpret_cast<const char*>(bytes.data()), head.size);
  texts.remove_prefix(kHead);
  ReasonEntry entry;
  entry.id = static_cast<std::uint32_t>(head.id);
  entry.line = head.line;
  entry.text = take_text(texts);
  entry.file = take_text(texts);
  entry.has_number = (head.flags & kHasNumber) != 0;
  return entry;
}

}  // namespace

std::vector<ReasonEntry> parse_reasons(std::span<const std::byte> section) {
  std::map<std::uint32_t, std::optional<ReasonEntry>> by_id;
  for (std::size_t at = 0; at + kHead <= section.size();) {
    Head head{};
    std::memcpy(&head, &section[at], kHead);
    const bool is_entry = head.magic == XDPCAP_REASON_MAGIC && head.id <= kMostId;
    const auto entry =
        is_entry ? parse_entry(section.subspan(at), head) : std::optional<ReasonEntry>();
    at += entry ? (head.size + kAlignment - 1) / kAlignment * kAlignment : kAlignment;
    if (!entry || entry->id == 0) continue;
    const auto [place, is_new] = by_id.try_emplace(entry->id, entry);
    if (!is_new && place->second != entry) place->second.reset();
  }
  std::vector<ReasonEntry> entries;
  for (auto& [id, entry] : by_id) {
    if (entry) entries.push_back(std::move(*entry));
  }
  return entries;
}

std::string ReasonEntry::place() const {
  return file + ':' + std::to_string(line);
}

bool ReasonEntry::is(std::string_view wanted) const {
  if (wanted == text || wanted == place()) return true;
  return wanted.ends_with('/' + place());
}

std::string describe(const ReasonEntry& entry, std::uint32_t number) {
  std::string quoted;
  for (const char c : entry.text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  const std::string rule = entry.has_number ? " rule=" + std::to_string(number) : "";
  return "reason=\"" + quoted + "\" at=" + entry.place() + rule;
}

}  // namespace xdpcap
