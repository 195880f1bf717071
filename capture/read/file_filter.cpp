// SPDX-License-Identifier: BSD-3-Clause
#include "read/file_filter.hpp"

#include <pcap/pcap.h>

#include "base/error.hpp"
#include "filter/expression.hpp"
#include "filter/file_link_type.hpp"

namespace xdpcap {

FileFilter::FileFilter(std::string text) : text_(std::move(text)) {}
FileFilter::~FileFilter() = default;

const FileFilter::Program& FileFilter::program_for(const FileInterface& interface) {
  const auto known = programs_.find(interface.link_type);
  if (known != programs_.end()) return known->second;
  Program program;
  for (const CbpfInstruction& one : compile_filter(text_, link_type_of_file(interface.link_type))) {
    program.push_back({.code = one.code, .jt = one.jt, .jf = one.jf, .k = one.k});
  }
  return programs_.emplace(interface.link_type, std::move(program)).first->second;
}

bool FileFilter::takes(const FilePacket& packet, const FileInterface& interface) {
  if (text_.empty()) return true;
  const Program& program = program_for(interface);
  const bpf_program code{.bf_len = static_cast<u_int>(program.size()),
                         .bf_insns = const_cast<bpf_insn*>(program.data())};
  const pcap_pkthdr header{.ts = {},
                           .caplen = static_cast<bpf_u_int32>(packet.bytes.size()),
                           .len = packet.original_length};
  return pcap_offline_filter(&code, &header,
                             reinterpret_cast<const u_char*>(packet.bytes.data())) != 0;
}

}  // namespace xdpcap
