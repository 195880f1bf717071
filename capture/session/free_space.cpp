// SPDX-License-Identifier: BSD-3-Clause
#include "session/free_space.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <mutex>
#include <system_error>
#include <thread>

namespace xdpcap {
namespace {

std::optional<std::uint64_t> free_bytes(const std::string& path) {
  struct stat file {};
  struct statvfs disk {};
  if (::stat(path.c_str(), &file) != 0 || !S_ISREG(file.st_mode)) return std::nullopt;
  if (::statvfs(path.c_str(), &disk) != 0) return std::nullopt;
  return std::uint64_t{disk.f_bavail} * disk.f_frsize;
}

}  // namespace

struct FreeSpace::State {
  std::mutex mutex;
  bool asks = false;
  std::optional<std::uint64_t> bytes;
};

FreeSpace::FreeSpace() : state_(std::make_shared<State>()) {}

std::optional<std::uint64_t> FreeSpace::of(const std::string& path) {
  const std::scoped_lock lock(state_->mutex);
  if (state_->asks) return state_->bytes;
  try {
    std::thread([state = state_, path] {
      const auto bytes = free_bytes(path);
      const std::scoped_lock its_lock(state->mutex);
      state->bytes = bytes;
      state->asks = false;
    }).detach();
    state_->asks = true;
  } catch (const std::system_error&) {  // no more threads: there is no answer
    state_->bytes.reset();
  }
  return state_->bytes;
}

}  // namespace xdpcap
