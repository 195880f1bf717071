# SPDX-License-Identifier: BSD-3-Clause
"""TCP, UDP, SCTP and their lesser relatives."""

import struct

from scapy.all import (BOOTP, DHCP, DNS, DNSQR, DNSRR, NTP, UDP, Ether, Raw, SCTP,
                       SCTPChunkAbort, SCTPChunkCookieAck, SCTPChunkCookieEcho, SCTPChunkData,
                       SCTPChunkHeartbeatReq, SCTPChunkInit, SCTPChunkInitAck, SCTPChunkSACK,
                       SCTPChunkShutdown, SCTPChunkShutdownAck, SCTPChunkShutdownComplete)
from scapy.layers.sctp import SCTPChunkParamHeartbeatInfo

from base import MAC_A, V4_A, V4_B, capture, eth, ip4, ip6, tcp, text, udp

PORTS = (0, 1, 22, 53, 80, 443, 1023, 1024, 8080, 49152, 65535)


@capture("tcp-flags")
def tcp_flags():
    """All 256 values of the flags byte over IPv4, and the usual ones over IPv6."""
    every = [eth(ip4(tcp(flags=flags))) for flags in range(256)]
    usual = [eth(ip6(tcp(flags=flags))) for flags in ("S", "SA", "A", "PA", "FA", "R", "RA", "SEC")]
    return every + usual + [eth(ip4(tcp(flags="S", reserved=reserved))) for reserved in (1, 7)]


@capture("tcp-options")
def tcp_options():
    """Data offsets from 5 to 15 words: MSS, window scale, SACK, time stamps, MD5, fast open."""
    choices = [
        [],
        [("MSS", 1460)],
        [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1000, 0)), ("NOP", None), ("WScale", 7)],
        [("NOP", None), ("NOP", None), ("Timestamp", (1001, 999))],
        [("NOP", None), ("NOP", None), ("SAck", (3000, 4000))],
        [("NOP", None), ("NOP", None), ("SAck", (3000, 4000, 5000, 6000, 7000, 8000))],
        [(19, b"\x11" * 16), ("NOP", None), ("NOP", None)],  # MD5 signature (RFC 2385)
        [(34, b"\x22" * 8), ("NOP", None), ("NOP", None)],  # fast open cookie (RFC 7413)
        [("NOP", None)] * 40,  # the longest header there is
        [("EOL", None)],
    ]
    packets = []
    for number, options in enumerate(choices):
        flags = "S" if number in (1, 2, 7) else "PA"
        for length in (0, 100):
            fields = dict(flags=flags, options=options)
            packets.append(eth(ip4(tcp(length, window=1024 * number, **fields))))
            packets.append(eth(ip6(tcp(length, urgptr=number, **fields))))
    return packets


@capture("ports")
def ports():
    """A grid of source and destination ports over UDP and TCP, IPv4 and IPv6: for port filters."""
    return [eth(network(transport(4, sport=source, dport=destination)))
            for network in (ip4, ip6) for transport in (udp, tcp)
            for source in PORTS for destination in PORTS[1::3]]


@capture("udp")
def udp_applications():
    """DNS, DHCP, NTP, syslog, QUIC; no checksum; a length that is zero, short, and too long."""
    question = DNS(id=0x1001, rd=1, qd=DNSQR(qname="example.org"))
    answer = DNS(id=0x1001, qr=1, rd=1, ra=1, qd=DNSQR(qname="example.org"),
                 an=DNSRR(rrname="example.org", ttl=60, rdata=V4_B))
    discover = (BOOTP(chaddr=bytes.fromhex("02000000000a"), xid=0x5EED)
                / DHCP(options=[("message-type", "discover"), "end"]))
    quic = Raw(b"\xc3\x00\x00\x00\x01\x08" + b"\x11" * 8 + b"\x00\x00\x44\x00" + bytes(1182))
    return [
        eth(ip4(UDP(sport=40000, dport=53) / question)),
        eth(ip4(UDP(sport=53, dport=40000) / answer, src=V4_B, dst=V4_A)),
        eth(ip6(UDP(sport=40000, dport=53) / question)),
        Ether(src=MAC_A, dst="ff:ff:ff:ff:ff:ff")
        / ip4(UDP(sport=68, dport=67) / discover, src="0.0.0.0", dst="255.255.255.255"),
        eth(ip4(UDP(sport=123, dport=123) / NTP(ref=0, orig=0, recv=0, sent=0))),
        eth(ip4(UDP(sport=514, dport=514) / Raw(b"<34>1 - host app - - - hello"))),
        eth(ip4(UDP(sport=40000, dport=443) / quic)),
        eth(ip4(udp(chksum=0))),
        eth(ip6(udp(chksum=0))),
        eth(ip4(udp(len=0))),
        eth(ip4(udp(len=7))),
        eth(ip4(udp(len=1000))),
        eth(ip4(udp(0))),
    ]


@capture("sctp")
def sctp():
    """An association from INIT to SHUTDOWN COMPLETE, several chunks in a packet, over v4 and v6."""
    def there(*chunks, network=ip4, tag=0xBBBB):
        packet = SCTP(sport=40000, dport=50007, tag=tag)
        for chunk in chunks:
            packet = packet / chunk
        return eth(network(packet))

    def data(tsn, length=32):
        return SCTPChunkData(beginning=1, ending=1, reserved=0, tsn=tsn, stream_id=1,
                             stream_seq=tsn - 1, proto_id=0, data=b"d" * length)

    init = dict(init_tag=0xAAAA, a_rwnd=65536, n_out_streams=10, n_in_streams=10, init_tsn=1)
    return [
        there(SCTPChunkInit(**init), tag=0),
        there(SCTPChunkInitAck(**init), tag=0xAAAA),
        there(SCTPChunkCookieEcho(cookie=b"c" * 24)),
        there(SCTPChunkCookieAck(), tag=0xAAAA),
        there(data(1)),
        there(data(2), data(3, 5), data(4)),
        there(SCTPChunkSACK(cumul_tsn_ack=4, a_rwnd=65536), tag=0xAAAA),
        there(SCTPChunkHeartbeatReq(params=[SCTPChunkParamHeartbeatInfo(data=b"beat" * 4)])),
        there(data(5, 1000), network=ip6),
        there(SCTPChunkAbort(), network=ip6),
        there(SCTPChunkShutdown(cumul_tsn_ack=4)),
        there(SCTPChunkShutdownAck(), tag=0xAAAA),
        there(SCTPChunkShutdownComplete()),
    ]


@capture("transports")
def transports():
    """UDP-Lite, DCCP and RDP: ports at the same place, protocol numbers no port filter takes."""
    lite = struct.pack("!HHHH", 40000, 53, 8, 0xBEEF)
    dccp = struct.pack("!HHBBHBBHI", 40000, 53, 5, 0, 0, 0x01, 0, 0, 1) + struct.pack("!I", 42)
    return [
        eth(ip4(Raw(lite) / text(16), proto=136)),
        eth(ip6(Raw(lite) / text(16), nh=136)),
        eth(ip4(Raw(dccp), proto=33)),
        eth(ip6(Raw(dccp), nh=33)),
        eth(ip4(text(20), proto=27)),
    ]
