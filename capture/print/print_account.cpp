// SPDX-License-Identifier: BSD-3-Clause
#include "print/print_account.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"

namespace xdpcap {

PrintAccount::PrintAccount() : fd_(::memfd_create("xdpcap_print", MFD_CLOEXEC)) {
  if (!fd_.valid()) throw system_error("making room for the account of what is printed", errno);
}

void PrintAccount::report(const State& state) const {
  [[maybe_unused]] const ssize_t written = ::pwrite(fd_.get(), &state, sizeof(state), 0);
}

PrintAccount::State PrintAccount::read() const {
  State state;
  const ssize_t count = ::pread(fd_.get(), &state, sizeof(state), 0);
  return count == sizeof(state) ? state : State{};
}

}  // namespace xdpcap
