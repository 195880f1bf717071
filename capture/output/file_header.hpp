// SPDX-License-Identifier: BSD-3-Clause
// The blocks of a file before its first packet.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "output/pcapng.hpp"
#include "output/statistics.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap {

// A file's description of itself and of its interfaces.
struct FileDescription {
  struct Interface {
    std::string name;
    std::string description;  // the host's name is added
  };
  std::vector<Interface> interfaces;
  std::string filter;
  std::uint16_t link_type;  // LINKTYPE_*
  std::uint32_t snaplen;
  std::string section_comment = {};  // empty: none
  std::string comment = {};          // on each interface; empty: none
};

// "1 in 100 packets at random, at most 1000 packets a second"; empty without a limit.
std::string in_words(const Budget& budget);

// A section header and the interfaces, in order.
pcapng::Bytes file_header(const FileDescription& file);

struct CaptureDescription {
  struct Source {
    std::string label;        // "eth0"; empty: none
    std::string description;  // "hook /sys/fs/bpf/xdpcap"
  };
  std::vector<Source> sources;
  std::string filter;
  std::uint16_t link_type;  // LINKTYPE_*
  std::uint32_t snaplen;
  Budget budget;
  std::vector<CaptureInterface> interfaces;
  std::string section_comment = {};  // empty: none
};

// The same with the interfaces of a capture, by xdpcap's names: XDPaborted, XDPdrop, XDPpass,
// XDPtx, XDPredirect, XDPxdpAction(N); after the label of their source, if it has one:
// eth0/XDPdrop.
pcapng::Bytes file_header(const CaptureDescription& capture);

}  // namespace xdpcap
