// SPDX-License-Identifier: BSD-3-Clause
#include "read/capture_stream.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "base/error.hpp"
#include "base/pcapng_format.hpp"
#include "read/byte_reader.hpp"
#include "read/input.hpp"
#include "read/pcap_blocks.hpp"
#include "read/pcapng_blocks.hpp"

namespace xdpcap {
namespace {

std::unique_ptr<BlockReader> make_reader(ByteWindow& window) {
  const auto begin = window.look(sizeof(std::uint32_t));
  if (begin.empty()) throw Error("the file is empty");
  const auto magic = ByteReader(begin, false).at<std::uint32_t>(0);
  // The type of a section header is the same in both byte orders.
  if (magic == pcapng::block_type::section_header) return std::make_unique<PcapngBlocks>(window);
  if (PcapBlocks::is_magic(magic)) return std::make_unique<PcapBlocks>(window);
  throw Error("it is not a capture", "captures are pcap or pcapng files");
}

}  // namespace

CaptureStream::CaptureStream(ByteWindow::Read read)
    : window_(std::move(read)), reader_(make_reader(window_)) {}

std::uint16_t first_link_type(const std::string& path) {
  constexpr int kNever = -1;
  Input input(path, kNever);
  return with_context("reading " + input.name(), [&] {
    CaptureStream stream([&input](std::span<std::byte> into) { return input.read(into); });
    while (stream.interfaces().empty()) {
      if (!stream.next()) throw Error("the file has no interface");
    }
    return stream.interfaces().front().link_type;
  });
}

}  // namespace xdpcap
