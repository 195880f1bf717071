// SPDX-License-Identifier: BSD-3-Clause
// Loads all BPF objects of several clangs into this kernel, and runs those that can be run.
//
//   try_objects FOLDER CAPTURES EVERY
//
// FOLDER has a folder for each clang, with its objects. They run on one in EVERY packets of the
// captures: in a virtual machine each run can cost milliseconds. Prints, separated by tabs: clang,
// program, `pass`, `fail`, `cannot` (the kernel does not support it) or `unrun`, and why. The last
// line is `done`, unless it ended early.
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "compilers/try/log.hpp"
#include "compilers/try/object.hpp"
#include "compilers/try/verdicts.hpp"

namespace xdpcap {
namespace {

struct Variant {
  std::string suffix;
  Constants constants;
};

// Constants decide which code the verifier looks at, so each of their kinds is an object by itself.
std::vector<Variant> variants(const std::string& object, const Verdicts& verdicts) {
  if (object == "encap")
    return {{"", {}}, {"(ipip)", verdicts.tunnel(4)}, {"(gre)", verdicts.tunnel(47)}};
  if (object == "payload_cutter") return {{"", {}}, {"(1)", {{"keep_bytes", 1}}}};
  return {{"", {}}};
}

class Trial {
 public:
  Trial(std::string clang, Verdicts& verdicts) : clang_(std::move(clang)), verdicts_(verdicts) {}

  void try_file(const std::filesystem::path& path) const {
    const std::string name = path.stem();
    for (const Variant& variant : variants(name, verdicts_)) {
      try_object(path, name + variant.suffix, variant.constants);
    }
  }

 private:
  void say(const std::string& program, const char* state, const std::string& why = {}) const {
    std::printf("%s\t%s\t%s\t%s\n", clang_.c_str(), program.c_str(), state, why.c_str());
  }

  void try_object(const std::string& path, const std::string& name,
                  const Constants& constants) const {
    const Object object(path, constants);
    for (const auto& [program, why] : object.impossible()) say(name + "/" + program, "cannot", why);
    if (name == "progs_broken") {
      expect_refused(object);
      return;
    }
    for (const auto& [program, why] : object.refused()) say(name + "/" + program, "fail", why);
    verdicts_.fill_maps(object);
    for (const Loaded& loaded : object.loaded()) try_program(name, loaded);
  }

  // The README's exercise: a program without a check of bounds, and what the verifier says of it.
  void expect_refused(const Object& object) const {
    const std::string why = object.refused().empty() ? "it was loaded" : object.refused()[0].why;
    const bool as_told = why.find("invalid access to packet") != std::string::npos;
    say("progs_broken/broken", as_told ? "pass" : "fail", as_told ? "" : why);
  }

  void try_program(const std::string& object, const Loaded& loaded) const {
    const std::string name = object + "/" + loaded.program;
    if (!loaded.can_run) {
      say(name, "unrun", "the kernel runs no such programs on single packets");
      return;
    }
    if (object == "bench_capture_lab") {
      say(name, "unrun", "what it returns follows the clock");
      return;
    }
    try {
      const std::string difference = verdicts_.compare(name, clang_, loaded.fd);
      say(name, difference.empty() ? "pass" : "fail", difference);
    } catch (const Error& error) {
      say(name, "fail", error.what());
    }
  }

  std::string clang_;
  Verdicts& verdicts_;
};

std::vector<std::filesystem::path> sorted(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

void try_all(const char* folder, const char* captures, std::size_t every) {
  keep_log();
  Verdicts verdicts(read_packets(captures), every);
  for (const auto& clang : sorted(folder)) {
    const Trial trial(clang.filename(), verdicts);
    for (const auto& path : sorted(clang)) {
      if (path.extension() != ".o") continue;
      with_context(path.string(), [&] { trial.try_file(path); });
    }
  }
  std::puts("done");
}

}  // namespace
}  // namespace xdpcap

int main(int argc, char** argv) {
  const unsigned long every = argc == 4 ? std::strtoul(argv[3], nullptr, 10) : 0;
  if (every == 0) {
    std::fputs("usage: try_objects FOLDER CAPTURES EVERY\n", stderr);
    return 1;
  }
  try {
    xdpcap::try_all(argv[1], argv[2], every);
  } catch (const xdpcap::Error& error) {
    std::fprintf(stderr, "try_objects: %s\n", error.what());
    return 2;
  }
}
