# SPDX-License-Identifier: BSD-3-Clause
"""IPv4: header fields, options, fragments, and the protocols that are part of it."""

import struct

from scapy.all import (ICMP, IP, Ether, IPOption_LSRR, IPOption_NOP, IPOption_Router_Alert,
                       IPOption_RR, IPOption_Timestamp, Raw, checksum, fragment)
from scapy.contrib.igmp import IGMP
from scapy.contrib.igmpv3 import IGMPv3, IGMPv3gr, IGMPv3mr

from base import (MAC_A, V4_A, V4_B, V4_C, V4_D, capture, eth, ip4, tcp, text, udp)


@capture("ipv4")
def ipv4():
    """Addresses, TTLs, DSCP and ECN, flags, lengths, and a protocol number nobody uses."""
    addresses = [eth(ip4(udp(), src=src, dst=dst))
                 for src in (V4_A, V4_C, "10.0.0.1") for dst in (V4_B, V4_D, "172.16.31.254")]
    ttls = [eth(ip4(udp(), ttl=ttl)) for ttl in (0, 1, 64, 128, 255)]
    services = [eth(ip4(tcp(4), tos=tos)) for tos in (0, 0x01, 0x02, 0x03, 0x28, 0xB8, 0xE0)]
    lengths = [eth(ip4(udp(length))) for length in (0, 1, 18, 64, 512, 1400, 1472)]
    return addresses + ttls + services + lengths + [
        eth(ip4(udp(), flags="DF")),
        eth(ip4(udp(), flags="evil")),
        eth(ip4(text(20), proto=253)),  # RFC 3692: for experiments
        eth(ip4(text(20), proto=0)),
        eth(ip4(text(20), proto=255)),
        eth(ip4(udp(0)) / Raw(bytes(18))),  # Ethernet padding after a short datagram
    ]


@capture("ipv4-options")
def options():
    """Headers of 24 to 60 bytes: NOP, record route, source route, time stamp, router alert."""
    choices = [
        [IPOption_NOP()] * 4,
        [IPOption_RR(routers=[V4_C, V4_D, "0.0.0.0"])],
        [IPOption_LSRR(routers=[V4_C, V4_D])],
        [IPOption_Timestamp(flg=0, pointer=5)],
        [IPOption_Router_Alert()],
        [IPOption_RR(routers=["0.0.0.0"] * 9)],  # 39 bytes, padded to the longest header there is
    ]
    payloads = [lambda: udp(dport=53), lambda: tcp(16, dport=443),
                lambda: ICMP(id=7, seq=1) / text(16)]
    return [eth(ip4(payload(), options=list(choice)))
            for choice in choices for payload in payloads]


@capture("ipv4-bad")
def malformed():
    """Header lengths and versions that lie, total lengths too small or too large, bad checksums."""
    return [
        *[eth(ip4(udp(), ihl=words)) for words in (0, 1, 4, 6, 15)],
        *[eth(ip4(udp(), version=version), type=0x0800) for version in (0, 5, 6, 15)],
        *[eth(ip4(udp(), len=length)) for length in (0, 19, 20, 24, 65535)],
        eth(ip4(udp(), chksum=0xDEAD)),
        eth(ip4(udp(chksum=0xDEAD))),
        eth(ip4(tcp(8, chksum=0xDEAD))),
        eth(ip4(udp(len=4))),
        eth(ip4(tcp(8, dataofs=0))),
        eth(ip4(tcp(8, dataofs=15))),
        eth(ip4(udp(), src=V4_A, dst=V4_A)),  # LAND
    ]


@capture("ipv4-fragments")
def fragments():
    """Whole datagrams cut up: first, middle and last fragments, tiny and overlapping ones."""
    packets = []
    for number, payload in enumerate((udp(3000, dport=53), tcp(2500, dport=443),
                                      ICMP(id=3, seq=1) / text(2000))):
        packets += [eth(part) for part in fragment(ip4(payload, id=100 + number), fragsize=800)]
    packets += [eth(ip4(Raw(bytes(tcp(64))[:8]), proto=6, id=200, flags="MF")),  # 8 bytes of TCP
                eth(ip4(Raw(bytes(tcp(64))[8:]), proto=6, id=200, frag=1)),
                eth(ip4(udp(1400), id=201, flags="MF", len=1400)),
                eth(ip4(text(200), proto=17, id=201, frag=100)),
                eth(ip4(text(8), proto=17, id=202, frag=8191)),  # the ping of death's offset
                eth(ip4(udp(), id=203, flags="DF"))]
    return packets


