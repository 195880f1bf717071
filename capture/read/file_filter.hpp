// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "read/file_block.hpp"

struct bpf_insn;

namespace xdpcap {

// FileFilter is a filter for packets of any link type, which libpcap runs, as for tcpdump -r.
class FileFilter {
 public:
  // Empty: every packet.
  explicit FileFilter(std::string text);
  ~FileFilter();
  FileFilter(const FileFilter&) = delete;
  FileFilter& operator=(const FileFilter&) = delete;
  FileFilter(FileFilter&&) = delete;
  FileFilter& operator=(FileFilter&&) = delete;

  // Throws UsageError if there is no such filter for packets of that interface.
  bool takes(const FilePacket& packet, const FileInterface& interface);

 private:
  using Program = std::vector<bpf_insn>;
  const Program& program_for(const FileInterface& interface);

  std::string text_;
  std::map<std::uint16_t, Program> programs_;  // by LINKTYPE_*
};

}  // namespace xdpcap
