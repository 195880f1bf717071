// SPDX-License-Identifier: BSD-3-Clause
// The reasons that a program can give, as its section .rodata.xdpcap describes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xdpcap {

struct ReasonEntry {
  std::uint32_t id = 0;
  std::uint32_t line = 0;
  std::string text;
  std::string file;
  bool has_number = false;

  [[nodiscard]] std::string place() const;  // "lb.bpf.c:123"
  // Whether `wanted` is its text or its place, of which a path before the file's name is ignored.
  [[nodiscard]] bool is(std::string_view wanted) const;
  friend bool operator==(const ReasonEntry&, const ReasonEntry&) = default;
};

// The entries of a section, by id. Of several programs that were linked to one, entries may have
// the same id: these are left out, as nothing tells which of them is meant.
std::vector<ReasonEntry> parse_reasons(std::span<const std::byte> section);

// R"(reason="blocked port" at=fw.bpf.c:12 rule=7)".
std::string describe(const ReasonEntry& entry, std::uint32_t number);

}  // namespace xdpcap
