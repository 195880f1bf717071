// SPDX-License-Identifier: BSD-3-Clause
// What shows the state of a capture while it runs, besides the reporter's lines.
#pragma once

#include <string>
#include <vector>

#include "session/reporter.hpp"

namespace xdpcap {

// A renderer is called in the thread that empties the rings, so it must not wait for anything: what
// is slow belongs into a thread of its own.
class Renderer {
 public:
  Renderer() = default;
  Renderer(const Renderer&) = delete;
  Renderer& operator=(const Renderer&) = delete;
  Renderer(Renderer&&) = delete;
  Renderer& operator=(Renderer&&) = delete;
  virtual ~Renderer() = default;

  // When the capture begins, and then once a second. The report's strings and numbers are values,
  // but its reasons belong to the capture. Returns lines for the user.
  virtual std::vector<std::string> show(const Report& report) = 0;
  // At the end, with the final counts; may wait for some seconds. Returns lines for the user.
  virtual std::vector<std::string> finish(const Report& report) = 0;
  // In the guardian, when the capture was killed, with the final counts.
  virtual void abandon(const Report& /*report*/) {}
  // The descriptors that it needs for that.
  [[nodiscard]] virtual std::vector<int> descriptors() const { return {}; }
};

}  // namespace xdpcap
