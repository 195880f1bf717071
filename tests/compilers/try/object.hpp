// SPDX-License-Identifier: BSD-3-Clause
// One BPF object, as far as this kernel can load it.
#pragma once

#include <bpf/libbpf.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "hook/legacy_object.hpp"
#include "support/bpf_object.hpp"

namespace xdpcap {

// Values for constants (`const volatile`), which decide what the verifier sees of a program.
using Constants = std::map<std::string, std::uint32_t>;

struct Loaded {
  std::string program;
  int fd;
  bool can_run;  // BPF_PROG_TEST_RUN takes it
};

struct Refused {
  std::string program;
  std::string why;
};

class Object {
 public:
  // Throws Error if the file is none.
  Object(const std::string& path, const Constants& constants);

  [[nodiscard]] const std::vector<Loaded>& loaded() const { return loaded_; }
  // By the verifier, or in whatever step.
  [[nodiscard]] const std::vector<Refused>& refused() const { return refused_; }
  // What this kernel does not have by its nature.
  [[nodiscard]] const std::vector<Refused>& impossible() const { return impossible_; }

  // -1: there is none of that name.
  [[nodiscard]] int map(const char* name) const;

 private:
  [[nodiscard]] test::BpfObjectOwner open() const;
  void choose(bpf_object& object);
  void load_legacy();
  void load_all();
  void find_refused();

  std::string path_;
  Constants constants_;
  test::BpfObjectOwner object_;
  LegacyObject legacy_;
  std::vector<Loaded> loaded_;
  std::vector<Refused> refused_, impossible_;
};

}  // namespace xdpcap
