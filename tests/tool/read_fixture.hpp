// SPDX-License-Identifier: BSD-3-Clause
// Captures that -r reads, and what tcpdump and tshark say of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tool/habits_fixture.hpp"

namespace xdpcap::test {

using Words = std::vector<std::string>;

inline Words operator+(Words first, const Words& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

class ReadTest : public HabitsTest {
 protected:
  static std::string sample(const std::string& name) {
    return std::string(SOURCE_FOLDER) + "/pcaps/" + name;
  }
  static std::string corpus(const std::string& name) {
    return std::string(SOURCE_FOLDER) + "/tests/fuzz/corpus/read_fuzz/" + name;
  }
  // What the tool prints of a file; the summary goes to stderr.
  static ProcessResult read(const Words& arguments, const std::string& path) {
    return run(tool(arguments + Words{"-r", path}));
  }
  static std::string tcpdump(const Words& arguments, const std::string& path) {
    return run(Words{"tcpdump", "-n"} + arguments + Words{"-r", path}).out;
  }
  static std::string bash(const std::string& command) { return run({"bash", "-c", command}).out; }
  static std::string tshark(const std::string& path, const std::string& filter,
                            const Words& fields) {
    Words command = {"tshark", "-n", "-r", path, "-Y", filter, "-T", "fields"};
    for (const std::string& field : fields) command = command + Words{"-e", field};
    return run(command).out;
  }

  // A capture of ten packets with each action twice, and what --print said of them.
  std::string capture(const Words& arguments) {
    Process process(tool(Words{"--print"} + arguments + Words{"-c", "10", hook_path_, file_}));
    EXPECT_TRUE(wait_until_filled()) << process.err();
    for (std::uint32_t i = 0; i < 10; ++i) program_.run(packet_for(i % 5, 60 + i));
    const ProcessResult result = process.wait();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }

  // A pcapng file, with these comments on its packets, which editcap writes. The packets' times are
  // 1.25 ms apart.
  std::string commented(const Words& comments) {
    Words command = {"editcap", "-F", "pcapng"};
    for (std::size_t i = 0; i < comments.size(); ++i) {
      if (!comments[i].empty()) {
        command = command + Words{"-a", std::to_string(i + 1) + ":" + comments[i]};
      }
    }
    const std::string path = files_.path("commented.pcapng");
    EXPECT_EQ(run(command + Words{sample("ports.pcap"), path}).exit_code, 0);
    return path;
  }

  // The times of the packets of chosen_, in us, and of those that tshark selects.
  [[nodiscard]] Words chosen_times() const {
    return lines_of(bash("tcpdump -n -tt -r " + chosen_ + " 2>/dev/null | cut -c1-17"));
  }
  static Words times_of(const std::string& path, const std::string& filter) {
    Words times = lines_of(tshark(path, filter, {"frame.time_epoch"}));
    for (std::string& time : times) time.resize(17);
    EXPECT_FALSE(times.empty()) << filter;
    return times;
  }

  std::string chosen_ = files_.path("chosen.pcap");
};

}  // namespace xdpcap::test
