// SPDX-License-Identifier: BSD-3-Clause
// A capture file run through a loaded XDP program, from the open file to the completed output.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/error.hpp"
#include "bpf/loaded_program.hpp"
#include "output/capture_file.hpp"
#include "replay/capture_source.hpp"
#include "replay/replay_statistics.hpp"
#include "replay/test_run.hpp"
#include "session/options.hpp"

namespace xdpcap {

class Replay {
 public:
  // Opens the capture, the program and the output, of which none has changed yet. `options.replay`
  // is given; `stop_fd` becomes readable when the replay is to end early. Throws Error.
  Replay(const Options& options, int stop_fd);

  // Replays to the end of the capture, or until stopped. The output changes only when the program
  // has run once. Throws Error.
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
  CaptureSource source_;
  LoadedProgram program_;
  TestRun test_run_;
  CaptureFile file_;
  ReplayStatistics statistics_;
  std::vector<pcapng::Bytes> waiting_;  // blocks of the batch that is not written yet
  std::optional<Error> damage_;         // what ended the reading
  bool begun_ = false;
  bool output_ended_ = false;
};

}  // namespace xdpcap
