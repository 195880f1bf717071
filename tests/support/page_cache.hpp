// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/mapping.hpp"
#include "base/unique_fd.hpp"

namespace xdpcap::test {

// How much of a file is in the page cache. Throws Error.
inline std::uint64_t cached_bytes(const std::string& path) {
  constexpr std::size_t kPage = 4096;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const std::size_t size = std::filesystem::file_size(path);
  const Mapping file(fd.get(), size, PROT_READ, 0, "mapping a file");
  std::vector<unsigned char> pages((size + kPage - 1) / kPage);
  if (::mincore(file.at(0), size, pages.data()) != 0) throw system_error("mincore", errno);
  const auto cached =
      std::count_if(pages.begin(), pages.end(), [](auto page) { return (page & 1U) != 0; });
  return static_cast<std::uint64_t>(cached) * kPage;
}

}  // namespace xdpcap::test
