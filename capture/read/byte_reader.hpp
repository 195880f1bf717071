// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <span>

namespace xdpcap {

// ByteReader reads numbers from bytes in the order of the machine that wrote them. Beyond the end
// there are zeros.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes, bool swapped)
      : bytes_(bytes), swapped_(swapped) {}

  template <class Number>
  [[nodiscard]] Number at(std::size_t offset) const {
    std::array<std::byte, sizeof(Number)> number{};
    if (offset + sizeof(Number) <= bytes_.size()) {
      std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), sizeof(Number),
                  number.begin());
    }
    if (swapped_) std::reverse(number.begin(), number.end());
    return std::bit_cast<Number>(number);
  }

 private:
  std::span<const std::byte> bytes_;
  bool swapped_;
};

}  // namespace xdpcap
