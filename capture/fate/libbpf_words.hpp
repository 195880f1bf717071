// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <bpf/libbpf.h>

#include <string>

namespace xdpcap {

// LibbpfWords collects libbpf's warnings during its lifetime, for error messages. Only one may
// exist at a time.
class LibbpfWords {
 public:
  LibbpfWords();
  LibbpfWords(const LibbpfWords&) = delete;
  LibbpfWords& operator=(const LibbpfWords&) = delete;
  LibbpfWords(LibbpfWords&&) = delete;
  LibbpfWords& operator=(LibbpfWords&&) = delete;
  ~LibbpfWords();

  // The verifier's error if there is one, else the first warning.
  [[nodiscard]] static std::string error();

 private:
  libbpf_print_fn_t before_;
};

}  // namespace xdpcap
