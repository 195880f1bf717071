// SPDX-License-Identifier: BSD-3-Clause
#include "session/toolbar_messages.hpp"

namespace xdpcap {
namespace {

constexpr char kSync = 'T';
constexpr std::size_t kHead = 4;     // 'T' and the length
constexpr std::size_t kNumbers = 2;  // control and command
// More than any filter. A larger length is no length.
constexpr std::size_t kMostLength = std::size_t{1} << 20U;

std::size_t byte_at(const std::string& bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

}  // namespace

std::string encode(const ToolbarMessage& message) {
  const std::string value = message.value.substr(0, kMostToolbarValue);
  const std::size_t length = value.size() + kNumbers;
  std::string bytes(1, kSync);
  for (const unsigned shift : {16U, 8U, 0U}) bytes += static_cast<char>(length >> shift);
  bytes += static_cast<char>(message.control);
  bytes += static_cast<char>(message.command);
  return bytes + value;
}

std::optional<ToolbarMessage> ToolbarDecoder::next() {
  while (true) {
    bytes_.erase(0, bytes_.find(kSync));
    if (bytes_.size() < kHead) return std::nullopt;
    const std::size_t length =
        byte_at(bytes_, 1) << 16U | byte_at(bytes_, 2) << 8U | byte_at(bytes_, 3);
    if (length < kNumbers || length > kMostLength) {
      bytes_.erase(0, 1);
      continue;
    }
    if (bytes_.size() < kHead + length) return std::nullopt;
    ToolbarMessage message{static_cast<std::uint8_t>(bytes_[kHead]),
                           static_cast<ToolbarCommand>(bytes_[kHead + 1]),
                           bytes_.substr(kHead + kNumbers, length - kNumbers)};
    bytes_.erase(0, kHead + length);
    return message;
  }
}

}  // namespace xdpcap
