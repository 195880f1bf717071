// SPDX-License-Identifier: BSD-3-Clause
// What the control planes of all example programs have in common, so that each contains only what
// is specific to it:
//
//     Loader loader("xdp_pass", "Passes every packet.");
//     return loader.run(argc, argv, [&] {
//       const auto skeleton = loader.load<xdp_pass_bpf>();
//       loader.pin_hook(skeleton->maps.xdpcap_hook);
//       loader.attach(skeleton->progs.xdp_pass);
//       loader.run_until_stopped();
//     });
#pragma once

#include <bpf/libbpf.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "loader/attachment.hpp"
#include "loader/hook_pin.hpp"
#include "loader/netns.hpp"
#include "loader/stop_signal.hpp"

namespace CLI {
class App;
}

namespace xdpcap::loader {

// Options are those that all examples have.
struct Options {
  std::vector<std::string> interfaces;
  Mode mode = Mode::Automatic;
  std::string hook_path = "/sys/fs/bpf/xdpcap";
  std::string netns;
  bool verbose = false;
};

// What a control plane does while its program is attached, besides waiting for a signal.
struct WhileRunning {
  std::function<void()> every_second = nullptr;
  int fd = -1;  // watched for input, which calls:
  std::function<void()> on_input = nullptr;
};

template <class Skeleton>
struct SkeletonDestroy {
  void operator()(Skeleton* skeleton) const { Skeleton::destroy(skeleton); }
};
// Owns the typed handle that `bpftool gen skeleton` generates.
template <class Skeleton>
using SkeletonPtr = std::unique_ptr<Skeleton, SkeletonDestroy<Skeleton>>;

// Loader is one run of an example program. However it ends, its programs are detached and then its
// hooks unpinned; programs and pins of others stay.
class Loader {
 public:
  Loader(std::string name, const std::string& description);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  Loader(Loader&&) = delete;
  Loader& operator=(Loader&&) = delete;

  // For adding the options of one program. That needs <CLI/CLI.hpp>, which is slow to compile.
  CLI::App& app() { return *app_; }
  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] const Netns& netns() const { return netns_; }

  // Parses the command line and runs `body`. Returns the exit code: 0, 1 for wrong usage, 2 for a
  // failure at run time, which has been printed as one line.
  int run(int argc, char** argv, const std::function<void()>& body);

  // Opens the program, lets `configure` set its constants and map sizes, and loads it.
  // Throws Error, with libbpf's or the verifier's reason.
  template <class Skeleton>
  SkeletonPtr<Skeleton> load(const std::function<void(Skeleton&)>& configure = nullptr) {
    SkeletonPtr<Skeleton> skeleton(Skeleton::open());
    if (skeleton == nullptr) throw load_error();
    if (configure) configure(*skeleton);
    if (Skeleton::load(skeleton.get()) != 0) throw load_error();
    return skeleton;
  }

  // Pins a hook at --hook plus `suffix`, for several hooks. Call it before attach(),
  // so that the first packet can be captured. Throws Error.
  void pin_hook(const bpf_map* hook, const std::string& suffix = "");

  // Attaches to every interface of -i. Throws Error.
  void attach(const bpf_program* program);

  // Attaches a helper program to another interface: not reported, but detached with the others.
  // Throws Error.
  void attach_to(const bpf_program* program, const std::string& interface, Mode mode,
                 const Netns& netns);

  // Prints one line on standard error that does not end the run.
  void warn(const std::string& what, const std::string& hint = "") const;

  // Prints one line when it is ready, and then runs `what` until a signal stops it.
  void run_until_stopped(const WhileRunning& what = {});

 private:
  void add_options();
  void report_ready() const;
  [[nodiscard]] Error load_error() const;
  int report(const Error& error) const;

  std::string name_;
  std::unique_ptr<CLI::App> app_;
  Options options_;
  Netns netns_;
  std::unique_ptr<StopSignal> stop_;
  std::vector<HookPin> pins_;  // before the attachments, so destroyed after them
  std::vector<Attachment> helpers_;
  std::vector<Attachment> attachments_;
};

}  // namespace xdpcap::loader
