// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <bpf/libbpf.h>

#include <string>

namespace xdpcap {

// LibbpfWords keeps what libbpf warns of while it exists, for error messages. One at a time.
class LibbpfWords {
 public:
  LibbpfWords();
  LibbpfWords(const LibbpfWords&) = delete;
  LibbpfWords& operator=(const LibbpfWords&) = delete;
  LibbpfWords(LibbpfWords&&) = delete;
  LibbpfWords& operator=(LibbpfWords&&) = delete;
  ~LibbpfWords();

  // The line that says most: the verifier's verdict if there is one, else the first warning.
  [[nodiscard]] static std::string most_telling();

 private:
  libbpf_print_fn_t before_;
};

}  // namespace xdpcap
