# SPDX-License-Identifier: BSD-3-Clause
"""What every recipe shares: the registry of captures, the fixed addresses, the pcap writer.

The file is written here rather than by scapy so that its bytes depend on nothing but the recipe:
time stamps are counted from a fixed start, and a record may be longer on the wire than in the file.
"""

import struct
from dataclasses import dataclass
from typing import Callable, Dict, List, Union

from scapy.all import IP, IPv6, TCP, UDP, Ether, Packet, Raw

# Link types, https://www.tcpdump.org/linktypes.html
NULL = 0
EN10MB = 1
PPP = 9
RAW = 101
IEEE802_11 = 105
LOOP = 108
SLL = 113
RADIOTAP = 127
IPV4 = 228
IPV6 = 229
SLL2 = 276

# Locally administered and documentation addresses (RFC 5737, RFC 3849): nobody's.
MAC_A, MAC_B, MAC_C = "02:00:00:00:00:0a", "02:00:00:00:00:0b", "02:00:00:00:00:0c"
V4_A, V4_B, V4_C, V4_D = "192.0.2.1", "192.0.2.2", "198.51.100.7", "203.0.113.99"
V6_A, V6_B, V6_C, V6_D = "2001:db8::1", "2001:db8::2", "2001:db8:1::7", "2001:db8:ffff::99"

FIRST_SECOND = 1_700_000_000  # 2023-11-14 22:13:20 UTC
GAP_US = 1_250  # between one packet and the next
MAX_SNAPLEN = 262_144  # libpcap's own upper bound


@dataclass(frozen=True)
class Snapped:
    """A packet of which only the first bytes were kept."""

    data: bytes
    wire_length: int


Record = Union[bytes, Packet, Snapped]
Recipe = Callable[[], List[Record]]


@dataclass(frozen=True)
class Capture:
    link_type: int
    recipe: Recipe


CAPTURES: Dict[str, Capture] = {}


def capture(name: str, link_type: int = EN10MB) -> Callable[[Recipe], Recipe]:
    """Registers a recipe: a function that returns the packets of NAME.pcap, in order."""

    def register(recipe: Recipe) -> Recipe:
        assert name not in CAPTURES, f"two recipes for {name}"
        CAPTURES[name] = Capture(link_type, recipe)
        return recipe

    return register


def eth(payload: Packet, **fields) -> Packet:
    """PAYLOAD in an Ethernet frame from A to B; scapy picks the EtherType unless type= is given."""
    return Ether(**{"src": MAC_A, "dst": MAC_B, **fields}) / payload


def ppp(protocol: int, payload: Packet) -> Raw:
    """PAYLOAD behind its PPP protocol number, compressed to one byte where that is possible (RFC 1661,
    6.5). Which scapy does depends on its version."""
    return Raw(protocol.to_bytes(1 if protocol < 0x100 else 2, "big") + bytes(payload))


def ip4(payload: Packet, **fields) -> Packet:
    return IP(**{"src": V4_A, "dst": V4_B, "id": 0x1234, **fields}) / payload


def ip6(payload: Packet, **fields) -> Packet:
    return IPv6(**{"src": V6_A, "dst": V6_B, **fields}) / payload


def text(length: int) -> Raw:
    """LENGTH readable payload bytes."""
    return Raw((b"0123456789abcdefghijklmnopqrstuvwxyz" * (length // 36 + 1))[:length])


def udp(length: int = 32, **fields) -> Packet:
    return UDP(**{"sport": 40000, "dport": 9999, **fields}) / text(length)


def tcp(length: int = 0, **fields) -> Packet:
    segment = TCP(**{"sport": 40001, "dport": 80, "seq": 1000, "ack": 2000, "flags": "A", **fields})
    return segment / text(length) if length else segment


def _record(packet: Record) -> Snapped:
    if isinstance(packet, Snapped):
        return packet
    data = bytes(packet)
    return Snapped(data, len(data))


def write_pcap(path: str, link_type: int, packets: List[Record]) -> None:
    """Classic pcap, little endian, microseconds (draft-ietf-opsawg-pcap)."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, MAX_SNAPLEN, link_type))
        for number, packet in enumerate(packets):
            record = _record(packet)
            seconds, microseconds = divmod(number * GAP_US, 1_000_000)
            file.write(struct.pack("<IIII", FIRST_SECOND + seconds, microseconds,
                                   len(record.data), record.wire_length))
            file.write(record.data)
