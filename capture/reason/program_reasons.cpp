// SPDX-License-Identifier: BSD-3-Clause
#include "reason/program_reasons.hpp"

#include <bpf/bpf.h>

#include <cstring>
#include <set>
#include <span>
#include <utility>

#include "base/error.hpp"
#include "bpf/map_info.hpp"
#include "bpf/program_info.hpp"
#include "recorder/record.h"

namespace xdpcap {
namespace {

constexpr std::size_t kLine = sizeof(xdpcap_reasons_head);
constexpr std::size_t kWordsBytes = kLine * (1 + XDPCAP_REASON_CPUS);
// Of a section; the texts of a program are shorter.
constexpr std::size_t kMostBytes = std::size_t{1} << 24U;

struct Section {
  UniqueFd fd;
  std::vector<std::byte> bytes;

  template <class Number>
  [[nodiscard]] bool begins_with(Number magic) const {
    return bytes.size() >= sizeof(magic) && std::memcmp(bytes.data(), &magic, sizeof(magic)) == 0;
  }
};

// The contents of a map that may be a section of an object file; empty if it is none.
Section read_section(std::uint32_t map_id) {
  Section section{.fd = UniqueFd(bpf_map_get_fd_by_id(map_id)), .bytes = {}};
  const auto info = section.fd.valid() ? map_info(section.fd.get()) : std::nullopt;
  if (!info || info->type != BPF_MAP_TYPE_ARRAY || info->max_entries != 1) return section;
  if (info->value_size > kMostBytes) return section;
  section.bytes.resize(info->value_size);
  const std::uint32_t key = 0;
  if (bpf_map_lookup_elem(section.fd.get(), &key, section.bytes.data()) != 0) section.bytes.clear();
  return section;
}

bool is_words(const Section& section) {
  return section.bytes.size() == kWordsBytes && section.begins_with(XDPCAP_REASON_WORDS_MAGIC);
}

// Of all programs that use the map of the words: the one that uses the hook may set no reason
// itself, but be called by others that do.
std::vector<ReasonEntry> entries_beside(std::uint32_t words_id) {
  std::set<std::uint32_t> seen;
  for (const std::uint32_t program : programs_using(words_id)) {
    const auto info = find_program(program);
    if (!info) continue;
    for (const std::uint32_t map : info->map_ids) {
      if (!seen.insert(map).second) continue;
      const Section section = read_section(map);
      if (section.begins_with(XDPCAP_REASON_MAGIC)) return parse_reasons(section.bytes);
    }
  }
  return {};
}

}  // namespace

std::vector<ProgramReasons> find_reasons(const std::vector<std::uint32_t>& programs) {
  std::vector<ProgramReasons> all;
  std::set<std::uint32_t> seen;
  for (const std::uint32_t program : programs) {
    const auto info = find_program(program);
    if (!info) continue;
    for (const std::uint32_t map : info->map_ids) {
      if (!seen.insert(map).second) continue;
      Section section = read_section(map);
      if (!is_words(section)) continue;
      std::vector<ReasonEntry> entries = entries_beside(map);
      if (entries.empty()) continue;
      all.push_back(
          {.words_id = map, .words = std::move(section.fd), .entries = std::move(entries)});
    }
  }
  return all;
}

void remove_old_reasons(const ProgramReasons& reasons) {
  std::vector<std::byte> words(kWordsBytes);
  constexpr std::uint64_t kMagic = XDPCAP_REASON_WORDS_MAGIC;
  std::memcpy(words.data(), &kMagic, sizeof(kMagic));
  const std::uint32_t key = 0;
  if (bpf_map_update_elem(reasons.words.get(), &key, words.data(), BPF_ANY) != 0) {
    throw system_error("removing old reasons of a program", errno);
  }
}

}  // namespace xdpcap
