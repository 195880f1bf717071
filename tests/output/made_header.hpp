// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <initializer_list>

#include "output/pcapng.hpp"

namespace xdpcap::test {

// The head of a file with these interfaces.
inline pcapng::Bytes file_header(std::initializer_list<const char*> interfaces) {
  pcapng::Bytes file = pcapng::section_header({.hardware = "", .os = "", .application = "test"});
  for (const char* name : interfaces) {
    const pcapng::Bytes interface =
        pcapng::interface_description({.name = name, .description = "", .filter = "", .os = ""});
    file.insert(file.end(), interface.begin(), interface.end());
  }
  return file;
}

}  // namespace xdpcap::test
