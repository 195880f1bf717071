// SPDX-License-Identifier: BSD-3-Clause
#include "output/file_names.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/text.hpp"
#include "output/compressor.hpp"

namespace xdpcap {
namespace {

std::string padded(std::uint64_t number, std::size_t digits) {
  const std::string text = std::to_string(number);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

// The digits of a ring's highest number. All numbers have as many, so that names sort by number.
std::size_t digits_of_ring(std::uint32_t files) {
  return files > 1 ? std::to_string(files - 1).size() : 0;
}

}  // namespace

FileNames::FileNames(std::string path, const Rotation& rotation, std::time_t now)
    : stem_(std::move(path)), rotation_(rotation) {
  if (const Compressor* compressor = compressor_of(stem_)) {
    suffix_ = compressor->suffix;
    stem_.resize(stem_.size() - suffix_.size());
  }
  dated_ = dated(now);
  if (rotation_.names == Rotation::Names::dumpcap) {
    count_ = 1;
    current_ = dumpcap_name(now);
    kept_.push_back(current_);
  } else {
    current_ = tcpdump_name();
  }
}

const std::string& FileNames::next(Turn turn, std::time_t now) {
  ++count_;
  if (rotation_.names == Rotation::Names::dumpcap) {
    current_ = dumpcap_name(now);
    kept_.push_back(current_);
    return current_;
  }
  // A new date restarts the count. Otherwise the count continues, so that no file is overwritten
  // except those that the ring has no room for.
  const std::string before = std::exchange(dated_, turn == Turn::time ? dated(now) : dated_);
  const bool new_date = dated_ != before;
  const bool round = turn == Turn::full && rotation_.ring != 0 && count_ >= rotation_.ring;
  if (new_date || round) count_ = 0;
  current_ = tcpdump_name();
  return current_;
}

std::optional<std::string> FileNames::outdated() {
  if (rotation_.ring == 0 || kept_.size() <= rotation_.ring) return std::nullopt;
  std::string oldest = std::move(kept_.front());
  kept_.pop_front();
  return oldest;
}

std::string FileNames::dated(std::time_t now) const {
  return rotation_.every == 0 ? stem_ : local_time(stem_, now);
}

std::string FileNames::tcpdump_name() const {
  const std::size_t digits = rotation_.each.any() ? digits_of_ring(rotation_.ring) : 0;
  const bool numbered = count_ > 0 || digits > 0;
  return dated_ + (numbered ? padded(count_, digits) : "") + suffix_;
}

std::string FileNames::dumpcap_name(std::time_t now) const {
  const auto slash = stem_.rfind('/');
  const std::size_t base = slash == std::string::npos ? 0 : slash + 1;
  auto dot = stem_.rfind('.');
  if (dot == std::string::npos || dot <= base) dot = stem_.size();
  constexpr std::size_t kDigits = 5;
  constexpr std::uint64_t kNumbers = 100'000;
  return stem_.substr(0, dot) + "_" + padded(count_ % kNumbers, kDigits) +
         local_time("_%Y%m%d%H%M%S", now) + stem_.substr(dot) + suffix_;
}

}  // namespace xdpcap
