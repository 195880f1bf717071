// SPDX-License-Identifier: BSD-3-Clause
#include "read/file_time.hpp"

namespace xdpcap {
namespace {

constexpr std::uint8_t kDigits = 9;
constexpr std::uint64_t kSecond = 1'000'000'000;

std::uint64_t power_of_ten(unsigned exponent) {
  std::uint64_t power = 1;
  for (; exponent > 0; --exponent) power *= 10;
  return power;
}

std::uint64_t of_binary(std::uint64_t time, unsigned bits) {
  if (bits == 0) return time * kSecond;
  const std::uint64_t seconds = time >> bits;
  std::uint64_t fraction = time & ((std::uint64_t{1} << bits) - 1);
  // kSecond needs 30 bits.
  constexpr unsigned kMostBits = 64 - 30;
  if (bits > kMostBits) {
    fraction >>= bits - kMostBits;
    bits = kMostBits;
  }
  return seconds * kSecond + (fraction * kSecond >> bits);
}

}  // namespace

bool is_resolution(const FileInterface& interface) {
  constexpr std::uint8_t kMostBinary = 63;
  constexpr std::uint8_t kMostDecimal = 19;
  return interface.digits <= (interface.binary ? kMostBinary : kMostDecimal);
}

std::uint64_t nanoseconds(std::uint64_t time, const FileInterface& interface) {
  std::uint64_t result = 0;
  if (interface.binary) {
    result = of_binary(time, interface.digits);
  } else if (interface.digits > kDigits) {
    result = time / power_of_ten(interface.digits - kDigits);
  } else {
    result = time * power_of_ten(kDigits - interface.digits);
  }
  return result + static_cast<std::uint64_t>(interface.offset) * kSecond;
}

}  // namespace xdpcap
