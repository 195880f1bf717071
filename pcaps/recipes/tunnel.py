# SPDX-License-Identifier: BSD-3-Clause
"""Packets inside packets."""

import struct

from scapy.all import (AH, ESP, GRE, ICMP, IP, IPv6, UDP, VXLAN, Dot1Q, Ether, PPP_LCP, PPPoE,
                       PPPoED, Raw)
from scapy.contrib.geneve import GENEVE
from scapy.contrib.gtp import GTP_U_Header, GTPPDUSessionContainer
from scapy.contrib.mpls import MPLS

from base import MAC_A, MAC_B, MAC_C, capture, eth, ip4, ip6, ppp, tcp, text, udp

# The inner packets have addresses and ports of their own, so that a filter which looks at the
# wrong layer shows.
IN4 = IP(src="10.1.0.1", dst="10.1.0.2", id=0x77)
IN6 = IPv6(src="2001:db8:a::1", dst="2001:db8:a::2")


def inner4():
    return IN4 / udp(16, sport=5000, dport=5001)


def inner6():
    return IN6 / tcp(16, sport=6000, dport=6001)


def inner_frame(payload):
    return Ether(src="02:00:00:00:01:0a", dst="02:00:00:00:01:0b") / payload


@capture("gre")
def gre():
    """GRE bare and with key, sequence and checksum, carrying IPv4, IPv6, Ethernet, ERSPAN, PPTP."""
    erspan = struct.pack("!HHI", 0x1000 | 12, 0x0001, 0)
    return [
        eth(ip4(GRE(proto=0x0800) / inner4())),
        eth(ip4(GRE(proto=0x86DD) / inner6())),
        eth(ip4(GRE(proto=0x0800, key_present=1, key=42) / inner4())),
        eth(ip4(GRE(proto=0x0800, seqnum_present=1, sequence_number=7) / inner4())),
        eth(ip4(GRE(proto=0x0800, chksum_present=1, key_present=1, key=1, seqnum_present=1,
                    sequence_number=1) / inner4())),
        eth(ip4(GRE(proto=0x6558, key_present=1, key=99) / inner_frame(inner4()))),
        eth(ip6(GRE(proto=0x6558) / inner_frame(inner6()))),
        eth(ip6(GRE(proto=0x0800) / inner4())),
        eth(ip4(GRE(proto=0x88BE, seqnum_present=1, sequence_number=1) / Raw(erspan)
                / inner_frame(inner4()))),
        eth(ip4(GRE(proto=0x880B, version=1, key_present=1, key=0x00240001)
                / Raw(b"\xff\x03\x00\x21") / inner4())),
        eth(ip4(GRE(proto=0x8847) / MPLS(label=16, s=1, ttl=64) / inner4())),
    ]


@capture("ipip")
def ipip():
    """IP in IP in all four ways, twice nested, with a first fragment inside."""
    return [
        eth(ip4(inner4())),
        eth(ip4(inner6())),  # 6in4, protocol 41
        eth(ip6(inner4())),
        eth(ip6(inner6())),
        eth(ip4(IP(src="10.2.0.1", dst="10.2.0.2", id=1) / inner4())),
        eth(ip6(IPv6(src="2001:db8:b::1", dst="2001:db8:b::2") / inner4())),
        eth(ip4(IN4.copy() / ICMP(id=1, seq=1) / text(8))),
        eth(ip4(IP(src="10.1.0.1", dst="10.1.0.2", id=5, flags="MF") / udp(32))),
    ]


@capture("mpls")
def mpls():
    """One to four labels, special labels, IPv4, IPv6 and a pseudowire below, behind a VLAN too."""
    def stack(*labels):
        entries = [MPLS(label=label, s=0, cos=0, ttl=64) for label in labels]
        entries[-1].s = 1
        packet = entries[0]
        for entry in entries[1:]:
            packet = packet / entry
        return packet

    return [
        eth(stack(100) / inner4(), type=0x8847),
        eth(stack(100) / inner6(), type=0x8847),
        eth(stack(100, 1024) / inner4(), type=0x8847),
        eth(stack(100, 1024, 100000) / inner6(), type=0x8847),
        eth(stack(100, 7, 4242, 1048575) / inner4(), type=0x8847),
        eth(stack(0) / inner4(), type=0x8847),  # explicit null
        eth(stack(2) / inner6(), type=0x8847),  # IPv6 explicit null
        eth(stack(100) / inner4(), type=0x8848),  # upstream assigned, once multicast
        eth(stack(100, 1024) / Raw(bytes(4)) / inner_frame(inner4()), type=0x8847),
        eth(Dot1Q(vlan=12, type=0x8847) / stack(100) / inner4()),
    ]


@capture("pppoe")
def pppoe():
    """Discovery from PADI to PADT, then LCP, IPv4 and IPv6 in a session, behind a VLAN too."""
    def discovery(code, session=0, dst=MAC_B):
        return Ether(src=MAC_A, dst=dst) / PPPoED(code=code, sessionid=session) / Raw(b"\1\1\0\0")

    def session(number, protocol, payload):
        return PPPoE(sessionid=number) / ppp(protocol, payload)

    return [
        discovery(0x09, dst="ff:ff:ff:ff:ff:ff"),
        discovery(0x07),
        discovery(0x19),
        discovery(0x65, 0x11),
        eth(session(0x11, 0xC021, PPP_LCP(code=9, id=1, data=b"\0\0\0\1"))),
        eth(session(0x11, 0x0021, inner4())),
        eth(session(0x11, 0x0057, inner6())),
        eth(session(0x12, 0x0021, inner4())),
        eth(Dot1Q(vlan=7) / session(0x11, 0x0021, inner4())),
        discovery(0xA7, 0x11),
    ]


