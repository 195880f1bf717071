// SPDX-License-Identifier: BSD-3-Clause
#include "output/disk_writer.hpp"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>

#include "base/clock.hpp"
#include "base/pcapng_format.hpp"

namespace xdpcap {
namespace {

// After this time, what has been appended is written even if more follows: through the page cache.
constexpr std::uint64_t kLongestWait = 200'000'000;
// Room for a block of padding.
constexpr std::size_t kMargin = 2 * ChunkPool::kAlignment;

std::uint64_t round_down(std::uint64_t position) {
  return position - position % ChunkPool::kAlignment;
}

// The type, and the length twice.
constexpr std::size_t kLeastBlock = 12;

// The length of the block that extends a chunk to a multiple of the alignment.
std::size_t padding_after(std::uint64_t position) {
  const std::size_t rest = position % ChunkPool::kAlignment;
  if (rest == 0) return 0;
  const std::size_t missing = ChunkPool::kAlignment - rest;
  return missing < kLeastBlock ? missing + ChunkPool::kAlignment : missing;
}

constexpr WriteResult kNoRoom{.end = WriteEnd::interrupted};

}  // namespace

// A file in memory never waits for a disk, and is written fastest without another copy.
bool DiskWriter::suits(int fd) {
  struct statfs info {};
  if (::fstatfs(fd, &info) != 0) return false;
  constexpr std::array<long, 3> kMemory = {TMPFS_MAGIC, RAMFS_MAGIC, HUGETLBFS_MAGIC};
  return std::find(kMemory.begin(), kMemory.end(), static_cast<long>(info.f_type)) == kMemory.end();
}

DiskWriter::~DiskWriter() {
  try {
    finish();
  } catch (const std::exception&) {  // no memory
  }
}

void DiskWriter::begin(int fd, std::uint64_t offset, std::uint64_t number,
                       Output::Contents before) {
  truncates_ = before == Output::Contents::are_removed;
  if (!std::exchange(retired_, false)) thread_.begin_anew();
  number_ = number;
  filling_.reset();
  position_ = handed_over_ = settled_ = offset;
  pool_.begin_file(number, offset);
  thread_.begin_file(number, fd, offset);
}

WriteResult DiskWriter::append(std::span<const iovec> pieces, std::size_t bytes, Timeout timeout) {
  if (thread_.error() != 0) return failed();
  if (bytes == 0) return {};
  if (bytes + kMargin > pool_.chunk_bytes()) return append_large(pieces, bytes);
  if (!make_room(bytes, timeout)) return thread_.error() != 0 ? failed() : kNoRoom;
  if (position_ == handed_over_) since_ = monotonic_now();
  for (const iovec& piece : pieces) {
    std::memcpy(memory(position_), piece.iov_base, piece.iov_len);
    position_ += piece.iov_len;
  }
  pool_.note_filled(filling_->chunk, position_);
  return {.written = bytes};
}

// Blocks that are larger than a chunk: the descriptions of some thousand interfaces, at the
// beginning of a file.
WriteResult DiskWriter::append_large(std::span<const iovec> pieces, std::size_t bytes) {
  if (filling_) hand_over(handed_over_, Chunk::is_freed);
  for (const iovec& piece : pieces) {
    thread_.add({.file = number_,
                 .memory = static_cast<const std::byte*>(piece.iov_base),
                 .from = position_,
                 .to = position_ + piece.iov_len,
                 .ends_block = &piece == &pieces.back(),
                 .truncates = std::exchange(truncates_, false)});
    position_ += piece.iov_len;
  }
  handed_over_ = position_;
  WriteResult result = finish();
  if (result.end == WriteEnd::done) result.written = bytes;
  return result;
}

// The bytes that the chunk has room for, besides padding.
std::size_t DiskWriter::room() const {
  const std::size_t used = position_ - filling_->begin + kMargin;
  return used >= pool_.chunk_bytes() ? 0 : pool_.chunk_bytes() - used;
}

bool DiskWriter::make_room(std::size_t bytes, Timeout timeout) {
  if (filling_ && room() < bytes) close_chunk();
  return filling_ || begin_chunk(timeout);
}

bool DiskWriter::begin_chunk(Timeout timeout) {
  std::optional<std::size_t> chunk = thread_.take_free_chunk();
  if (!chunk) {
    thread_.wait_for_chunk(timeout);
    chunk = thread_.take_free_chunk();
  }
  if (!chunk) return false;
  filling_ = {*chunk, position_};
  pool_.begin_chunk(*chunk, number_, position_);
  return true;
}

// A chunk of which a part has been written through the page cache is written directly from the
// beginning of the page that was not complete. The first chunk of a file that had contents may not
// begin at a page; the padding makes the next one do so.
void DiskWriter::close_chunk() {
  if (!thread_.writes_directly(number_)) return hand_over(handed_over_, Chunk::is_freed);
  pad();
  const bool is_aligned = round_down(filling_->begin) == filling_->begin;
  hand_over(is_aligned ? round_down(handed_over_) : handed_over_, Chunk::is_freed);
}

void DiskWriter::pad() {
  const auto length = static_cast<std::uint32_t>(padding_after(position_));
  if (length == 0) return;
  std::byte* block = memory(position_);
  std::memset(block, 0, length);
  std::memcpy(block, &pcapng::block_type::padding, sizeof(pcapng::block_type::padding));
  std::memcpy(block + sizeof(length), &length, sizeof(length));
  std::memcpy(block + length - sizeof(length), &length, sizeof(length));
  position_ += length;
  pool_.note_filled(filling_->chunk, position_);
}

void DiskWriter::hand_over(std::uint64_t from, Chunk chunk) {
  DiskThread::Write write{.file = number_,
                          .memory = memory(from),
                          .from = from,
                          .to = position_,
                          .truncates = std::exchange(truncates_, false)};
  if (chunk == Chunk::is_freed) {
    write.freed = filling_->chunk;
    provider_.provide_all();
  }
  thread_.add(write);
  handed_over_ = position_;
  if (chunk == Chunk::is_freed) filling_.reset();
}

void DiskWriter::settle() {
  const bool is_quiet = position_ == settled_;
  settled_ = position_;
  if (position_ == handed_over_) return;
  if (is_quiet || monotonic_now() - since_ > kLongestWait) hand_over(handed_over_, Chunk::is_kept);
}

void DiskWriter::push() {
  if (position_ != handed_over_) hand_over(handed_over_, Chunk::is_kept);
}

void DiskWriter::retire() {
  if (filling_) hand_over(handed_over_, Chunk::is_freed);
  retired_ = true;
}

void DiskWriter::drop_previous() {
  thread_.drop_file(number_ - 1);
  end_previous();
}

WriteResult DiskWriter::finish() {
  push();
  thread_.wait_until_written(number_);
  return thread_.error() != 0 ? failed() : WriteResult{};
}

bool DiskWriter::wait(Timeout timeout) {
  push();
  thread_.wait_until_written(number_, timeout);
  return thread_.error() != 0 || thread_.is_written(number_);
}

bool DiskWriter::wait_for_previous(Timeout timeout) {
  thread_.wait_until_written(number_ - 1, timeout);
  return thread_.error() != 0 || previous_is_written();
}

DiskWriter::Rest DiskWriter::rest(std::uint64_t number, std::uint64_t end) {
  return {.begin = pool_.on_disk(number),
          .reached = thread_.reached(number),
          .blocks = pool_.pending(number, end)};
}

// The pool stays as it is: if this process is killed before it has told the guardian, the guardian
// tries to write the same again.
void DiskWriter::cut(std::uint64_t position) {
  filling_.reset();
  position_ = handed_over_ = settled_ = position;
}

DiskWriter::Rest DiskWriter::rest_of(std::uint64_t number, std::uint64_t end) const {
  return {.begin = pool_.on_disk(number),
          .reached = pool_.on_disk(number),
          .blocks = pool_.pending(number, end)};
}

std::byte* DiskWriter::memory(std::uint64_t position) const {
  return pool_.at(filling_->chunk) + (position - filling_->begin);
}

WriteResult DiskWriter::failed() {
  return {.end = WriteEnd::failed, .error_number = thread_.error()};
}

}  // namespace xdpcap
