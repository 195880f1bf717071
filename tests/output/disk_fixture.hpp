// SPDX-License-Identifier: BSD-3-Clause
// Shared by the tests of files on a disk.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/pcapng_format.hpp"
#include "base/unique_fd.hpp"
#include "output/disk_writer.hpp"
#include "support/block.hpp"
#include "support/temporary_folder.hpp"

namespace xdpcap::test {

constexpr std::size_t kMiB = std::size_t{1} << 20U;

// ThreadSanitizer ends a fork that starts a thread if its parent had several.
#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define XDPCAP_THREAD_SANITIZER
#endif
#endif
#ifdef XDPCAP_THREAD_SANITIZER
constexpr bool kForksMayStartThreads = false;
#else
constexpr bool kForksMayStartThreads = true;
#endif

// A limit of this process, while the object exists.
class Limit {
 public:
  Limit(__rlimit_resource resource, rlim_t value) : resource_(resource) {
    ::getrlimit(resource_, &before_);
    const rlimit limit{value, before_.rlim_max};
    ::setrlimit(resource_, &limit);
  }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;
  Limit(Limit&&) = delete;
  Limit& operator=(Limit&&) = delete;
  ~Limit() { ::setrlimit(resource_, &before_); }

 private:
  __rlimit_resource resource_;
  rlimit before_{};
};

// The whole blocks of a file, without padding. `paddings`: how many were left out.
inline std::string without_padding(const std::string& file, std::size_t* paddings = nullptr) {
  std::string rest;
  for (std::size_t at = 0; at + 12 <= file.size();) {
    std::uint32_t type = 0;
    std::uint32_t length = 0;
    std::memcpy(&type, file.data() + at, sizeof(type));
    std::memcpy(&length, file.data() + at + sizeof(type), sizeof(length));
    if (length < 12 || at + length > file.size()) break;
    const bool is_padding = type == pcapng::block_type::padding;
    if (!is_padding) rest.append(file, at, length);
    if (is_padding && paddings != nullptr) ++*paddings;
    at += length;
  }
  return rest;
}

class DiskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const UniqueFd fd(::open(folder_.path("").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!DiskWriter::suits(fd.get())) GTEST_SKIP() << "the build folder is not on a disk";
  }

  // Another block each time.
  const xdpcap_block& next() {
    block_ =
        MadeBlock({.packet = numbered_packet(packet_bytes_, static_cast<std::uint8_t>(++count_)),
                   .time = count_ * 1000});
    return block_.get();
  }
  static std::string text(const xdpcap_block& block) {
    return {reinterpret_cast<const char*>(&block), block.block_length};
  }

  TemporaryFolder folder_{build_folder()};
  std::string path_ = folder_.path("file");
  std::size_t packet_bytes_ = 60;
  std::uint64_t count_ = 0;
  MadeBlock block_{{.packet = numbered_packet(60)}};
};

}  // namespace xdpcap::test
