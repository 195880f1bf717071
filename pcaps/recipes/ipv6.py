# SPDX-License-Identifier: BSD-3-Clause
"""IPv6: header fields, every extension header and chains of them, ICMPv6, segment routing."""

from scapy.all import (AH, ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6MLDone,
                       ICMPv6MLQuery, ICMPv6MLReport, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA,
                       ICMPv6ND_Redirect, ICMPv6ND_RS, ICMPv6NDOptDstLLAddr, ICMPv6NDOptMTU,
                       ICMPv6NDOptPrefixInfo, ICMPv6NDOptSrcLLAddr, ICMPv6PacketTooBig,
                       ICMPv6ParamProblem, ICMPv6TimeExceeded, IP, IPv6, IPv6ExtHdrDestOpt,
                       IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting,
                       IPv6ExtHdrSegmentRouting, Ether, Jumbo, PadN, RouterAlert, Raw)

from base import (MAC_A, MAC_B, V4_A, V4_B, V6_A, V6_B, V6_C, V6_D, capture, eth, ip6, tcp, text,
                  udp)

NO_NEXT_HEADER = 59


def hop_by_hop(*options):
    return IPv6ExtHdrHopByHop(options=list(options) or [PadN(optdata=b"\0" * 4)])


def destination_options(length=4):
    return IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * length)])


def routing_header():
    return IPv6ExtHdrRouting(type=0, addresses=[V6_C], segleft=0)


def segments(left, *addresses):
    return IPv6ExtHdrSegmentRouting(addresses=list(addresses), segleft=left,
                                    lastentry=len(addresses) - 1)


@capture("ipv6")
def ipv6():
    """Addresses, hop limits, traffic classes, flow labels, lengths, and unknown next headers."""
    addresses = [eth(ip6(udp(), src=src, dst=dst))
                 for src in (V6_A, V6_C, "fe80::1", "::") for dst in (V6_B, V6_D, "fe80::2")]
    return addresses + [
        *[eth(ip6(udp(), hlim=limit)) for limit in (0, 1, 64, 255)],
        *[eth(ip6(tcp(4), tc=service)) for service in (0x01, 0x03, 0xB8)],
        *[eth(ip6(tcp(4), fl=label)) for label in (1, 0x12345, 0xFFFFF)],
        *[eth(ip6(udp(length))) for length in (0, 1, 512, 1452)],
        eth(ip6(Raw(b""), nh=NO_NEXT_HEADER)),
        eth(ip6(text(20), nh=253)),
        eth(ip6(text(20), nh=255)),
    ]


@capture("ipv6-extensions")
def extensions():
    """Each extension header alone and in chains, before UDP, TCP, ICMPv6 and nothing."""
    payloads = [lambda: udp(dport=53), lambda: tcp(16, dport=443),
                lambda: ICMPv6EchoRequest(id=7, seq=1, data=b"ping")]
    chains = [
        lambda: hop_by_hop(),
        lambda: hop_by_hop(RouterAlert()),
        lambda: destination_options(),
        lambda: destination_options(60),
        lambda: routing_header(),
        lambda: IPv6ExtHdrFragment(id=1),  # an atomic fragment (RFC 6946)
        lambda: hop_by_hop() / routing_header(),
        lambda: hop_by_hop() / destination_options() / routing_header(),
        lambda: hop_by_hop() / routing_header() / IPv6ExtHdrFragment(id=2),
        lambda: (hop_by_hop() / destination_options() / routing_header()
                 / IPv6ExtHdrFragment(id=3) / destination_options(20)),
        lambda: destination_options() / destination_options() / destination_options(),
    ]
    packets = [eth(ip6(chain() / payload())) for chain in chains for payload in payloads]
    for payload in payloads:
        plain = ip6(payload())  # scapy finds neither checksum nor next header behind an AH
        packets.append(eth(ip6(routing_header() / destination_options() / AH(
            nh=plain.nh, spi=9, seq=1, payloadlen=4, icv=b"\x5a" * 12) / Raw(bytes(plain)[40:]))))
    return packets + [
        eth(ip6(hop_by_hop() / Raw(b""), nh=0)),
        eth(ip6(IPv6ExtHdrDestOpt(nh=NO_NEXT_HEADER, options=[PadN(optdata=b"\0" * 4)]))),
        eth(ip6(hop_by_hop(Jumbo(jumboplen=40)) / udp(24), plen=0)),  # RFC 2675
        eth(ip6(Raw(b"\x11\xff" + bytes(6)), nh=60)),  # extension that says it is 2048 bytes long
        eth(ip6(Raw(b"\x3c\x00" + bytes(6)) / Raw(b"\x3c\x00" + bytes(6)), nh=60)),  # never ends
    ]


