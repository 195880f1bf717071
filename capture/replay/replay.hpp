// SPDX-License-Identifier: BSD-3-Clause
// Runs a loaded XDP program over a capture file and writes the output.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/error.hpp"
#include "bpf/loaded_program.hpp"
#include "output/capture_file.hpp"
#include "replay/capture_reader.hpp"
#include "replay/replay_statistics.hpp"
#include "replay/test_run.hpp"
#include "session/options.hpp"

namespace xdpcap {

class Replay {
 public:
  // Opens the capture, the program and the output, and changes none of them. `options.replay` must
  // be set; `stop_fd` becomes readable to end the replay early. Throws Error.
  Replay(const Options& options, int stop_fd);

  // Replays to the end of the capture, or until stopped. The output is not changed before the
  // program has run once. Throws Error.
  void run();

 private:
  std::optional<SourcePacket> next_packet();
  void replay(const SourcePacket& packet);
  void begin();
  void write(const pcapng::Packet& packet);
  void finish();
  void wait_for_compressor();
  [[nodiscard]] bool wants(XdpAction action, std::span<const std::byte> packet) const;

  const Options& options_;
  int stop_fd_;
  CaptureReader source_;
  LoadedProgram program_;
  TestRun test_run_;
  CaptureFile file_;
  ReplayStatistics statistics_;
  std::vector<pcapng::Bytes> waiting_;  // the blocks of the current batch
  std::optional<Error> read_error_;     // the error that ended the reading
  bool begun_ = false;
  bool output_ended_ = false;
};

}  // namespace xdpcap
