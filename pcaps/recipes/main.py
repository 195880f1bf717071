# SPDX-License-Identifier: BSD-3-Clause
"""Writes every scapy-made capture into a directory, or only those named after it."""

import os
import sys

import base
import ipv4  # noqa: F401  (importing a module registers its recipes)
import ipv6  # noqa: F401
import link  # noqa: F401
import linktypes  # noqa: F401
import sizes  # noqa: F401
import transport  # noqa: F401
import tunnel  # noqa: F401


def main() -> None:
    directory, names = sys.argv[1], sys.argv[2:] or sorted(base.CAPTURES)
    for name in names:
        capture = base.CAPTURES[name]
        path = os.path.join(directory, name + ".pcap")
        base.write_pcap(path, capture.link_type, capture.recipe())


main()
