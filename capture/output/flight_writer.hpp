// SPDX-License-Identifier: BSD-3-Clause
// Writes the files of a flight recording.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.hpp"
#include "output/output.hpp"
#include "output/pcapng.hpp"
#include "process/child_process.hpp"

namespace xdpcap {

// A file that is to be written as a whole.
struct FlightFile {
  std::string path;
  pcapng::Bytes header;
  std::vector<iovec> blocks;           // packets; their memory must not change
  std::vector<std::uint64_t> packets;  // by interface
  std::vector<pcapng::Bytes> trailer;
};

// What has become of it.
struct WrittenFile {
  std::string path;
  std::uint64_t bytes = 0;             // before compression
  std::vector<std::uint64_t> packets;  // in it, by interface
  std::optional<ChildProcess> compressor;
  std::exception_ptr failure;
};

// FlightWriter writes one file at a time, in a thread: the one that empties the rings never waits
// for a disk or a compressor. A file gets its name when all of it is written.
class FlightWriter {
 public:
  // Files are written in the folder of `place`, which must outlive this.
  FlightWriter(const Output& place, std::size_t interfaces);
  FlightWriter(const FlightWriter&) = delete;
  FlightWriter& operator=(const FlightWriter&) = delete;
  FlightWriter(FlightWriter&&) = delete;
  FlightWriter& operator=(FlightWriter&&) = delete;
  // Stops.
  ~FlightWriter();

  // Begins to write a file, after the one before.
  void begin(FlightFile file);
  // Writes it here and now, or until `interrupt_fd` becomes readable.
  [[nodiscard]] WrittenFile write(const FlightFile& file, int interrupt_fd = -1) const;
  // The file, once, when it is written. The thread has ended by then.
  std::optional<WrittenFile> written();
  // Waits until it is written. Stops when `stop_fd` becomes readable: the file is then cut.
  void wait(int stop_fd);

 private:
  WriteResult write_all(const FlightFile& file, const Output& output, int interrupt_fd,
                        WrittenFile& done) const;

  const Output& place_;
  std::size_t interfaces_;
  UniqueFd done_fd_;  // eventfd(2): readable when it is written
  UniqueFd stop_fd_;  // readable when the thread is to stop
  std::thread thread_;
  std::optional<WrittenFile> written_;
};

}  // namespace xdpcap