@capture("icmp")
def icmp():
    """Echo, every unreachable code, redirect, time exceeded, parameter problem, time stamp."""
    inner = IP(src=V4_B, dst=V4_A, id=9) / udp(8)
    echoes = [eth(ip4(ICMP(type=kind, id=0x4242, seq=seq) / text(48)))
              for seq in (1, 2, 3) for kind in (8, 0)]
    unreachable = [eth(ip4(ICMP(type=3, code=code) / inner)) for code in range(16)]
    return echoes + unreachable + [
        eth(ip4(ICMP(type=3, code=4, nexthopmtu=1400) / inner)),
        eth(ip4(ICMP(type=5, code=1, gw=V4_C) / inner)),
        eth(ip4(ICMP(type=11, code=0) / inner)),
        eth(ip4(ICMP(type=11, code=1) / inner)),
        eth(ip4(ICMP(type=12, code=0, ptr=20) / inner)),
        eth(ip4(ICMP(type=13, id=1, seq=1, ts_ori=1000, ts_rx=0, ts_tx=0))),
        eth(ip4(ICMP(type=14, id=1, seq=1, ts_ori=1000, ts_rx=1001, ts_tx=1002))),
        eth(ip4(ICMP(type=4) / inner)),
        eth(ip4(ICMP(type=9, code=0) / Raw(bytes(4)))),
        eth(ip4(ICMP(type=10, code=0))),
        eth(ip4(ICMP(type=17, id=1, seq=1, addr_mask="0.0.0.0"))),
        eth(ip4(ICMP(type=18, id=1, seq=1, addr_mask="255.255.255.0"))),
    ]


def checksummed(message, offset):
    """MESSAGE with the internet checksum (RFC 1071) of the whole written at OFFSET."""
    return Raw(message[:offset] + struct.pack("!H", checksum(message)) + message[offset + 2:])


@capture("routing")
def routing():
    """IGMP, OSPF, VRRP, PIM and EIGRP: IPv4 protocols that tcpdump has words for."""
    def group(address, payload, **fields):
        low = [int(part) for part in address.split(".")]
        mac = "01:00:5e:%02x:%02x:%02x" % (low[1] & 0x7F, low[2], low[3])
        return Ether(src=MAC_A, dst=mac) / ip4(payload, dst=address, **{"ttl": 1, **fields})

    ospf_hello = struct.pack("!BBH4s4sHHQ", 2, 1, 44, bytes([192, 0, 2, 1]), bytes(4), 0, 0, 0)
    ospf_hello += struct.pack("!IHBBI8x", 0xFFFFFF00, 10, 2, 1, 40)
    vrrp = struct.pack("!BBBBBBH4sQ", 0x21, 10, 100, 1, 0, 1, 0, bytes([192, 0, 2, 254]), 0)
    pim = struct.pack("!BBHHHH", 0x20, 0, 0, 1, 2, 105)
    eigrp = struct.pack("!BBHIIII", 2, 5, 0, 0, 0, 0, 1)
    return [
        group("224.0.0.1", IGMP(type=0x11, gaddr="0.0.0.0", mrcode=100, chksum=0xEE9B)),
        group("239.1.2.3", IGMP(type=0x16, gaddr="239.1.2.3", mrcode=0)),
        group("224.0.0.2", IGMP(type=0x17, gaddr="239.1.2.3", mrcode=0)),
        group("224.0.0.22", IGMPv3(type=0x22) / IGMPv3mr(
            records=[IGMPv3gr(rtype=4, maddr="239.1.2.3")])),
        group("224.0.0.5", checksummed(ospf_hello, 12), proto=89),
        group("224.0.0.18", checksummed(vrrp, 6), proto=112, ttl=255),
        group("224.0.0.13", checksummed(pim, 2), proto=103),
        group("224.0.0.10", checksummed(eigrp, 2), proto=88),
        eth(ip4(checksummed(pim, 2), proto=103)),
    ]
