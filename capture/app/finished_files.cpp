// SPDX-License-Identifier: BSD-3-Clause
#include "app/finished_files.hpp"

#include <cstddef>
#include <utility>

#include "base/error.hpp"

namespace xdpcap {
namespace {

constexpr const char* kCutShort = "the file is cut short";

}  // namespace

void FinishedFiles::add(const std::string& path, std::optional<ChildProcess> compressor) {
  if (compressor) {
    jobs_.push_back({path, std::move(*compressor), true});
  } else {
    start_command(path, news_);
  }
}

void FinishedFiles::start_command(const std::string& path, std::vector<std::string>& news) {
  if (command_.empty()) return;
  try {
    jobs_.push_back({path, ChildProcess({.command = {command_, path}, .gently = true})});
  } catch (const Error& error) {
    news.push_back("-z: " + path + ": " + error.what());
  }
}

void FinishedFiles::end(Job job, std::vector<std::string>& news) {
  const std::string failure = job.process.failure();
  if (job.compresses && failure.empty()) start_command(job.path, news);
  if (failure.empty()) return;
  if (job.compresses) failure_ = "compressing " + job.path + ": " + failure;
  news.push_back(job.compresses ? failure_ + ": " + kCutShort : "-z: " + job.path + ": " + failure);
}

std::vector<std::string> FinishedFiles::look() {
  std::vector<std::string> news = std::exchange(news_, {});
  for (std::size_t i = 0; i < jobs_.size();) {
    if (!jobs_[i].process.ended()) {
      ++i;
      continue;
    }
    Job job = std::move(jobs_[i]);
    jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(i));
    end(std::move(job), news);
  }
  return news;
}

std::vector<std::string> FinishedFiles::wait(int stop_fd) {
  std::vector<std::string> news = look();
  while (!jobs_.empty()) {
    Job& job = jobs_.front();
    if (!job.process.wait(stop_fd)) {
      news.push_back(job.path + ": not waiting any longer for " + job.process.name());
      if (job.compresses) failure_ = "compressing " + job.path + ": interrupted";
      jobs_.erase(jobs_.begin());
      continue;
    }
    for (std::string& line : look()) news.push_back(std::move(line));
  }
  return news;
}

void FinishedFiles::check() const {
  if (!failure_.empty()) throw Error(failure_, kCutShort);
}

}  // namespace xdpcap
