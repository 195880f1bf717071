# SPDX-License-Identifier: BSD-3-Clause
"""Link types that are not Ethernet: what -linktype has to deal with."""

import struct

from scapy.all import (ARP, ICMP, LLC, PPP_LCP, SNAP, Dot11, Dot11Beacon, Dot11Elt, Dot11QoS,
                       ICMPv6EchoRequest, RadioTap, Raw)

import base
from base import MAC_A, MAC_B, MAC_C, V4_A, V4_B, capture, ip4, ip6, tcp, text, udp

AF_INET, AF_INET6_LINUX, AF_INET6_BSD, AF_INET6_DARWIN = 2, 10, 24, 30
ARPHRD_ETHER, ARPHRD_LOOPBACK, ARPHRD_NONE = 1, 772, 0xFFFE


def datagrams():
    return [
        ip4(udp(dport=53)),
        ip4(tcp(16, dport=443)),
        ip4(ICMP(id=1, seq=1) / text(16)),
        ip4(udp(200), frag=10),
        ip6(udp(dport=53)),
        ip6(tcp(16, dport=443)),
        ip6(ICMPv6EchoRequest(id=1, seq=1)),
    ]


def ethertype(datagram):
    return 0x0800 if datagram.version == 4 else 0x86DD


@capture("raw", base.RAW)
def raw():
    """Raw IP: the version nibble alone tells IPv4 from IPv6; one byte that is neither."""
    return datagrams() + [b"\x00", b"\x4f", bytes(20)]


@capture("raw-ipv4", base.IPV4)
def raw_ipv4():
    """Raw IPv4 only."""
    return datagrams()[:4]


@capture("raw-ipv6", base.IPV6)
def raw_ipv6():
    """Raw IPv6 only."""
    return datagrams()[4:]


@capture("null", base.NULL)
def null():
    """BSD loopback: a family word in the byte order of the machine, both orders, three IPv6s."""
    families = [("<I", AF_INET6_BSD), ("<I", AF_INET6_DARWIN), (">I", AF_INET6_DARWIN)]
    return [
        *[struct.pack("<I", AF_INET) + bytes(d) for d in datagrams()[:4]],
        struct.pack(">I", AF_INET) + bytes(datagrams()[0]),
        *[struct.pack(order, family) + bytes(datagrams()[4]) for order, family in families],
    ]


@capture("loop", base.LOOP)
def loop():
    """OpenBSD loopback: the family word in network byte order."""
    return [struct.pack(">I", AF_INET if d.version == 4 else AF_INET6_BSD) + bytes(d)
            for d in datagrams()]


@capture("sll", base.SLL)
def sll():
    """Linux cooked: each packet type (host, broadcast, multicast, other, sent), ARP, 802.2."""
    def cooked(kind, protocol, payload, device=ARPHRD_ETHER):
        address = bytes.fromhex(MAC_A.replace(":", ""))
        return struct.pack("!HHH6s2xH", kind, device, 6, address, protocol) + bytes(payload)

    arp = ARP(op="who-has", hwsrc=MAC_A, hwdst="00:00:00:00:00:00", psrc=V4_A, pdst=V4_B)
    return [
        *[cooked(kind, 0x0800, ip4(udp(dport=53))) for kind in range(5)],
        *[cooked(0, ethertype(d), d) for d in datagrams()],
        cooked(1, 0x0806, arp),
        cooked(2, 0x0004, Raw(b"\x42\x42\x03" + bytes(35))),
        cooked(4, 0x0800, ip4(udp()), ARPHRD_LOOPBACK),
        cooked(0, 0x8100, Raw(b"\x00\x0c\x08\x00") / ip4(udp())),
    ]


@capture("sll2", base.SLL2)
def sll2():
    """Linux cooked, version 2: the protocol comes first and the interface index is there."""
    def cooked(kind, protocol, payload, index=3):
        address = bytes.fromhex(MAC_A.replace(":", ""))
        header = struct.pack("!HHIHBB6s2x", protocol, 0, index, ARPHRD_ETHER, kind, 6, address)
        return header + bytes(payload)

    arp = ARP(op="who-has", hwsrc=MAC_A, hwdst="00:00:00:00:00:00", psrc=V4_A, pdst=V4_B)
    return [
        *[cooked(kind, 0x0800, ip4(udp(dport=53))) for kind in range(5)],
        *[cooked(0, ethertype(d), d, index=7) for d in datagrams()],
        cooked(1, 0x0806, arp),
    ]


@capture("ppp", base.PPP)
def ppp():
    """PPP in HDLC-like framing: LCP, IPv4, IPv6."""
    header = b"\xff\x03"
    frames = [base.ppp(0xC021, PPP_LCP(code=9, id=1, data=bytes(4)))]
    frames += [base.ppp(0x0021 if d.version == 4 else 0x0057, d) for d in datagrams()]
    return [header + bytes(frame) for frame in frames]


# Bits of 802.11's frame control, whose names in scapy depend on its version.
TO_DS, FROM_DS, PROTECTED = 0x01, 0x02, 0x40


def wireless_frames():
    def data(distribution, **fields):
        return Dot11(type=2, subtype=0, FCfield=distribution, addr1=MAC_A, addr2=MAC_B, addr3=MAC_C,
                     **fields)

    def snap(datagram):
        return LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(code=ethertype(datagram)) / datagram

    beacon = (Dot11(type=0, subtype=8, addr1="ff:ff:ff:ff:ff:ff", addr2=MAC_A, addr3=MAC_A)
              / Dot11Beacon(timestamp=1000, cap="ESS") / Dot11Elt(ID="SSID", info=b"lab"))
    return [
        beacon,
        Dot11(type=0, subtype=4, addr1="ff:ff:ff:ff:ff:ff", addr2=MAC_B, addr3="ff:ff:ff:ff:ff:ff")
        / Dot11Elt(ID="SSID", info=b""),
        Dot11(type=1, subtype=13, addr1=MAC_A),  # ACK: a header of ten bytes
        Dot11(type=1, subtype=11, addr1=MAC_A, addr2=MAC_B),  # RTS
        *[data(way) / snap(d) for way in (TO_DS, FROM_DS) for d in datagrams()],
        data(TO_DS | FROM_DS, addr4="02:00:00:00:00:0d") / snap(ip4(udp())),  # four addresses
        Dot11(type=2, subtype=8, FCfield=TO_DS, addr1=MAC_A, addr2=MAC_B, addr3=MAC_C)
        / Dot11QoS(TID=5) / snap(ip4(udp())),
        data(TO_DS | PROTECTED) / Raw(bytes(40)),
    ]


@capture("wlan", base.IEEE802_11)
def wlan():
    """802.11: management, control and data frames, every direction, QoS, protected."""
    return wireless_frames()


@capture("radiotap", base.RADIOTAP)
def radiotap():
    """802.11 behind radiotap headers of 8 and 9 bytes."""
    return ([RadioTap(present="") / frame for frame in wireless_frames()]
            + [RadioTap(present="Rate", Rate=12) / frame for frame in wireless_frames()])
