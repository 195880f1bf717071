// SPDX-License-Identifier: BSD-3-Clause
#include "support/capture_reader.hpp"

#include <pcap/pcap.h>

#include <memory>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "support/process.hpp"

namespace xdpcap::test {
namespace {

std::string checked_output(const std::vector<std::string>& command) {
  ProcessResult result = run(command);
  // tshark prints this for every capture that root reads; it is not about the file.
  constexpr std::string_view kRoot = "Running as user \"root\" and group \"root\"";
  for (const std::string_view line : split(result.err, '\n')) {
    if (!line.empty() && !line.starts_with(kRoot)) {
      throw Error(command.front() + ": " + std::string(line));
    }
  }
  if (result.exit_code != 0) {
    throw Error(command.front() + " ended with " + std::to_string(result.exit_code));
  }
  return std::move(result.out);
}

// "1795218391.956606258" in ns.
std::uint64_t parse_time(std::string_view text) {
  const auto parts = split(text, '.');
  return parse_number<std::uint64_t>(parts.at(0)).value() * 1'000'000'000U +
         parse_number<std::uint64_t>(parts.at(1)).value();
}

}  // namespace

std::vector<ReadPacket> read_with_tshark(const std::string& path) {
  const std::vector<std::string> fields = {"frame.interface_name",  "frame.verdict.ebpf_xdp",
                                           "frame.interface_queue", "frame.p2p_dir",
                                           "frame.drop_count",      "frame.len",
                                           "frame.cap_len",         "frame.time_epoch",
                                           "frame.comment",         "frame.packet_id"};
  std::vector<std::string> command = {"tshark", "-n",     "-r", path,
                                      "-T",     "fields", "-E", "occurrence=f"};
  for (const std::string& field : fields) command.insert(command.end(), {"-e", field});
  std::vector<ReadPacket> packets;
  const std::string output = checked_output(command);
  for (const std::string_view line : split(output, '\n')) {
    if (line.empty()) continue;
    const auto values = split(line, '\t');
    packets.push_back({.interface = std::string(values.at(0)),
                       .verdict = std::string(values.at(1)),
                       .queue = std::string(values.at(2)),
                       .direction = std::string(values.at(3)),
                       .drop_count = std::string(values.at(4)),
                       .comment = std::string(values.at(8)),
                       .id = std::string(values.at(9)),
                       .length = parse_number<std::uint64_t>(values.at(5)).value(),
                       .captured = parse_number<std::uint64_t>(values.at(6)).value(),
                       .time = parse_time(values.at(7))});
  }
  return packets;
}

std::vector<Packet> read_bytes(const std::string& path) {
  char error[PCAP_ERRBUF_SIZE];
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> file(pcap_open_offline(path.c_str(), error),
                                                            pcap_close);
  if (!file) throw Error("libpcap: " + std::string(error));
  std::vector<Packet> packets;
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  int result = 0;
  while ((result = pcap_next_ex(file.get(), &header, &bytes)) == 1) {
    packets.emplace_back(bytes, bytes + header->caplen);
  }
  if (result != PCAP_ERROR_BREAK) throw Error(std::string("libpcap: ") + pcap_geterr(file.get()));
  return packets;
}

std::string capinfos(const std::string& path, const std::string& field) {
  const std::string output = checked_output({"capinfos", path});
  for (const std::string_view line : split(output, '\n')) {
    const std::string_view text = trim(line);
    if (!text.starts_with(field)) continue;
    const std::string_view rest = trim(text.substr(field.size()));
    if (rest.starts_with(':') || rest.starts_with('=')) return std::string(trim(rest.substr(1)));
  }
  throw Error("capinfos has no field " + field);
}

}  // namespace xdpcap::test
