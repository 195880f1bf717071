// SPDX-License-Identifier: BSD-3-Clause
// Where the capture goes: a file, a FIFO, or stdout.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/unique_fd.hpp"

namespace xdpcap {

enum class WriteEnd : std::uint8_t {
  done,
  interrupted,  // the stop fd became readable, or patience ended, while the other side was slow
  reader_gone,  // EPIPE: nobody reads any more
  failed,
};

struct WriteResult {
  WriteEnd end = WriteEnd::done;
  std::size_t written = 0;  // bytes, also when it did not end well
  int error_number = 0;     // of `failed`
};

// Patience says how long to wait for a slow reader of a pipe.
struct Patience {
  int interrupt_fd = -1;  // readable: stop waiting
  int milliseconds = -1;  // without any progress; -1: for ever
};

class Output {
 public:
  // Opens `path`, or stdout for "-", and changes nothing yet: a file keeps what it holds. A FIFO is
  // waited for until somebody reads it, or `interrupt_fd` becomes readable. Throws Error, or
  // Stopped.
  static Output open(const std::string& path, int interrupt_fd = -1);
  Output(Output&& other) noexcept;
  Output& operator=(Output&&) = delete;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  // Takes a file away again that open() made and that was never begun.
  ~Output();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  // Whether it is a file, in which one can go back.
  [[nodiscard]] bool is_file() const { return regular_; }
  // Gives a file that open() made to another user. Throws Error.
  void give_to(uid_t user, gid_t group) const;

  // From here on what the file held before is gone. Throws Error.
  void begin();
  // Writes all that is in `pieces`, of which there are at most IOV_MAX, behind their first `skip`
  // bytes, and says how far it got.
  WriteResult write(std::span<const iovec> pieces, std::size_t skip, Patience patience) const;
  WriteResult write(std::span<const std::byte> bytes, Patience patience) const;
  // Cuts a file down to what stood in it `bytes` bytes ago, so that it ends in a whole block.
  void take_back(std::size_t bytes) const;
  // Goes back to `bytes` bytes behind the beginning; what was behind is gone. Only for a file.
  void go_back(std::uint64_t bytes) const;
  // Closes, and reports what the kernel had kept to itself until then (NFS, quota). Throws Error.
  void close();

 private:
  Output(std::string name, UniqueFd fd);

  std::string name_;
  UniqueFd fd_;
  bool regular_ = false;
  bool shared_ = false;  // stdout: what is in it already is not ours
  off_t start_ = 0;  // where in a file our output begins; stdout may have been redirected with >>
  bool created_ = false;
};

}  // namespace xdpcap
