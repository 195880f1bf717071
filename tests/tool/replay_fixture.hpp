// SPDX-License-Identifier: BSD-3-Clause
// Shared by the tests of replays: loaded programs, and captures to replay.
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "bpf/program_info.hpp"
#include "support/bpf_object.hpp"
#include "support/packet.hpp"
#include "support/temporary_folder.hpp"
#include "support/tool.hpp"

namespace xdpcap::test {

inline std::string id_of(int program_fd) {
  return std::to_string(program_info(program_fd).id);
}
inline std::string id_of(const bpf_program* program) {
  return id_of(bpf_program__fd(program));
}

// A capture of one packet, written byte by byte: pcap, in microseconds, Ethernet.
inline void write_capture(const std::string& path, const Packet& packet) {
  const auto size = static_cast<std::uint32_t>(packet.size());
  const std::array<std::uint32_t, 10> words = {0xa1b2c3d4, 2 | 4U << 16U, 0,       0,    262144,
                                               1,          1'700'000'000, 123'456, size, size};
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(words.data()), sizeof(words));
  file.write(reinterpret_cast<const char*>(packet.data()),
             static_cast<std::streamsize>(packet.size()));
}

class ReplayTest : public ::testing::Test {
 protected:
  // `before`: options, `after`: the filter. The summary goes to stderr.
  ProcessResult replay(const std::string& input, const std::string& program,
                       std::vector<std::string> before = {},
                       const std::vector<std::string>& after = {}) {
    before.insert(before.end(), {"--replay", input, "--prog", program, file_});
    before.insert(before.end(), after.begin(), after.end());
    return run(tool(before));
  }

  TemporaryFolder files_;
  std::string file_ = files_.path("out.pcapng");
};

}  // namespace xdpcap::test
