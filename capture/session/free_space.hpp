// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace xdpcap {

// FreeSpace asks how much room there is on the disk of a file, in a thread of its own: a network
// file system that does not answer holds up nothing else, not even the end of the process.
class FreeSpace {
 public:
  FreeSpace();

  // Asks again, and returns the newest answer: bytes, or nothing while there is none, as for what
  // is not a file.
  std::optional<std::uint64_t> of(const std::string& path);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace xdpcap
