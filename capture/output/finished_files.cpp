// SPDX-License-Identifier: BSD-3-Clause
#include "output/finished_files.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "base/error.hpp"

namespace xdpcap {
namespace {

constexpr const char* kTruncated = "the file is truncated";

}  // namespace

void FinishedFiles::add(const std::string& path, std::optional<ChildProcess> compressor) {
  if (compressor) {
    jobs_.push_back({path, std::move(*compressor)});
  } else {
    run_command(path);
  }
}

void FinishedFiles::run_command(const std::string& path) {
  if (command_.empty()) return;
  try {
    if (!commands_) commands_.emplace(command_);
    commands_->add(path);
  } catch (const Error& error) {
    reports_.push_back("-z: " + path + ": " + error.what());
  }
}

void FinishedFiles::end(const Job& job) {
  const std::string failure = job.compressor.failure();
  if (failure.empty()) return run_command(job.path);
  failure_ = "compressing " + job.path + ": " + failure;
  reports_.push_back(failure_ + ": " + kTruncated);
}

std::vector<std::string> FinishedFiles::look() {
  for (std::size_t i = 0; i < jobs_.size();) {
    if (!jobs_[i].compressor.ended()) {
      ++i;
      continue;
    }
    const Job job = std::move(jobs_[i]);
    jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(i));
    end(job);
  }
  if (commands_) add_news(commands_->look());
  return std::exchange(reports_, {});
}

std::vector<std::string> FinishedFiles::wait(int stop_fd) {
  while (!jobs_.empty()) {
    Job& job = jobs_.front();
    if (!job.compressor.wait(stop_fd)) {
      reports_.push_back(job.path + ": not waiting any longer for " + job.compressor.name());
      failure_ = "compressing " + job.path + ": interrupted";
      jobs_.erase(jobs_.begin());
      continue;
    }
    reports_ = look();
  }
  if (commands_) add_news(commands_->wait(stop_fd));
  commands_.reset();
  return std::exchange(reports_, {});
}

void FinishedFiles::add_news(std::vector<std::string> news) {
  std::move(news.begin(), news.end(), std::back_inserter(reports_));
}

void FinishedFiles::check() const {
  if (!failure_.empty()) throw Error(failure_, kTruncated);
}

}  // namespace xdpcap
