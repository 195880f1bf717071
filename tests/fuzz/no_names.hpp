// SPDX-License-Identifier: BSD-3-Clause
// For targets that hand text to libpcap, which asks for the addresses of names: none has any, so
// that no run depends on the network or waits for it. To be included once in a program.
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
