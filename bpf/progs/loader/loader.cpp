// SPDX-License-Identifier: BSD-3-Clause
#include "loader/loader.hpp"

#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <map>
#include <utility>

#include "loader/libbpf_log.hpp"

namespace xdpcap::loader {
namespace {

constexpr int kUsage = 1;
constexpr int kRunTime = 2;

using Clock = std::chrono::steady_clock;

// Milliseconds until `next`, rounded up so that poll() does not wake too early; -1 for none.
int timeout_until(Clock::time_point next, bool ticking) {
  if (!ticking) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
  return left.count() > 0 ? static_cast<int>(left.count()) : 0;
}

std::vector<std::string> names_of(const std::map<std::string, Mode>& modes) {
  std::vector<std::string> names;
  for (const auto& [name, mode] : modes) names.push_back(name);
  return names;
}

// Accepts "-iface eth0" as Go programs do, which CLI11 would read as "-i face". In reverse order,
// as CLI11 expects.
std::vector<std::string> words_of(int argc, char** argv) {
  std::vector<std::string> words;
  for (int i = argc; i-- > 1;) words.emplace_back(argv[i]);
  for (std::string& word : words) {
    if (word == "-iface" || word == "-interface") word = "--interface";
  }
  return words;
}

}  // namespace

Loader::Loader(std::string name, const std::string& description)
    : name_(std::move(name)), app_(std::make_unique<CLI::App>(description, name_)) {
  add_options();
}

Loader::~Loader() = default;

void Loader::add_options() {
  static const std::map<std::string, Mode> kModes = {
      {"auto", Mode::Automatic}, {"native", Mode::Native}, {"generic", Mode::Generic}};
  app_->add_option("-i,--interface", options_.interfaces, "interface to attach to; may be repeated")
      ->required()
      ->type_name("IFACE")
      ->allow_extra_args(false);
  app_->add_option_function<std::string>(
          "-m,--mode", [this](const std::string& name) { options_.mode = kModes.at(name); },
          "native, generic, or auto (the default): native if it can be")
      ->check(CLI::IsMember(names_of(kModes)).description(""))
      ->type_name("MODE");
  app_->add_option("--hook", options_.hook_path, "where to pin the hook")
      ->type_name("PATH")
      ->capture_default_str();
  app_->add_option("-n,--netns", options_.netns,
                   "network namespace of the interface; the hook stays visible outside")
      ->type_name("NAME");
  app_->add_flag("-v,--verbose", options_.verbose, "all that libbpf and the verifier say");
}

int Loader::run(int argc, char** argv, const std::function<void()>& body) {
  try {
    app_->parse(words_of(argc, argv));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app_->exit(error);  // --help
    return report(UsageError(error.what(), "--help shows the options"));
  }
  // Line-buffered also when writing to a pipe.
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  int exit_code = 0;
  try {
    stop_ = std::make_unique<StopSignal>();
    take_libbpf_log(options_.verbose);
    netns_ = Netns(options_.netns);
    body();
  } catch (const Error& error) {
    exit_code = report(error);
  } catch (const std::exception& error) {  // such as out of memory: clean up as well
    exit_code = report(Error(error.what()));
  }
  attachments_.clear();
  helpers_.clear();
  pins_.clear();
  return exit_code;
}

// Prints the error and returns the exit code for it.
int Loader::report(const Error& error) const {
  const std::string hint = error.hint().empty() ? "" : " (" + error.hint() + ")";
  std::fprintf(stderr, "%s: %s%s\n", name_.c_str(), error.what(), hint.c_str());
  return dynamic_cast<const UsageError*>(&error) != nullptr ? kUsage : kRunTime;
}

Error Loader::load_error() const {
  const int cause = errno;
  const std::string hint = cause == EPERM && geteuid() != 0 ? "run it as root"
                           : options_.verbose               ? ""
                                                            : "-v shows all of the log";
  const std::string reason = libbpf_reason();
  return Error("loading the program: " + (reason.empty() ? errno_text(cause) : reason), hint);
}

void Loader::pin_hook(const bpf_map* hook, const std::string& suffix) {
  pins_.emplace_back(bpf_map__fd(hook), options_.hook_path + suffix);
}

void Loader::attach(const bpf_program* program) {
  for (const std::string& interface : options_.interfaces) {
    attachments_.push_back(attach_xdp(bpf_program__fd(program), interface, options_.mode, netns_));
  }
}

void Loader::attach_to(const bpf_program* program, const std::string& interface, Mode mode,
                       const Netns& netns) {
  helpers_.push_back(attach_xdp(bpf_program__fd(program), interface, mode, netns));
}

void Loader::warn(const std::string& what, const std::string& hint) const {
  report(Error("warning: " + what, hint));
}

void Loader::report_ready() const {
  std::string line = name_ + ": attached to ";
  for (const Attachment& attachment : attachments_) {
    if (&attachment != &attachments_.front()) line += ", ";
    line += attachment.interface + " (" + mode_name(attachment.mode) + ")";
  }
  line += netns_.in() + (pins_.size() == 1 ? ", hook" : ", hooks") + " pinned at ";
  for (const HookPin& pin : pins_) {
    if (&pin != &pins_.front()) line += ", ";
    line += pin.path();
  }
  std::puts(line.c_str());
}

void Loader::run_until_stopped(const WhileRunning& what) {
  report_ready();
  const bool ticking = static_cast<bool>(what.every_second);
  auto next_tick = Clock::now() + std::chrono::seconds(1);
  // poll() ignores an fd of -1.
  std::array<pollfd, 2> watched = {pollfd{stop_->fd(), POLLIN, 0}, pollfd{what.fd, POLLIN, 0}};
  for (;;) {
    if (poll(watched.data(), watched.size(), timeout_until(next_tick, ticking)) < 0 &&
        errno != EINTR) {
      throw system_error("waiting for events", errno);
    }
    if (watched[1].revents != 0) what.on_input();
    if (ticking && Clock::now() >= next_tick) {
      what.every_second();
      next_tick += std::chrono::seconds(1);
    }
    if (watched[0].revents != 0) return;
  }
}

}  // namespace xdpcap::loader
