// SPDX-License-Identifier: BSD-3-Clause
// The output of the capture: a file, a FIFO, or stdout (a pipe, a socket, a file). Files with the
// suffix of a compressor are written through it.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "output/compressor.hpp"
#include "output/file_location.hpp"
#include "process/child_process.hpp"

namespace xdpcap {

enum class WriteEnd : std::uint8_t {
  done,
  interrupted,  // the timeout expired while the reader was slow
  reader_gone,  // EPIPE, ECONNRESET
  failed,
};

struct WriteResult {
  WriteEnd end = WriteEnd::done;
  std::size_t written = 0;  // bytes, also on failure
  int error_number = 0;     // of `failed`
};

// Timeout is how long to wait for a slow reader of a pipe: until the first of these.
struct Timeout {
  int interrupt_fd = -1;  // is readable
  int milliseconds = -1;  // have passed without any progress; -1: no limit
  std::uint64_t end = 0;  // is reached: CLOCK_MONOTONIC in ns; 0: no limit
};

class Output {
 public:
  // Opens `path`, or stdout for "-", without changing it: a file keeps its contents. For a FIFO it
  // waits until there is a reader, or until `interrupt_fd` becomes readable. Throws Error, or
  // Stopped.
  static Output open(const std::string& path, int interrupt_fd = -1);
  // Creates a file that publish() will put in place of whatever is at `path`. Like all functions
  // with an `other` output, it uses that one's open folder if the path is the same. Throws Error.
  static Output stage(const std::string& path, const Output& other);
  // Opens the file `path` that an Output created, if it is still the same file, or one that is to
  // be published there. Throws Error.
  static Output reopen(const std::string& path, FileId id, const Output& other);
  // Removes that file if it exists, published or not.
  static void remove(const std::string& path, FileId id, const Output& other) noexcept;
  Output(Output&& other) noexcept;
  Output& operator=(Output&& other) noexcept;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  // Removes a file that open() created and that was never begun, or that stage() created and that
  // was never published.
  ~Output();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  // The descriptors that another process needs to continue it.
  [[nodiscard]] std::vector<int> descriptors() const;
  // Whether it is a file that can be truncated.
  [[nodiscard]] bool is_file() const { return regular_ && compressor_ == nullptr; }
  // Where in the file this output begins.
  [[nodiscard]] std::uint64_t start() const { return static_cast<std::uint64_t>(start_); }
  // Whether it is a file, compressed or not, with a name.
  [[nodiscard]] bool ends_in_file() const { return regular_ && !shared_; }
  // Whether it is /dev/null.
  [[nodiscard]] bool discards() const { return name_ == "/dev/null"; }
  [[nodiscard]] FileId id() const;
  // Changes the owner of a file that open() created. Throws Error.
  void give_to(uid_t user, gid_t group) const;

  enum class Contents : std::uint8_t { are_removed, stay };
  // Gives the file its name, and truncates it. Throws Error.
  void begin(Contents contents = Contents::are_removed);
  // Whether it has so much contents that truncating it takes long.
  [[nodiscard]] bool replaces_large_file() const;
  // After begin() and before the first write(): starts the compressor, if any. Throws Error.
  void connect();
  // Another process has begun it, so the destructor must not remove it.
  void keep();
  // Gives a staged file its name. Throws Error; the file and name() then keep the temporary name.
  void publish();
  // Writes `pieces`, of which there are at most IOV_MAX, without their first `skip` bytes.
  WriteResult write(std::span<const iovec> pieces, std::size_t skip, Timeout timeout) const;
  WriteResult write(std::span<const std::byte> bytes, Timeout timeout) const;
  // Writes to a file at `offset`, wherever the last write ended.
  WriteResult write_at(std::uint64_t offset, std::span<const iovec> pieces) const;
  // Removes the last `bytes` bytes of a file, so that it ends in a whole block.
  void remove_last(std::size_t bytes) const;
  // Truncates a file to `bytes` bytes from the beginning of this output, and continues there.
  // Returns false, with errno, on failure.
  [[nodiscard]] bool truncate(std::uint64_t bytes) const;
  // The same. Throws Error.
  void go_back(std::uint64_t bytes) const;
  // Makes whoever shares the open file continue behind the first `bytes` bytes of this output.
  void seek(std::uint64_t bytes) const;
  // Closes, and reports errors that the kernel had deferred (NFS, quota). Throws Error.
  void close();

  // The compressor, if any, from connect() on. After close() it runs until it has written
  // everything.
  [[nodiscard]] std::optional<ChildProcess>& compressor() { return child_; }

  // Removes another file of that path.
  void remove_file(const std::string& path) const noexcept;

 private:
  Output(std::string name, UniqueFd fd);
  void discard_file() noexcept;

  std::string name_;
  FileLocation location_;   // none: stdout
  FileLocation temporary_;  // its name until it is published
  UniqueFd fd_;
  bool regular_ = false;
  bool socket_ = false;
  bool shared_ = false;  // stdout, which may have other contents
  off_t start_ = 0;  // where in a file this output begins; stdout may have been redirected with >>
  bool created_ = false;
  bool named_ = true;
  bool staged_ = false;  // not published yet
  const Compressor* compressor_ = nullptr;
  std::optional<ChildProcess> child_;
};

}  // namespace xdpcap
