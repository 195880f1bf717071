// SPDX-License-Identifier: BSD-3-Clause
#include "output/output.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <utility>

#include "base/error.hpp"
#include "output/open_file.hpp"
#include "output/removed_file.hpp"
#include "process/pipe.hpp"

namespace xdpcap {

Output Output::open(const std::string& path, int interrupt_fd) {
  if (path == "-") {
    if (::isatty(STDOUT_FILENO) == 1) {
      throw UsageError("writing to stdout: it is a terminal, and captures are binary",
                       "name a file, or pipe it on: ... - | tcpdump -n -r -");
    }
    Output output("stdout", open_stdout());
    output.shared_ = true;
    const bool appends = (::fcntl(output.fd(), F_GETFL) & O_APPEND) != 0;
    if (output.regular_) output.start_ = ::lseek(output.fd(), 0, appends ? SEEK_END : SEEK_CUR);
    return output;
  }
  const Compressor* compressor = compressor_of(path);
  if (compressor != nullptr) check_installed(*compressor, path);
  const FileLocation location(path);
  OpenedFile opened = open_for_writing(location, interrupt_fd);
  Output output(path, std::move(opened.fd));
  output.location_ = location;
  output.created_ = opened.created;
  output.named_ = opened.named;
  output.compressor_ = compressor;
  return output;
}

Output Output::stage(const std::string& path, const Output& other) {
  const FileLocation location(path, other.location_);
  struct stat there {};
  if (location.look(there, 0) && !S_ISREG(there.st_mode)) {
    throw Error("opening the output " + path + ": it exists and is not a regular file",
                "remove it, or name another");
  }
  FileLocation temporary;
  OpenedFile opened = stage_file(location, temporary);
  Output output(path, std::move(opened.fd));
  output.location_ = location;
  output.temporary_ = std::move(temporary);
  output.named_ = opened.named;
  output.staged_ = true;
  output.compressor_ = compressor_of(path);
  return output;
}

Output Output::reopen(const std::string& path, FileId id, const Output& other) {
  const FileLocation location(path, other.location_);
  FileLocation temporary = find_temporary(location, id);
  const bool staged = !temporary.path().empty();
  UniqueFd fd =
      (staged ? temporary : location).open(O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (!fd.valid()) throw system_error("opening the output " + path, errno);
  Output output(path, std::move(fd));
  output.location_ = location;
  output.staged_ = staged;
  output.temporary_ = std::move(temporary);
  if (output.id() != id) throw Error("opening the output " + path + ": it is another file now");
  return output;
}

void Output::remove(const std::string& path, FileId id, const Output& other) noexcept {
  try {
    const FileLocation location(path, other.location_);
    const FileLocation temporary = find_temporary(location, id);
    if (!temporary.path().empty()) return temporary.remove();
    const Output ours = reopen(path, id, other);
    location.remove();
  } catch (const std::exception&) {  // it does not exist yet, or is still an older file
  }
}

void Output::remove_file(const std::string& path) const noexcept {
  try {
    const FileLocation location(path, location_);
    const RemovedFile removed(location);
    location.remove();
  } catch (const std::exception&) {  // its folder does not exist any more
  }
}

std::vector<int> Output::descriptors() const {
  return {fd_.get(), location_.folder_fd()};
}

Output::Output(std::string name, UniqueFd fd) : name_(std::move(name)), fd_(std::move(fd)) {
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0) throw system_error("opening the output " + name_, errno);
  regular_ = S_ISREG(info.st_mode);
  socket_ = S_ISSOCK(info.st_mode);
}

Output::Output(Output&& other) noexcept
    : name_(std::move(other.name_)),
      location_(std::move(other.location_)),
      temporary_(std::exchange(other.temporary_, {})),
      fd_(std::move(other.fd_)),
      regular_(other.regular_),
      socket_(other.socket_),
      shared_(other.shared_),
      start_(other.start_),
      created_(std::exchange(other.created_, false)),
      named_(other.named_),
      staged_(other.staged_),
      compressor_(other.compressor_),
      child_(std::exchange(other.child_, std::nullopt)) {}

Output& Output::operator=(Output&& other) noexcept {
  if (this == &other) return *this;
  discard_file();
  name_ = std::move(other.name_);
  location_ = std::move(other.location_);
  temporary_ = std::exchange(other.temporary_, {});
  fd_ = std::move(other.fd_);
  regular_ = other.regular_;
  socket_ = other.socket_;
  shared_ = other.shared_;
  start_ = other.start_;
  created_ = std::exchange(other.created_, false);
  named_ = other.named_;
  staged_ = other.staged_;
  compressor_ = other.compressor_;
  child_ = std::exchange(other.child_, std::nullopt);
  return *this;
}

Output::~Output() {
  discard_file();
}

void Output::discard_file() noexcept {
  if (created_ && named_) location_.remove();
  temporary_.remove();
}

void Output::keep() {
  created_ = false;
  temporary_ = {};
}

FileId Output::id() const {
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0) throw system_error("looking at " + name_, errno);
  return {info.st_dev, info.st_ino};
}

void Output::begin(Contents contents) {
  if (!named_ && staged_) temporary_ = name_temporarily(fd_.get(), location_);
  if (!named_ && !staged_) name_file(fd_.get(), location_);
  created_ = false;
  named_ = true;
  if (!regular_ || shared_ || contents == Contents::stay) return;
  if (::ftruncate(fd_.get(), 0) != 0) throw system_error("emptying the output " + name_, errno);
}

bool Output::replaces_large_file() const {
  struct stat info {};
  return regular_ && !shared_ && ::fstat(fd_.get(), &info) == 0 && info.st_size >= kLargeFile;
}

void Output::connect() {
  if (compressor_ == nullptr) return;
  Pipe pipe = make_pipe(false);
  child_.emplace(ChildProcess::Options{
      .command = compressor_->command, .in = pipe.read_end.get(), .out = fd_.get()});
  fd_ = std::move(pipe.write_end);
}

void Output::publish() {
  if (!staged_) return;
  staged_ = false;
  const FileLocation temporary = std::exchange(temporary_, {});
  const RemovedFile replaced(location_);
  if (temporary.rename_to(location_)) return;
  const int error = errno;
  location_ = temporary;
  throw system_error("naming the output " + std::exchange(name_, temporary.path()), error,
                     "it is in " + temporary.path());
}

void Output::give_to(uid_t user, gid_t group) const {
  if (!created_ || ::fchown(fd_.get(), user, group) == 0) return;
  throw system_error("changing the owner of the output " + name_, errno);
}

void Output::close() {
  if (::close(fd_.release()) != 0) throw system_error("closing the output " + name_, errno);
}

}  // namespace xdpcap
