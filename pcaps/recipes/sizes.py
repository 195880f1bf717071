# SPDX-License-Identifier: BSD-3-Clause
"""Frames of unusual length: jumbo, runt, cut off, snapped, and damaged ones."""

from scapy.all import ICMP, Dot1AD, Dot1Q, IPv6ExtHdrHopByHop, PadN, UDP, VXLAN, Ether

from base import Snapped, capture, eth, ip4, ip6, tcp, text, udp


def seeds():
    """A packet of each shape whose headers a filter walks through."""
    return [
        eth(ip4(tcp(20, dport=443))),
        eth(ip4(udp(20, dport=53))),
        eth(ip6(tcp(20, dport=443))),
        eth(ip6(udp(20, dport=53))),
        eth(Dot1Q(vlan=12) / ip4(tcp(20))),
        eth(Dot1AD(vlan=200) / Dot1Q(vlan=12) / ip6(udp(20))),
        eth(ip6(IPv6ExtHdrHopByHop(options=[PadN(optdata=bytes(4))]) / udp(20))),
        eth(ip4(ICMP(id=1, seq=1) / text(20))),
    ]


@capture("jumbo")
def jumbo():
    """Frames around 1514, 4096 and 9000 bytes: what a filter on length has to tell apart."""
    lengths = (1513, 1514, 1515, 1518, 1519, 4095, 4096, 4097, 8999, 9000, 9014, 9018)
    headers = len(bytes(eth(ip4(udp(0)))))
    return [eth(ip4(udp(length - headers, dport=9000))) for length in lengths] + [
        eth(ip6(tcp(9000 - 74, dport=443))),
        eth(Dot1Q(vlan=12) / ip4(tcp(9000 - 58, dport=443))),
    ]


@capture("sizes")
def sizes():
    """A frame of each length from 60 to 132 bytes, then in steps of 27 up to 1514."""
    headers = len(bytes(eth(ip4(udp(0)))))
    lengths = [*range(60, 133), *range(140, 1514, 27), 1514]
    return [eth(ip4(udp(length - headers))) for length in lengths]


@capture("runts")
def runts():
    """Frames of each length from 1 to 60 bytes: the front of a TCP frame and of an ARP one."""
    whole = bytes(eth(ip4(tcp(20, dport=443))))
    other = bytes(Ether(src="02:00:00:00:00:0a", dst="ff:ff:ff:ff:ff:ff", type=0x0806)) + bytes(46)
    return [frame[:length] for frame in (whole, other) for length in range(1, 61)]


@capture("truncated")
def truncated():
    """Eight kinds of packet, each ended after each byte of its headers: every boundary there is."""
    packets = []
    for seed in seeds():
        whole = bytes(seed)
        packets += [whole[:length] for length in range(12, min(len(whole), 96) + 1)]
    return packets


@capture("snapped")
def snapped():
    """Long frames of which 14 to 128 bytes were kept: the length on the wire is not the caplen."""
    frames = [bytes(eth(ip4(tcp(1400, dport=443)))), bytes(eth(ip6(udp(1400, dport=53)))),
              bytes(eth(ip4(UDP(sport=50000, dport=4789) / VXLAN(vni=1) / eth(ip4(udp(1000))))))]
    return [Snapped(frame[:kept], len(frame))
            for frame in frames for kept in (14, 20, 34, 42, 54, 64, 96, 128)]


class Lcg:
    """Knuth's MMIX generator: the same numbers on every machine and Python, unlike random's."""

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % bound


@capture("damaged")
def damaged():
    """900 packets with one to four header bytes overwritten, from a fixed seed."""
    numbers, packets, whole = Lcg(20231114), [], [bytes(seed) for seed in seeds()]
    for _ in range(900):
        frame = bytearray(whole[numbers.below(len(whole))])
        for _ in range(1 + numbers.below(4)):
            frame[12 + numbers.below(min(len(frame), 66) - 12)] = numbers.below(256)
        packets.append(bytes(frame))
    return packets


@capture("noise")
def noise():
    """300 frames of noise, 1 to 128 bytes, half of them behind a true Ethernet header."""
    numbers, packets = Lcg(4), []
    header = bytes(Ether(src="02:00:00:00:00:0a", dst="02:00:00:00:00:0b", type=0x0800))
    for index in range(300):
        body = bytes(numbers.below(256) for _ in range(1 + numbers.below(114)))
        packets.append(header + body if index % 2 else body)
    return packets


@capture("single")
def single():
    """One packet."""
    return [eth(ip4(udp()))]


@capture("empty")
def empty():
    """No packet at all: a file header and nothing behind it."""
    return []
