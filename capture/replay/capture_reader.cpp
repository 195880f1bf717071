// SPDX-License-Identifier: BSD-3-Clause
#include "replay/capture_reader.hpp"

#include <pcap/pcap.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace xdpcap {
namespace {

const std::string& regular_file(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) throw system_error("reading " + path, errno);
  if (S_ISREG(info.st_mode)) return path;
  throw Error("reading " + path + ": not a regular file", "save the capture in one first");
}

pcap_t* open_capture(const std::string& path, Input& input) {
  UniqueFd fd = input.take_descriptor();
  std::FILE* const bytes = ::fdopen(fd.get(), "rb");
  if (bytes == nullptr) throw system_error("reading " + path, errno);
  [[maybe_unused]] const int closed_with_bytes = fd.release();
  std::array<char, PCAP_ERRBUF_SIZE> reason{};
  pcap_t* file =
      pcap_fopen_offline_with_tstamp_precision(bytes, PCAP_TSTAMP_PRECISION_NANO, reason.data());
  if (file != nullptr) return file;
  input.check_error();
  (void)std::fclose(bytes);
  throw Error("reading " + path + ": " + reason.data());
}

}  // namespace

void CaptureReader::Close::operator()(pcap* file) const {
  pcap_close(file);
}

CaptureReader::CaptureReader(const std::string& path)
    : path_(path), input_(regular_file(path), -1), file_(open_capture(path, input_)) {}

int CaptureReader::link_type() const {
  return pcap_datalink(file_.get());
}

std::string CaptureReader::link_type_name() const {
  const char* name = pcap_datalink_val_to_name(link_type());
  return name != nullptr ? name : std::to_string(link_type());
}

bool CaptureReader::is_same_file(int fd) const {
  return input_.is_same_file(fd);
}

std::optional<SourcePacket> CaptureReader::next() {
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  const int result = pcap_next_ex(file_.get(), &header, &bytes);
  if (result == PCAP_ERROR_BREAK) {
    input_.check_end();
    return std::nullopt;
  }
  if (result != 1) input_.check_error();
  if (result != 1) throw Error("reading " + path_ + ": " + pcap_geterr(file_.get()));
  // With PCAP_TSTAMP_PRECISION_NANO, tv_usec holds ns.
  return SourcePacket{.bytes = std::as_bytes(std::span(bytes, header->caplen)),
                      .original_length = header->len,
                      .time = static_cast<std::uint64_t>(header->ts.tv_sec) * 1'000'000'000U +
                              static_cast<std::uint64_t>(header->ts.tv_usec)};
}

}  // namespace xdpcap
