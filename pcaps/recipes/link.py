# SPDX-License-Identifier: BSD-3-Clause
"""Ethernet itself: ARP, tags, LLC and the protocols that live beside IP."""

from scapy.all import ARP, LLC, SNAP, STP, Dot1AD, Dot1Q, Dot3, Ether, EAPOL, ICMP, Raw
from scapy.contrib.lldp import (LLDPDUChassisID, LLDPDUEndOfLLDPDU, LLDPDUPortDescription,
                                LLDPDUPortID, LLDPDUSystemName, LLDPDUTimeToLive)

from base import (MAC_A, MAC_B, MAC_C, V4_A, V4_B, V4_C, V4_D, V6_B, capture, eth, ip4, ip6, tcp,
                  text, udp)

BROADCAST = "ff:ff:ff:ff:ff:ff"
NOBODY = "00:00:00:00:00:00"


def arp(dst=BROADCAST, **fields):
    fields = {"hwsrc": MAC_A, "hwdst": NOBODY, "psrc": V4_A, "pdst": V4_B, **fields}
    return Ether(src=fields["hwsrc"], dst=dst) / ARP(**fields)


@capture("arp")
def arps():
    """Who-has and is-at, gratuitous ARP, a probe (RFC 5227), RARP, one behind a VLAN tag."""
    return [
        arp(op="who-has"),
        arp(dst=MAC_A, op="is-at", hwsrc=MAC_B, hwdst=MAC_A, psrc=V4_B, pdst=V4_A),
        arp(op="who-has", pdst=V4_C),
        arp(op="who-has", pdst=V4_A),
        arp(op="is-at", hwdst=BROADCAST, pdst=V4_A),
        arp(op="who-has", psrc="0.0.0.0", pdst=V4_D),
        Ether(src=MAC_C, dst=BROADCAST, type=0x8035)
        / ARP(op=3, hwsrc=MAC_C, hwdst=MAC_C, psrc="0.0.0.0", pdst="0.0.0.0"),
        Ether(src=MAC_A, dst=BROADCAST) / Dot1Q(vlan=12)
        / ARP(op="who-has", hwsrc=MAC_A, hwdst=NOBODY, psrc=V4_A, pdst=V4_B),
    ]


@capture("vlan")
def vlan():
    """802.1Q: ids 0 (priority tag), 1, 12, 4094 and 4095, every priority, DEI, and no tag."""
    ids = [eth(Dot1Q(vlan=i) / ip4(udp())) for i in (0, 1, 12, 100, 4094, 4095)]
    priorities = [eth(Dot1Q(vlan=12, prio=p) / ip4(tcp(8))) for p in range(8)]
    return ids + priorities + [
        eth(Dot1Q(vlan=12, id=1) / ip4(ICMP(id=1, seq=1) / text(8))),
        eth(Dot1Q(vlan=12) / ip6(udp())),
        eth(Dot1Q(vlan=12) / ip6(tcp(8, dport=443))),
        eth(ip4(udp())),
        eth(ip6(udp())),
    ]


@capture("qinq")
def qinq():
    """802.1ad service tags, stacked 802.1Q, 0x9100, and three tags deep."""
    inner = ip4(udp(dport=53))
    return [
        eth(Dot1AD(vlan=200) / Dot1Q(vlan=12) / inner),
        eth(Dot1AD(vlan=200) / Dot1Q(vlan=12) / ip6(tcp(4))),
        eth(Dot1AD(vlan=200) / inner),
        eth(Dot1Q(vlan=200) / Dot1Q(vlan=12) / inner),
        eth(Dot1Q(vlan=200) / Dot1Q(vlan=13) / ip6(udp(dport=123))),
        eth(Dot1Q(vlan=200) / Dot1Q(vlan=12) / Dot1Q(vlan=7) / inner),
        eth(Dot1AD(vlan=200) / Dot1AD(vlan=201) / Dot1Q(vlan=7) / inner),
        eth(Dot1Q(vlan=12) / inner, type=0x9100),
        eth(Dot1AD(vlan=200, prio=5) / Dot1Q(vlan=12, prio=3) / ip4(tcp(20))),
    ]


@capture("llc")
def llc():
    """802.3 frames: LLC I, S and U frames, SNAP with IP and ARP, NetBEUI, IS-IS, raw IPX."""
    def frame(dsap, ssap, *rest):
        return Dot3(src=MAC_A, dst=MAC_B) / Raw(bytes([dsap, ssap, *rest]) + bytes(40))

    return [
        frame(0x00, 0x00, 0xE3),  # TEST command
        frame(0x00, 0x01, 0xAF, 0x81, 0x01, 0x00),  # XID response
        frame(0xF0, 0xF0, 0x7F),  # SABME, NetBEUI
        frame(0xF0, 0xF1, 0x73),  # UA
        frame(0xF0, 0xF0, 0x53),  # DISC
        frame(0xF0, 0xF0, 0x00, 0x02),  # I, N(S)=0 N(R)=1
        frame(0xF0, 0xF0, 0x02, 0x04),  # I, N(S)=1 N(R)=2
        frame(0xF0, 0xF1, 0x01, 0x06),  # S, RR
        frame(0xF0, 0xF1, 0x05, 0x06),  # S, RNR
        frame(0xF0, 0xF1, 0x09, 0x06),  # S, REJ
        frame(0xFE, 0xFE, 0x03, 0x83, 0x1B, 0x01, 0x00, 0x10, 0x01, 0x00, 0x00),  # IS-IS L2 hello
        frame(0xE0, 0xE0, 0x03, 0xFF, 0xFF, 0x00, 0x28),  # IPX over LLC
        frame(0xFF, 0xFF, 0x00, 0x28),  # IPX straight in 802.3
        Dot3(src=MAC_A, dst=MAC_B) / LLC() / SNAP(code=0x0800) / ip4(udp()),
        Dot3(src=MAC_A, dst=MAC_B) / LLC() / SNAP(code=0x86DD) / ip6(udp()),
        Dot3(src=MAC_A, dst=BROADCAST) / LLC() / SNAP(code=0x0806)
        / ARP(op="who-has", hwsrc=MAC_A, hwdst=NOBODY, psrc=V4_A, pdst=V4_B),
        Dot3(src=MAC_A, dst=MAC_B) / LLC() / SNAP(OUI=0x080007, code=0x809B) / Raw(bytes(40)),
    ]


