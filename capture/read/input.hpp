// SPDX-License-Identifier: BSD-3-Clause
// The bytes of a capture file, decompressed if they are compressed.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "base/unique_fd.hpp"
#include "process/child_process.hpp"

namespace xdpcap {

// Input is a file, a FIFO, or stdin ("-"). What is compressed is recognized by its first bytes, so
// a pipe may be compressed, too.
class Input {
 public:
  // `stop_fd` becomes readable to end the waiting for bytes of a pipe; -1: never. Throws Error.
  Input(const std::string& path, int stop_fd);

  // Reads at least one byte; 0 at the end, or when it was told to stop. Throws Error if reading or
  // decompressing fails.
  std::size_t read(std::span<std::byte> into);
  // Whether a descriptor refers to the same file.
  [[nodiscard]] bool is_same_file(int fd) const;
  // The descriptor of the decompressed bytes, for those that read it themselves.
  [[nodiscard]] UniqueFd take_descriptor();
  // After the last byte: throws Error if the decompressor failed, so that it was not all.
  void check_end();
  // If the bytes are no capture: throws Error if that is because the decompressor has failed.
  void check_error();
  // What messages call it.
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  void decompress();

  std::string name_;
  int stop_fd_;
  UniqueFd file_;
  UniqueFd bytes_;  // of the decompressor; none: those of the file
  std::optional<ChildProcess> decompressor_;
};

}  // namespace xdpcap
