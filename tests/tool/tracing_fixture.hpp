// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "base/error.hpp"
#include "bpf/tracing_program.hpp"

namespace xdpcap::test {

// Called by SetUp(): skips the test if this kernel does not let the program be traced. Those of
// tests/vm do.
inline void skip_without_tracing(int program_fd) {
  std::string error;
  try {
    require_tracing(program_fd, TracePoint::exit);
    require_tracing(program_fd, TracePoint::entry);
  } catch (const Error& refused) {
    error = refused.what();
  }
  if (error.empty()) return;
  if (std::getenv("XDPCAP_VM") != nullptr) FAIL() << error;
  GTEST_SKIP() << "this kernel refuses tracing programs: " << error;
}

}  // namespace xdpcap::test
