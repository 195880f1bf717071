// SPDX-License-Identifier: BSD-3-Clause
#include "metrics/metrics_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/tell.hpp"

namespace xdpcap {
namespace {

constexpr std::string_view kSuffix = ".prom";
constexpr mode_t kMode = 0644;

std::string checked(const std::string& path) {
  if (path.ends_with(kSuffix) && !path.ends_with("/.prom") && path != kSuffix) return path;
  throw UsageError("the name \"" + path + "\" does not end in .prom",
                   "node_exporter reads no other files: name it NAME.prom");
}

// Writes all of `text` to the file, a new one. False, with errno, on failure.
bool write_file(const FileLocation& location, std::string_view text) {
  location.remove();  // of a process that was killed
  const UniqueFd fd = location.open(O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kMode);
  if (!fd.valid()) return false;
  while (!text.empty()) {
    const ssize_t written = ::write(fd.get(), text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

struct MetricsFile::Writer {
  FileLocation location;
  FileLocation temporary;
  MetricsText text;

  // Returns an errno; 0: it has been written.
  int write(const Report& report, bool is_running) {
    const std::string all = text.of(report, is_running);
    if (write_file(temporary, all) && temporary.rename_to(location)) return 0;
    const int error = errno;
    temporary.remove();
    return error;
  }
};

// What the thread and the capture share.
struct MetricsFile::Shared {
  explicit Shared(Writer its_writer) : writer(std::move(its_writer)) {}

  void run();

  Writer writer;  // the thread's
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Report> next;
  bool is_writing = false;
  bool ends = false;  // after `next`, which is the last one
  bool stops = false;
  int error = 0;  // of the last write
  int error_to_tell = 0;
};

void MetricsFile::Shared::run() {
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return next || stops; });
    if (!next) return;
    const Report report = *std::exchange(next, std::nullopt);
    const bool is_running = !ends;
    is_writing = true;
    lock.unlock();
    const int result = writer.write(report, is_running);
    lock.lock();
    is_writing = false;
    if (result != 0 && error == 0) error_to_tell = result;
    error = result;
    changed.notify_all();
  }
}

MetricsFile::MetricsFile(const std::string& path, std::string filter, std::uint64_t every)
    : location_(with_context("--metrics", [&] { return FileLocation(checked(path)); })),
      temporary_(location_.with_name("." + location_.name() + "." + std::to_string(::getpid()))),
      capture_(location_.name().substr(0, location_.name().size() - kSuffix.size())),
      filter_(std::move(filter)),
      every_(every) {
  struct stat there {};
  if (location_.look(there) && !S_ISREG(there.st_mode)) {
    throw Error("--metrics: " + path + " exists and is not a regular file", "name another");
  }
  const bool can_write = write_file(temporary_, "");
  const int error = errno;
  temporary_.remove();
  if (!can_write) {
    throw system_error("--metrics: writing beside " + path, error,
                       "name a file in a folder that can be written");
  }
}

MetricsFile::~MetricsFile() {
  stop();
}

// With the privileges that the process has by then, and not in the guardian, which is a fork.
void MetricsFile::start() {
  shared_ = std::make_shared<Shared>(Writer{location_, temporary_, {capture_, filter_}});
  thread_ = std::thread([shared = shared_] { shared->run(); });
}

void MetricsFile::stop() {
  if (!thread_.joinable()) return;
  std::unique_lock lock(shared_->mutex);
  shared_->stops = true;
  shared_->changed.notify_all();
  const bool hangs = shared_->is_writing || shared_->next;
  shared_->next.reset();
  lock.unlock();
  if (hangs) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

std::vector<std::string> MetricsFile::show(const Report& report) {
  const std::uint64_t now = monotonic_now();
  // Reports come once a second, some earlier, some later.
  if (now + every_ / 10 < next_) return {};
  next_ = now + every_;
  if (!shared_) start();
  const std::scoped_lock lock(shared_->mutex);
  shared_->next = report;
  shared_->changed.notify_all();
  const int error = std::exchange(shared_->error_to_tell, 0);
  if (error == 0) return {};
  return {"--metrics: writing " + location_.path() + ": " + errno_text(error) +
          "; the capture continues, and the file is written when that is possible again"};
}

std::vector<std::string> MetricsFile::finish(const Report& report) {
  if (!shared_) start();
  std::unique_lock lock(shared_->mutex);
  shared_->next = report;
  shared_->ends = true;
  shared_->changed.notify_all();
  const auto is_written = [this] { return !shared_->next && !shared_->is_writing; };
  const bool in_time = shared_->changed.wait_for(
      lock, std::chrono::milliseconds(kLastTimeoutMilliseconds), is_written);
  const int error = in_time ? shared_->error : ETIMEDOUT;
  lock.unlock();
  stop();
  if (error == 0) return {};
  return {"--metrics: " + location_.path() +
          " does not have the last counts: " + errno_text(error)};
}

// The guardian is a fork, in which the thread does not exist, and what it shares may be locked.
void MetricsFile::abandon(const Report& report) {
  Writer writer{location_, temporary_, {capture_, filter_}};
  writer.write(report, false);
}

}  // namespace xdpcap
