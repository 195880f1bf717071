// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <bpf/libbpf.h>

#include <string>

namespace xdpcap {

// LibbpfLog collects libbpf's warnings during its lifetime, for error messages. Only one may
// exist at a time.
class LibbpfLog {
 public:
  LibbpfLog();
  LibbpfLog(const LibbpfLog&) = delete;
  LibbpfLog& operator=(const LibbpfLog&) = delete;
  LibbpfLog(LibbpfLog&&) = delete;
  LibbpfLog& operator=(LibbpfLog&&) = delete;
  ~LibbpfLog();

  // The verifier's error if there is one, else the first warning.
  [[nodiscard]] static std::string error();

 private:
  libbpf_print_fn_t before_;
};

}  // namespace xdpcap
