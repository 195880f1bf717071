// SPDX-License-Identifier: BSD-3-Clause
// For targets that pass text to libpcap, which resolves names: no name resolves, so that runs do
// not depend on the network. To be included once in a program.
#pragma once

#include <netdb.h>

extern "C" {
// One program, one source; libc's names of parameters are reserved.
// NOLINTNEXTLINE(misc-definitions-in-headers,readability-inconsistent-declaration-parameter-name)
int getaddrinfo(const char*, const char*, const addrinfo*, addrinfo** result) {
  *result = nullptr;
  return EAI_NONAME;
}
}
