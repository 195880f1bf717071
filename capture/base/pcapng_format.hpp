// SPDX-License-Identifier: BSD-3-Clause
// The numbers of draft-ietf-opsawg-pcapng that more than one layer writes or reads, by their names
// in the draft.
#pragma once

#include <cstdint>

namespace xdpcap::pcapng {

namespace block_type {  // section 10.1
constexpr std::uint32_t section_header = 0x0A0D0D0A;
constexpr std::uint32_t interface_description = 1;
constexpr std::uint32_t obsolete_packet = 2;
constexpr std::uint32_t simple_packet = 3;
constexpr std::uint32_t interface_statistics = 5;
constexpr std::uint32_t enhanced_packet = 6;
// Of those reserved for local use, which readers skip: fills the file up to a multiple of a page.
constexpr std::uint32_t padding = 0x80000000 | 0x50414453;
}  // namespace block_type

namespace option {
// Of every block: section 3.5.
constexpr std::uint16_t opt_endofopt = 0;
constexpr std::uint16_t opt_comment = 1;
// Section header: 4.1.
constexpr std::uint16_t shb_hardware = 2;
constexpr std::uint16_t shb_os = 3;
constexpr std::uint16_t shb_userappl = 4;
// Interface description: 4.2.
constexpr std::uint16_t if_name = 2;
constexpr std::uint16_t if_description = 3;
constexpr std::uint16_t if_tsresol = 9;
constexpr std::uint16_t if_filter = 11;
constexpr std::uint16_t if_os = 12;
constexpr std::uint16_t if_tsoffset = 14;
// Enhanced packet: 4.3.
constexpr std::uint16_t epb_flags = 2;
constexpr std::uint16_t epb_dropcount = 4;
constexpr std::uint16_t epb_packetid = 5;
constexpr std::uint16_t epb_queue = 6;
constexpr std::uint16_t epb_verdict = 7;
// Interface statistics: 4.6.
constexpr std::uint16_t isb_starttime = 2;
constexpr std::uint16_t isb_endtime = 3;
constexpr std::uint16_t isb_ifrecv = 4;
constexpr std::uint16_t isb_ifdrop = 5;
constexpr std::uint16_t isb_filteraccept = 6;
constexpr std::uint16_t isb_usrdeliv = 8;
}  // namespace option

constexpr std::uint32_t kFlagsInbound = 1;          // epb_flags, bits 0-1: section 4.3.1
constexpr std::uint8_t kVerdictOfLinuxEbpfXdp = 2;  // epb_verdict, first byte: section 4.3

}  // namespace xdpcap::pcapng
