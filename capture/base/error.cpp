// SPDX-License-Identifier: BSD-3-Clause
#include "base/error.hpp"

#include <system_error>
#include <utility>

namespace xdpcap {

std::string errno_text(int error_number) {
  return std::generic_category().message(error_number);
}

Error system_error(std::string_view doing, int error_number, std::string hint) {
  return Error(std::string(doing) + ": " + errno_text(error_number), std::move(hint));
}

}  // namespace xdpcap
