// SPDX-License-Identifier: BSD-3-Clause
#include "output/checkpoint.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/error.hpp"
#include "output/ledger.hpp"

namespace xdpcap {
namespace {

constexpr std::size_t kHead = 2;     // words before the entries
constexpr std::size_t kNumbers = 7;  // at the beginning of an entry

UniqueFd create_memory(std::size_t size) {
  UniqueFd fd(::memfd_create("xdpcap_journal", MFD_CLOEXEC));
  if (fd.valid() && ::ftruncate(fd.get(), static_cast<off_t>(size)) == 0) return fd;
  throw system_error("making room for the checkpoint", errno);
}

}  // namespace

Checkpoint::Checkpoint(std::uint32_t cpus, std::size_t interfaces)
    : cpus_(cpus),
      interfaces_(interfaces),
      memfd_(create_memory(bytes())),
      memory_(memfd_.get(), bytes(), PROT_READ | PROT_WRITE, 0, "mapping the checkpoint") {}

void Checkpoint::commit(const State& state, std::span<const RingCursor> cursors) {
  const std::uint64_t commit = *commits() + 1;
  std::uint64_t* word = entry(commit);
  *word++ = state.file;
  *word++ = state.file_start;
  *word++ = state.file_size;
  *word++ = state.kept.taken_from;
  *word++ = state.kept.taken_to;
  *word++ = state.kept.kept_from;
  *word++ = state.previous_is_open ? 1 : 0;
  word = std::copy(state.written.begin(), state.written.end(), word);
  std::copy(state.left_out.begin(), state.left_out.end(), word);
  word = std::copy(state.reported.begin(), state.reported.end(), word + interfaces_);
  for (const RingCursor& cursor : cursors) *word++ = cursor.position();
  std::atomic_ref(*commits()).store(commit, std::memory_order_release);
}

void Checkpoint::note_file(std::uint64_t number, const std::string& path) {
  FileNote* noted = note(number);
  noted->path[0] = '\0';  // until the path is complete
  noted->number = number;
  noted->id = {};
  if (path.size() >= noted->path.size()) return;
  std::copy_n(path.c_str() + 1, path.size(), noted->path.begin() + 1);
  std::atomic_ref(noted->path[0]).store(path[0], std::memory_order_release);
}

bool Checkpoint::begun() const {
  return std::atomic_ref(*commits()).load(std::memory_order_acquire) != 0;
}

bool Checkpoint::claim() {
  return std::atomic_ref(*claims()).exchange(1) == 0;
}

Checkpoint::State Checkpoint::state() const {
  const std::uint64_t* words = valid();
  const std::uint64_t* lists = words + kNumbers;
  return {.file = words[0],
          .file_start = words[1],
          .file_size = words[2],
          .kept = {.taken_from = words[3], .taken_to = words[4], .kept_from = words[5]},
          .previous_is_open = words[6] != 0,
          .written = {lists, interfaces_},
          .left_out = {lists + interfaces_, interfaces_},
          .reported = {lists + 2 * interfaces_, interfaces_ * Ledger::kWordsOfInterface}};
}

std::span<const std::uint64_t> Checkpoint::positions() const {
  return {valid() + words_of_entry() - cpus_, cpus_};
}

Checkpoint::File Checkpoint::file(std::uint64_t number) const {
  const FileNote* noted = note(number);
  if (noted->number != number) return {};
  return {.path = noted->path.data(), .id = noted->id};
}

std::uint64_t* Checkpoint::commits() const {
  return reinterpret_cast<std::uint64_t*>(memory_.at(0));
}

std::uint64_t* Checkpoint::entry(std::uint64_t commit) const {
  return commits() + kHead + commit % 2 * words_of_entry();
}

std::uint64_t* Checkpoint::valid() const {
  return entry(*commits());
}

Checkpoint::FileNote* Checkpoint::note(std::uint64_t number) const {
  return reinterpret_cast<FileNote*>(entry(1) + words_of_entry()) + number % 2;
}

std::size_t Checkpoint::words_of_entry() const {
  return kNumbers + interfaces_ * (2 + Ledger::kWordsOfInterface) + cpus_;
}

std::size_t Checkpoint::bytes() const {
  return (kHead + 2 * words_of_entry()) * sizeof(std::uint64_t) + 2 * sizeof(FileNote);
}

}  // namespace xdpcap
