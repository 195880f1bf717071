// SPDX-License-Identifier: BSD-3-Clause
// The options that say what to capture from, as plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xdpcap {

// How packets are captured from a program.
enum class Method : std::uint8_t {
  any,     // the first of these that is possible
  hook,    // by recorders in its hook
  trace,   // by a program that the kernel runs after it (fexit) or before it (fentry)
  attach,  // by a recorder of our own, attached to an interface that has no program
};

// Where a traced program's packets are captured.
enum class CapturePoint : std::uint8_t { exit, entry, both };

struct SourceOptions {
  std::vector<std::string> names;  // as typed; parse_source() reads them
  bool is_plain = false;           // one hook, named without -i: its interfaces have xdpcap's names
  Method method = Method::any;
  CapturePoint at = CapturePoint::exit;
  bool may_attach = true;  // a recorder of our own, unless `method` says so
  bool wait = false;       // until they are there
  bool follow = false;     // continue with what replaces them
  bool replace = false;    // take over slots of hooks that other captures hold
};

}  // namespace xdpcap
