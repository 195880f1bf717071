// SPDX-License-Identifier: BSD-3-Clause
// Reads a capture file: prints its packets, or writes some of them to another file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>

#include "base/error.hpp"
#include "print/printer.hpp"
#include "read/capture_stream.hpp"
#include "read/chosen_file.hpp"
#include "read/input.hpp"
#include "read/packet_choice.hpp"
#include "read/printed_blocks.hpp"
#include "session/options.hpp"

namespace xdpcap {

class ReadBack {
 public:
  // Opens the file. `options.read` must be set; `stop_fd` becomes readable to end the reading
  // early. Throws Error.
  ReadBack(const Options& options, int stop_fd);

  // Reads to the end of the file, to the last packet that is wanted, or until stopped. The output
  // is not changed if the file is not a capture. Throws Error.
  void run();

 private:
  std::size_t read(std::span<std::byte> into);
  template <class Step>
  auto reading(Step step) -> decltype(step());
  void read_blocks();
  void take(const FileBlock& block);
  void take_packet(const FileBlock& block);
  bool flush();
  void finish();
  void tell_counts();

  const Options& options_;
  int stop_fd_;
  Input input_;
  PacketChoice choice_;
  std::optional<ChosenFile> file_;
  std::optional<Printer> printer_;
  PrintedBlocks printed_;
  std::optional<CaptureStream> stream_;
  std::uint64_t packets_ = 0;  // read
  std::uint64_t chosen_ = 0;
  bool ended_ = false;               // enough packets, or nobody reads them
  std::exception_ptr interruption_;  // of read()
};

}  // namespace xdpcap
