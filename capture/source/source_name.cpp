// SPDX-License-Identifier: BSD-3-Clause
#include "source/source_name.hpp"

#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"

namespace xdpcap {
namespace {

constexpr std::string_view kMap = "map:";
constexpr std::string_view kProgram = "prog:";

[[noreturn]] void refuse(const std::string& text) {
  throw UsageError(
      "-i: \"" + text + "\" names no source",
      "write an interface (eth0, or eth0@NETNS), prog:ID, prog:NAME, map:ID, or a path "
      "below /sys/fs/bpf");
}

}  // namespace

SourceName parse_source(const std::string& text) {
  using Kind = SourceName::Kind;
  if (text.starts_with(kMap)) {
    const auto id = parse_number<std::uint32_t>(text.substr(kMap.size()));
    if (!id) refuse(text);
    return {.kind = Kind::map, .text = text, .name = text, .map_id = *id};
  }
  if (text.starts_with(kProgram)) {
    const std::string name = text.substr(kProgram.size());
    if (name.empty() || name.find('/') != std::string::npos) refuse(text);
    return {.kind = Kind::program, .text = text, .name = name};
  }
  if (text.find('/') != std::string::npos) return {.kind = Kind::path, .text = text, .name = text};
  const auto at = text.rfind('@');
  SourceName source{.kind = Kind::interface, .text = text, .name = text.substr(0, at)};
  if (at != std::string::npos) source.network_namespace = text.substr(at + 1);
  const bool lacks_namespace = at != std::string::npos && source.network_namespace.empty();
  if (source.name.empty() || lacks_namespace) refuse(text);
  return source;
}

}  // namespace xdpcap