@capture("stp")
def stp():
    """Spanning tree: configuration BPDUs with flags and costs, and a topology change note."""
    def bpdu(**fields):
        return (Dot3(src=MAC_C, dst="01:80:c2:00:00:00") / LLC(dsap=0x42, ssap=0x42, ctrl=3)
                / STP(**{"rootmac": MAC_A, "bridgemac": MAC_C, **fields}) / Raw(bytes(8)))

    notification = Raw(bytes.fromhex("424203" "0000" "00" "80") + bytes(39))
    return [
        bpdu(),
        bpdu(bpduflags=0x01, pathcost=4),
        bpdu(bpduflags=0x80, pathcost=100, portid=0x8002),
        bpdu(rootid=0x8001, age=1),
        Dot3(src=MAC_C, dst="01:80:c2:00:00:00") / notification,
    ]


@capture("lldp")
def lldp():
    """Two LLDP announcements, one with a name and a port description."""
    def announce(*more):
        units = [LLDPDUChassisID(subtype=4, id=MAC_A), LLDPDUPortID(subtype=5, id=b"eth0"),
                 LLDPDUTimeToLive(ttl=120), *more, LLDPDUEndOfLLDPDU()]
        frame = Ether(src=MAC_A, dst="01:80:c2:00:00:0e", type=0x88CC)
        for unit in units:
            frame = frame / unit
        return frame

    return [
        announce(),
        announce(LLDPDUSystemName(system_name=b"switch"),
                 LLDPDUPortDescription(description=b"uplink")),
    ]


@capture("ethertypes")
def ethertypes():
    """One frame for each of a row of EtherTypes that are neither IP nor ARP, 0x05ff to 0xffff."""
    known = [
        (0x0600, bytes(46)),  # the first value that is a type and not a length
        (0x05FF, bytes(46)),  # neither length nor type
        (0x0842, b"\xff" * 6 + bytes.fromhex("02000000000b") * 16),  # wake on LAN
        (0x6002, bytes(46)),  # DEC MOP remote console
        (0x6003, bytes(46)),  # DECnet phase IV
        (0x809B, bytes(46)),  # AppleTalk
        (0x80F3, bytes(46)),  # AppleTalk ARP
        (0x8137, b"\xff\xff\x00\x1e" + bytes(42)),  # IPX
        (0x8809, b"\x01\x01" + bytes(108)),  # slow protocols: LACP
        (0x88A2, bytes(46)),  # ATA over Ethernet
        (0x88E5, bytes(46)),  # MACsec
        (0x88F7, b"\x00\x02\x00\x2c" + bytes(42)),  # PTP
        (0x8906, bytes(46)),  # FCoE
        (0x9000, b"\x00\x00\x01\x00" + bytes(42)),  # loopback test
        (0xFFFF, bytes(46)),
    ]
    frames = [Ether(src=MAC_A, dst=MAC_B, type=kind) / Raw(body) for kind, body in known]
    return frames + [Ether(src=MAC_A, dst="01:80:c2:00:00:03") / EAPOL(version=2, type=1, len=0)]


@capture("multicast")
def multicast():
    """Unicast, multicast and broadcast, at the Ethernet, IPv4 and IPv6 layer each."""
    def to(mac, packet):
        return Ether(src=MAC_A, dst=mac) / packet

    return [
        to(BROADCAST, ip4(udp(), dst="255.255.255.255")),
        to(BROADCAST, ip4(udp(), dst="192.0.2.255")),
        to(BROADCAST, ip4(udp(), dst="192.0.2.0")),
        to("01:00:5e:00:00:fb", ip4(udp(dport=5353), dst="224.0.0.251", ttl=255)),
        to("01:00:5e:7f:ff:fa", ip4(udp(dport=1900), dst="239.255.255.250")),
        to(MAC_B, ip4(udp(), dst="239.1.2.3")),  # multicast address, unicast frame
        to("33:33:00:00:00:01", ip6(udp(), dst="ff02::1")),
        to("33:33:00:00:00:fb", ip6(udp(dport=5353), dst="ff02::fb")),
        to("33:33:ff:00:00:02", ip6(udp(), dst="ff05::1:3")),
        to(MAC_B, ip6(udp(), dst="ff0e::1")),
        to("01:80:c2:00:00:21", Raw(bytes(46))),
        to("03:00:00:00:00:01", ip4(udp())),  # group bit of a local address
        to(MAC_B, ip4(udp())),
        to(MAC_C, ip4(udp(), dst=V4_C)),
        to(MAC_B, ip6(udp(), dst=V6_B)),
    ]
