// SPDX-License-Identifier: BSD-3-Clause
#include "app/journal.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "base/error.hpp"

namespace xdpcap {
namespace {

constexpr std::size_t kHead = 2;  // words in front of the entries

std::size_t words_of_entry(std::uint32_t cpus, std::size_t interfaces) {
  return 1 + interfaces + cpus;
}

std::size_t bytes(std::uint32_t cpus, std::size_t interfaces) {
  return (kHead + 2 * words_of_entry(cpus, interfaces)) * sizeof(std::uint64_t);
}

UniqueFd create_memory(std::size_t size) {
  UniqueFd fd(::memfd_create("xdpcap_journal", MFD_CLOEXEC));
  if (fd.valid() && ::ftruncate(fd.get(), static_cast<off_t>(size)) == 0) return fd;
  throw system_error("making room for the journal", errno);
}

}  // namespace

Journal::Journal(std::uint32_t cpus, std::size_t interfaces)
    : cpus_(cpus),
      interfaces_(interfaces),
      file_(create_memory(bytes(cpus, interfaces))),
      memory_(file_.get(), bytes(cpus, interfaces), PROT_READ | PROT_WRITE, 0,
              "mapping the journal") {}

void Journal::commit(std::uint64_t file_size, std::span<const std::uint64_t> written,
                     std::span<const RingCursor> cursors) {
  const std::uint64_t commit = *commits() + 1;
  std::uint64_t* word = entry(commit);
  *word++ = file_size;
  word = std::copy(written.begin(), written.end(), word);
  for (const RingCursor& cursor : cursors) *word++ = cursor.position();
  std::atomic_ref(*commits()).store(commit, std::memory_order_release);
}

bool Journal::begun() const {
  return std::atomic_ref(*commits()).load(std::memory_order_acquire) != 0;
}

bool Journal::claim() {
  return std::atomic_ref(*claims()).exchange(1) == 0;
}

std::span<const std::uint64_t> Journal::written() const {
  return {valid() + 1, interfaces_};
}

std::span<const std::uint64_t> Journal::positions() const {
  return {valid() + 1 + interfaces_, cpus_};
}

std::uint64_t* Journal::commits() const {
  return reinterpret_cast<std::uint64_t*>(memory_.at(0));
}

std::uint64_t* Journal::entry(std::uint64_t commit) const {
  return commits() + kHead + commit % 2 * words_of_entry(cpus_, interfaces_);
}

std::uint64_t* Journal::valid() const {
  return entry(*commits());
}

}  // namespace xdpcap
