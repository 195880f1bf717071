// SPDX-License-Identifier: BSD-3-Clause
#include "chaos/capture.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "support/temporary_folder.hpp"
#include "support/tool.hpp"

namespace xdpcap::chaos {
namespace {

namespace fs = std::filesystem;

struct Ends {
  UniqueFd reader;
  UniqueFd writer;
};

Ends make_ends(Output output) {
  std::array<int, 2> ends{};
  const int result = output == Output::pipe
                         ? ::pipe2(ends.data(), O_CLOEXEC)
                         : ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data());
  if (result != 0) throw system_error("making a pipe", errno);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// "out.pcap" is file 0, "out.pcap12" file 12.
unsigned number_of(const std::string& path) {
  return parse_number<unsigned>(path.substr(path.rfind(".pcap") + 5)).value_or(0);
}

}  // namespace

Capture::Capture(std::size_t number, Plan plan, const std::string& hook, std::string folder)
    : number_(number), plan_(std::move(plan)), folder_(std::move(folder)) {
  fs::create_directory(folder_);
  ::chmod(folder_.c_str(), 0777);  // for -Z
  if (plan_.output == Output::disk) disk_ = std::make_unique<Disk>(folder_);
  if (plan_.output == Output::fifo) sink_ = std::make_unique<Sink>(folder_ + "/fifo");
  output_ = plan_.output <= Output::disk   ? folder_ + "/out.pcap"
            : plan_.output == Output::fifo ? folder_ + "/fifo"
                                           : "-";
  command_ = plan_.options;
  command_.insert(command_.end(), {hook, output_});
  if (*plan_.filter->text != '\0') command_.emplace_back(plan_.filter->text);
  command_ = test::tool(command_);
  if (output_ != "-") {
    process_ = std::make_unique<test::Process>(command_);
  } else {
    Ends ends = make_ends(plan_.output);
    sink_ = std::make_unique<Sink>(std::move(ends.reader));
    process_ = std::make_unique<test::Process>(command_, ends.writer.get());
  }
  pid_ = process_->pid();
}

std::string Capture::command() const {
  const char* stdout_is = plan_.output == Output::pipe     ? " | (pipe)"
                          : plan_.output == Output::socket ? " > (socket)"
                                                           : "";
  return join(command_, " ") + stdout_is;
}

bool Capture::has_begun() const {
  if (sink_) return sink_->size() > 0;
  const auto all = files(false);
  return !all.empty() && fs::file_size(all.front()) > 0;
}

bool Capture::has_exited() const {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid_;
}

std::optional<ProcessId> Capture::guardian() const {
  const auto last = std::find_if(guardians_.rbegin(), guardians_.rend(), is_running);
  return last != guardians_.rend() ? std::optional(*last) : std::nullopt;
}

bool Capture::guardians_are_gone() const {
  return std::none_of(guardians_.begin(), guardians_.end(), is_running);
}

void Capture::look() {
  const std::string err = process_->err();
  for (std::size_t end = 0; (end = err.find('\n', read_)) != std::string::npos; read_ = end + 1) {
    const std::string line = err.substr(read_, end - read_);
    if (const auto report = read_report(line)) reports_.push_back(*report);
    const bool is_count = line.find("/matched packets)") != std::string::npos;
    if (!is_count && !line.starts_with("{") && !line.empty()) messages_.emplace_back(now(), line);
  }
  for (ProcessId& one : chaos::guardians_of(pid_)) {
    if (std::find(guardians_.begin(), guardians_.end(), one) == guardians_.end()) {
      guardians_.push_back(std::move(one));
    }
  }
}

bool Capture::reported(News news, Time since, std::optional<unsigned> action) const {
  return std::any_of(reports_.begin(), reports_.end(), [&](const Report& one) {
    return one.news == news && one.time >= since && (!action || one.action == action);
  });
}

std::vector<std::string> Capture::files(bool hidden) const {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename();
    if (name.starts_with('.') == hidden && entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end(),
            [](const std::string& a, const std::string& b) { return number_of(a) < number_of(b); });
  return files;
}

std::vector<std::string> Capture::contents() const {
  if (sink_) return {sink_->bytes()};
  std::vector<std::string> contents;
  for (const std::string& path : files(false)) contents.push_back(test::read_file(path));
  return contents;
}

std::vector<std::string> Capture::leftovers() const {
  return files(true);
}

}  // namespace xdpcap::chaos
