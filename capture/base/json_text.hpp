// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace xdpcap {

// `text` as a JSON string (RFC 8259, section 7), quotes included. Each byte that is not valid UTF-8
// (file names may have some) becomes U+FFFD.
std::string json_string(std::string_view text);

// A member of an object: "name":"text", "name":12.
std::string json_member(std::string_view name, std::string_view text);
std::string json_member(std::string_view name, std::uint64_t number);

}  // namespace xdpcap