@capture("ipv6-fragments")
def fragments():
    """Fragments: UDP, TCP and ICMPv6 in three parts each, the last with an odd length."""
    packets = []
    for number, payload in enumerate((udp(2501, dport=53), tcp(2501, dport=443),
                                      ICMPv6EchoRequest(id=3, seq=1, data=b"x" * 2501))):
        whole = bytes(ip6(payload))[40:]
        protocol = ip6(payload).nh
        for start in range(0, len(whole), 1000):
            part = IPv6ExtHdrFragment(nh=protocol, id=100 + number, offset=start // 8,
                                      m=int(start + 1000 < len(whole)))
            packets.append(eth(ip6(part / Raw(whole[start:start + 1000]))))
    return packets + [
        eth(ip6(hop_by_hop() / IPv6ExtHdrFragment(nh=17, id=9, offset=0, m=1) / udp(24))),
        eth(ip6(hop_by_hop() / IPv6ExtHdrFragment(nh=17, id=9, offset=4, m=0) / text(24))),
        eth(ip6(IPv6ExtHdrFragment(nh=6, id=10, offset=8191, m=0) / text(8))),
    ]


@capture("icmp6")
def icmp6():
    """Echo, errors, neighbour and router discovery, redirect, MLD."""
    inner = IPv6(src=V6_B, dst=V6_A) / udp(8)
    near_a, near_b = "fe80::a", "fe80::b"

    def discovery(payload, dst):
        return (Ether(src=MAC_A, dst="33:33:00:00:00:01")
                / IPv6(src=near_a, dst=dst, hlim=255) / payload)

    return [
        *[eth(ip6(kind(id=0x4242, seq=seq, data=b"0123456789" * 4)))
          for seq in (1, 2) for kind in (ICMPv6EchoRequest, ICMPv6EchoReply)],
        *[eth(ip6(ICMPv6DestUnreach(code=code) / inner)) for code in range(7)],
        eth(ip6(ICMPv6PacketTooBig(mtu=1280) / inner)),
        eth(ip6(ICMPv6TimeExceeded(code=0) / inner)),
        eth(ip6(ICMPv6TimeExceeded(code=1) / inner)),
        eth(ip6(ICMPv6ParamProblem(code=1, ptr=40) / inner)),
        discovery(ICMPv6ND_RS() / ICMPv6NDOptSrcLLAddr(lladdr=MAC_A), "ff02::2"),
        discovery(ICMPv6ND_RA(routerlifetime=1800) / ICMPv6NDOptSrcLLAddr(lladdr=MAC_A)
                  / ICMPv6NDOptMTU(mtu=1500) / ICMPv6NDOptPrefixInfo(prefix="2001:db8::"),
                  "ff02::1"),
        discovery(ICMPv6ND_NS(tgt=near_b) / ICMPv6NDOptSrcLLAddr(lladdr=MAC_A), "ff02::1:ff00:b"),
        discovery(ICMPv6ND_NA(tgt=near_a, S=1, O=1) / ICMPv6NDOptDstLLAddr(lladdr=MAC_A), near_b),
        discovery(ICMPv6ND_NA(tgt=near_a, R=1) / ICMPv6NDOptDstLLAddr(lladdr=MAC_A), "ff02::1"),
        discovery(ICMPv6ND_Redirect(tgt=near_b, dst=V6_C), near_b),
        discovery(hop_by_hop(RouterAlert()) / ICMPv6MLQuery(mladdr="::"), "ff02::1"),
        discovery(hop_by_hop(RouterAlert()) / ICMPv6MLReport(mladdr="ff05::1:3"), "ff05::1:3"),
        discovery(hop_by_hop(RouterAlert()) / ICMPv6MLDone(mladdr="ff05::1:3"), "ff02::2"),
        eth(ip6(ICMPv6EchoRequest(id=1, seq=1, cksum=0xDEAD))),
    ]


@capture("srv6")
def srv6():
    """Segment routing headers (RFC 8754): one to four segments, IPv4, IPv6 and Ethernet inside."""
    path = (V6_D, V6_C, V6_B)
    inner4 = IP(src=V4_A, dst=V4_B, id=1) / udp(dport=53)
    inner6 = IPv6(src="2001:db8:2::1", dst="2001:db8:2::2") / tcp(16, dport=443)
    return [
        *[eth(ip6(segments(left, *path) / udp(), dst=path[left])) for left in (2, 1, 0)],
        eth(ip6(segments(0, V6_B) / tcp(16))),
        eth(ip6(segments(3, *path, "2001:db8:3::1") / ICMPv6EchoRequest(id=1, seq=1),
                dst="2001:db8:3::1")),
        eth(ip6(segments(1, V6_D, V6_C) / inner4, dst=V6_C)),
        eth(ip6(segments(1, V6_D, V6_C) / inner6, dst=V6_C)),
        eth(ip6(hop_by_hop() / segments(1, V6_D, V6_C) / udp(), dst=V6_C)),
        eth(ip6(inner6, dst=V6_C)),  # reduced encapsulation: no SRH at all
        Ether(src=MAC_A, dst=MAC_B) / ip6(
            IPv6ExtHdrSegmentRouting(addresses=[V6_D, V6_C], segleft=1, lastentry=1, nh=143)
            / Raw(bytes(eth(ip6(udp())))), dst=V6_C),  # Ethernet inside (RFC 8986, End.DX2)
    ]