@capture("gtpu")
def gtpu():
    """GTP-U: echo, G-PDUs with IPv4 and IPv6, sequence number, a 5G PDU session container."""
    def tunnel(header, payload, network=ip4):
        return eth(network(UDP(sport=2152, dport=2152) / header / payload))

    return [
        tunnel(GTP_U_Header(gtp_type=1, S=1, seq=1), Raw(b"")),
        tunnel(GTP_U_Header(gtp_type=2, S=1, seq=1), Raw(b"\x0e\x00")),
        tunnel(GTP_U_Header(gtp_type=255, teid=0xCAFE), inner4()),
        tunnel(GTP_U_Header(gtp_type=255, teid=0xCAFE), inner6()),
        tunnel(GTP_U_Header(gtp_type=255, teid=0xBEEF, S=1, seq=5), inner4()),
        tunnel(GTP_U_Header(gtp_type=255, teid=0xCAFE, E=1, next_ex=0x85)
               / GTPPDUSessionContainer(type=0, QFI=9), inner4()),
        tunnel(GTP_U_Header(gtp_type=255, teid=0xCAFE), inner4(), network=ip6),
        tunnel(GTP_U_Header(gtp_type=254, teid=0xCAFE), Raw(b"")),
    ]


@capture("vxlan")
def vxlan():
    """VXLAN and GENEVE: several networks, IPv4 and IPv6 outside and inside, a VLAN inside."""
    def vx(vni, payload, network=ip4, **fields):
        return eth(network(UDP(sport=50000, dport=4789) / VXLAN(vni=vni, flags="Instance", **fields)
                           / inner_frame(payload)))

    def geneve(vni, payload, network=ip4, **fields):
        return eth(network(UDP(sport=50000, dport=6081) / GENEVE(vni=vni, **fields) / payload))

    return [
        vx(1, inner4()),
        vx(5000, inner6()),
        vx(0xFFFFFF, inner4()),
        vx(1, inner4(), network=ip6),
        vx(1, Dot1Q(vlan=12) / inner4()),
        geneve(1, inner_frame(inner4()), proto=0x6558),
        geneve(5000, inner_frame(inner6()), proto=0x6558),
        geneve(1, inner4(), proto=0x0800),
        geneve(1, inner_frame(inner4()), proto=0x6558, network=ip6),
        geneve(1, inner_frame(inner4()), proto=0x6558, oam=1),
    ]


@capture("ipsec")
def ipsec():
    """ESP and AH over IPv4 and IPv6, ESP in UDP, IKE, and a NAT keepalive."""
    sealed = bytes((index * 37 + 11) & 0xFF for index in range(64))
    esp = ESP(spi=0x1001, seq=1, data=sealed)
    ah = dict(spi=0x2002, seq=1, payloadlen=4, icv=b"\x5a" * 12)
    # Scapy does not look past an AH for the addresses a checksum needs.
    udp4, udp6 = Raw(bytes(ip4(udp()))[20:]), Raw(bytes(ip6(udp()))[40:])
    tcp4 = Raw(bytes(ip4(tcp(16)))[20:])
    ike = struct.pack("!QQBBBBII", 0x1122334455667788, 0, 33, 0x20, 34, 0x08, 0, 28)
    return [
        eth(ip4(esp)),
        eth(ip4(ESP(spi=0x1001, seq=2, data=sealed))),
        eth(ip6(esp)),
        eth(ip4(AH(nh=17, **ah) / udp4, proto=51)),
        eth(ip6(AH(nh=17, **ah) / udp6, nh=51)),
        eth(ip4(AH(nh=6, **ah) / tcp4, proto=51)),
        eth(ip4(AH(nh=50, **ah) / esp, proto=51)),
        eth(ip4(UDP(sport=4500, dport=4500) / Raw(bytes(esp)))),
        eth(ip4(UDP(sport=4500, dport=4500) / Raw(bytes(4) + ike))),
        eth(ip4(UDP(sport=500, dport=500) / Raw(ike))),
        eth(ip4(UDP(sport=4500, dport=4500) / Raw(b"\xff"))),
    ]


@capture("tunnels")
def others():
    """WireGuard, L2TP over UDP and IP, Teredo, FOU/GUE, EtherIP and VXLAN-GPE."""
    wireguard = bytes([4, 0, 0, 0]) + struct.pack("<IQ", 7, 1) + bytes(48)
    teredo = inner6()
    gpe = struct.pack("!BHBI", 0x0C, 0, 1, 42 << 8)
    return [
        eth(ip4(UDP(sport=51820, dport=51820) / Raw(bytes([1]) + bytes(147)))),
        eth(ip4(UDP(sport=51820, dport=51820) / Raw(wireguard))),
        eth(ip4(UDP(sport=1701, dport=1701) / Raw(struct.pack("!HHHBB", 2, 1, 1, 0xFF, 3))
                / Raw(b"\x00\x21") / inner4())),
        eth(ip4(Raw(struct.pack("!I", 0x11223344)) / inner_frame(inner4()), proto=115)),
        eth(ip4(UDP(sport=3544, dport=3544) / teredo)),
        eth(ip4(UDP(sport=50000, dport=6080) / Raw(b"\x00\x04\x00\x00") / inner4())),
        eth(ip4(Raw(b"\x30\x00") / inner_frame(inner4()), proto=97)),
        eth(ip4(UDP(sport=50000, dport=4790) / Raw(gpe) / inner4())),
        Ether(src=MAC_A, dst=MAC_C) / Dot1Q(vlan=9) / ip4(GRE(proto=0x6558) / inner_frame(
            Dot1Q(vlan=3) / ip4(UDP(sport=50000, dport=4789) / VXLAN(vni=3, flags="Instance")
                                / inner_frame(inner4())))),
    ]
