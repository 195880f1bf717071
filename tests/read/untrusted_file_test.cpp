// SPDX-License-Identifier: BSD-3-Clause
// Files from others may contain anything that the format allows.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "output/pcapng.hpp"
#include "print/packet_notes.hpp"
#include "read/capture_stream.hpp"
#include "read/packet_choice.hpp"
#include "read/printed_blocks.hpp"

namespace xdpcap {
namespace {

using ::testing::SizeIs;

class UntrustedFile : public ::testing::Test {
 protected:
  UntrustedFile() { add(pcapng::section_header({.hardware = "", .os = "", .application = ""})); }

  void add(const pcapng::Bytes& block) { file_.insert(file_.end(), block.begin(), block.end()); }
  void add_interface(const std::string& name, const std::string& description = "") {
    add(pcapng::interface_description(
        {.name = name, .description = description, .filter = "", .os = ""}));
  }
  void add_packet(std::uint64_t time, std::optional<std::uint32_t> verdict) {
    static const std::vector<std::byte> kBytes(1);
    add(pcapng::enhanced_packet({.interface_id = 0,
                                 .time = time,
                                 .bytes = kBytes,
                                 .original_length = 1,
                                 .id = 0,
                                 .verdict = verdict}));
  }

  // Reads as far as the first packet.
  static FilePacket read_packet(CaptureStream& stream) {
    for (auto block = stream.next(); block; block = stream.next()) {
      if (block->kind == FileBlock::Kind::packet) return block->packet;
    }
    ADD_FAILURE() << "no packet";
    return {};
  }
  ByteWindow::Read reader() {
    return [this](std::span<std::byte> into) {
      const std::size_t count = std::min(into.size(), file_.size() - read_);
      std::copy_n(file_.begin() + static_cast<std::ptrdiff_t>(read_), count, into.begin());
      read_ += count;
      return count;
    };
  }
  // What is printed in front of the packet.
  std::string front() {
    CaptureStream stream(reader());
    PrintedBlocks printed;
    const FilePacket packet = read_packet(stream);
    printed.add(packet, stream.interfaces().front());
    PacketNotes notes;
    notes.read(printed.bytes());
    const auto note = notes.take();
    return note ? note->action : "no note";
  }

 private:
  std::vector<std::byte> file_;
  std::size_t read_ = 0;
};

TEST_F(UntrustedFile, CannotSendEscapesToTheTerminalInANameWithAnAction) {
  add_interface("a\x1b[2J/XDPdrop");
  add_packet(0, 1);
  EXPECT_EQ(front(), "a?[2J drop");
}

TEST_F(UntrustedFile, CannotSendEscapesToTheTerminalInAnotherName) {
  add_interface("a\x1b[2J");
  add_packet(0, std::nullopt);
  EXPECT_EQ(front(), "a?[2J");
}

TEST_F(UntrustedFile, TakesLittleMemoryForTheTextsOfAnInterface) {
  constexpr std::size_t kMany = 60'000;
  add_interface(std::string(kMany, 'n'), std::string(kMany, 'd'));
  add_packet(0, std::nullopt);
  CaptureStream stream(reader());
  read_packet(stream);
  EXPECT_THAT(stream.interfaces().front().name, SizeIs(1024));
  EXPECT_THAT(stream.interfaces().front().description, SizeIs(1024));
}

TEST_F(UntrustedFile, LosesNoPacketOfTheLastTime) {
  add_interface("a");
  add_packet(std::numeric_limits<std::uint64_t>::max(), std::nullopt);
  CaptureStream stream(reader());
  Options options;
  options.read.emplace();
  PacketChoice choice(options);
  const FilePacket packet = read_packet(stream);
  EXPECT_TRUE(choice.takes(packet, stream.interfaces().front()));
}

}  // namespace
}  // namespace xdpcap
