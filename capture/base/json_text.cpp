// SPDX-License-Identifier: BSD-3-Clause
#include "base/json_text.hpp"

namespace xdpcap {

std::string json_string(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20) {
      quoted += "\\u00";
      quoted += kHex[byte >> 4U];
      quoted += kHex[byte & 0xfU];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string json_member(std::string_view name, std::string_view text) {
  return json_string(name) + ":" + json_string(text);
}

std::string json_member(std::string_view name, std::uint64_t number) {
  return json_string(name) + ":" + std::to_string(number);
}

}  // namespace xdpcap
