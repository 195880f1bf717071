// SPDX-License-Identifier: BSD-3-Clause
// The input is two rings, with or without fates, as any process that may write to the tool's maps
// could leave them. The reader refuses them with an Error, or ends without reading outside them.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "fate/comments.hpp"
#include "output/batch.hpp"
#include "output/time_merge.hpp"
#include "ring/rings.hpp"

namespace {

using namespace xdpcap;

constexpr std::size_t kSize = 4096;
constexpr std::size_t kInterfaces = 2;
constexpr std::uint64_t kSettled = 1000;
constexpr std::uint64_t kClockOffset = 1'000'000;

// What the first two bytes choose.
struct Case {
  bool fates;     // blocks have them
  bool restored;  // who read the rings before was killed
  std::size_t start;
};

// In memory of its own size, so that a sanitizer sees who leaves it.
class Ring {
 public:
  explicit Ring(std::span<const std::uint8_t> bytes)
      : words_((sizeof(xdpcap_ring) + kSize + XDPCAP_RING_OVERHANG) / sizeof(std::uint64_t)) {
    const std::size_t head = std::min(bytes.size(), 3 * sizeof(std::uint64_t));
    std::copy_n(bytes.begin(), head, reinterpret_cast<std::uint8_t*>(&ring()));
    bytes = bytes.subspan(head);
    std::copy_n(bytes.begin(), std::min(bytes.size(), kSize + XDPCAP_RING_OVERHANG),
                reinterpret_cast<std::uint8_t*>(memory() + sizeof(xdpcap_ring)));
  }
  RingCursor cursor(const Case& chosen) {
    const std::uint64_t head = std::exchange(ring().head, chosen.start);
    RingCursor cursor(memory(), kSize);
    ring().head = head;
    constexpr std::uint32_t kFate = sizeof(xdpcap_fate);
    const std::array<std::uint32_t, kInterfaces> replaced = {kFate, kFate};
    if (chosen.restored) {
      restore_blocks(cursor, kClockOffset,
                     chosen.fates ? std::span(replaced) : std::span<const std::uint32_t>());
    }
    cursor.refresh(chosen.fates ? kSettled : RingCursor::kAllSettled);
    return cursor;
  }

 private:
  std::byte* memory() { return reinterpret_cast<std::byte*>(words_.data()); }
  xdpcap_ring& ring() { return *reinterpret_cast<xdpcap_ring*>(words_.data()); }
  std::vector<std::uint64_t> words_;
};

// As the class Fates does it.
bool append_with_fate(RingCursor& cursor, Batch& batch, FateComments& comments) {
  const FateComments::Comment& comment = comments.of(fate_of(cursor.block()));
  if (!comment.selected) return true;
  const Comments comments_of_it{.fate = comment.option};
  if (!batch.append(cursor.block(), comments_of_it)) return false;
  cursor.resize_block(with_comments(cursor.block().block_length, comments_of_it));
  return true;
}

// Looks at every byte, as writev() does.
std::size_t write(const Batch& batch) {
  std::size_t bytes = 0;
  for (const iovec& piece : batch.pieces()) {
    const std::span in(static_cast<const std::uint8_t*>(piece.iov_base), piece.iov_len);
    bytes += in.size();
    if (std::count(in.begin(), in.end(), 0) > static_cast<std::ptrdiff_t>(in.size())) std::abort();
  }
  return bytes;
}

void read(std::array<Ring, 2>& rings, const Case& chosen) {
  const Names names([](const xdpcap_device&) { return std::string("veth0"); });
  FateComments comments(names, FateSelection::parse("redirected,queued,failed,unknown"));
  std::array<RingCursor, 2> cursors = {rings[0].cursor(chosen), rings[1].cursor(chosen)};
  TimeMerge<RingCursor> merge;
  Batch batch(kInterfaces);
  std::size_t bytes = 0;
  for (MergeEnd end = MergeEnd::full; end == MergeEnd::full;) {
    end = merge.run(std::span(cursors), ~std::uint64_t{0}, [&](RingCursor& cursor) {
      return chosen.fates ? append_with_fate(cursor, batch, comments)
                          : batch.append(cursor.block());
    });
    bytes += write(batch);
    if (batch.empty() && end == MergeEnd::full) std::abort();
    batch.keep_whole_blocks(batch.size() / 2);
    batch.clear();
    comments.clear_if_large();
  }
  // A comment may be twice as long as the smallest block with one.
  constexpr std::size_t kMost = std::size_t{6} * (kSize + XDPCAP_RING_OVERHANG);
  if (bytes > kMost) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Case chosen = {.fates = (data[0] & 1) != 0,
                       .restored = (data[0] & 2) != 0,
                       .start = data[1] * std::size_t{4} % kSize};
  const auto input = std::span(data, size).subspan(2);
  const std::size_t half = input.size() / 2;
  std::array<Ring, 2> rings = {Ring(input.first(half)), Ring(input.subspan(half))};
  try {
    read(rings, chosen);
  } catch (const Error&) {
    return 0;
  }
  return 0;
}
