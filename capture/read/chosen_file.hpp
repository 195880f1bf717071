// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "output/output.hpp"
#include "read/file_block.hpp"
#include "read/input.hpp"

namespace xdpcap {

// ChosenFile is the file of chosen packets: their blocks are copied, in the format and the byte
// order that they have.
class ChosenFile {
 public:
  // Opens it without changing it. Throws Error, UsageError if it is the file that is read.
  ChosenFile(const std::string& path, const Input& input, int stop_fd);

  void add(const FileBlock& block);
  // Writes what was added, if it is much or a packet is among it. Returns false if no more can be
  // written because its reader has gone, or because of `stop_fd`. Throws Error.
  bool flush();
  // Completes the file. Throws Error.
  void finish();

 private:
  bool write();

  std::string path_;
  Output output_;
  int stop_fd_;
  std::vector<std::byte> waiting_;
  bool has_packet_ = false;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace xdpcap
