// SPDX-License-Identifier: BSD-3-Clause
// Where the capture goes: a file, a FIFO, or stdout (a pipe, a socket, a file); a file whose name
// asks for it by way of a compressor.
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
  interrupted,  // the timeout expired while the other side was slow
  reader_gone,  // EPIPE, ECONNRESET: nobody reads any more
  failed,
};

struct WriteResult {
  WriteEnd end = WriteEnd::done;
  std::size_t written = 0;  // bytes, also when it did not end well
  int error_number = 0;     // of `failed`
};

// Timeout is how long to wait for a slow reader of a pipe: until the first of these.
struct Timeout {
  int interrupt_fd = -1;  // is readable
  int milliseconds = -1;  // have passed without any progress; -1: never
  std::uint64_t end = 0;  // is reached: CLOCK_MONOTONIC in ns; 0: never
};

class Output {
 public:
  // Opens `path`, or stdout for "-", and changes nothing yet: a file keeps what it holds. A FIFO is
  // waited for until somebody reads it, or `interrupt_fd` becomes readable. Throws Error, or
  // Stopped.
  static Output open(const std::string& path, int interrupt_fd = -1);
  // A file that is to take the place of whatever is at `path` with publish(). Like all that is
  // called with another output, it takes that one's folder if it is the same. Throws Error.
  static Output stage(const std::string& path, const Output& other);
  // The file `path` that an Output made, if it still is that one. Throws Error.
  static Output reopen(const std::string& path, FileId id, const Output& other);
  // Takes that file away again, if there is one, whether it was published or not.
  static void remove(const std::string& path, FileId id, const Output& other) noexcept;
  Output(Output&& other) noexcept;
  Output& operator=(Output&& other) noexcept;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  // Takes a file away again that open() made and that was never begun, or stage() made and that was
  // never published.
  ~Output();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  // All that another process needs to go on with it.
  [[nodiscard]] std::vector<int> descriptors() const;
  // Whether it is a file, in which one can go back.
  [[nodiscard]] bool is_file() const { return regular_ && compressor_ == nullptr; }
  // Whether it is a file, or becomes one.
  [[nodiscard]] bool ends_in_file() const { return regular_ && !shared_; }
  // Whether nothing that is written there is ever read: /dev/null.
  [[nodiscard]] bool discards() const { return name_ == "/dev/null"; }
  [[nodiscard]] FileId id() const;
  // Gives a file that open() made to another user. Throws Error.
  void give_to(uid_t user, gid_t group) const;

  // From here on what the file held before is gone. Throws Error.
  void begin();
  // Behind that and before the first write(): starts the compressor, if there is one. Throws Error.
  void connect();
  // Another process has begun it: it stays.
  void keep() { created_ = false; }
  // Gives a staged file its name. Throws Error: then it keeps the temporary one, and name() is
  // that.
  void publish();
  // Writes all that is in `pieces`, of which there are at most IOV_MAX, behind their first `skip`
  // bytes, and says how far it got.
  WriteResult write(std::span<const iovec> pieces, std::size_t skip, Timeout timeout) const;
  WriteResult write(std::span<const std::byte> bytes, Timeout timeout) const;
  // Cuts a file down to what stood in it `bytes` bytes ago, so that it ends in a whole block.
  void take_back(std::size_t bytes) const;
  // Goes back to `bytes` bytes behind the beginning; what was behind is gone. Only for a file.
  void go_back(std::uint64_t bytes) const;
  // Closes, and reports what the kernel had kept to itself until then (NFS, quota). Throws Error.
  void close();

  // The program that compresses, from connect() on; nothing when there is none. After close() it
  // goes on until it has written all that it was given.
  [[nodiscard]] std::optional<ChildProcess>& compressor() { return child_; }

  // Removes another file of that path.
  void remove_file(const std::string& path) const noexcept;

 private:
  Output(std::string name, UniqueFd fd);
  void forget_file() noexcept;

  std::string name_;
  FileLocation location_;   // none: stdout
  FileLocation temporary_;  // the name it has until it is published
  UniqueFd fd_;
  bool regular_ = false;
  bool socket_ = false;
  bool shared_ = false;  // stdout: what is in it already is not ours
  off_t start_ = 0;  // where in a file our output begins; stdout may have been redirected with >>
  bool created_ = false;
  bool named_ = true;
  bool staged_ = false;  // not published yet
  const Compressor* compressor_ = nullptr;
  std::optional<ChildProcess> child_;
};

}  // namespace xdpcap
