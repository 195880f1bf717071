// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/cli_names.hpp"
#include "session/options.hpp"

namespace xdpcap {

// Which files are written, when a capture ends, and what is shown meanwhile: options of tcpdump and
// of dumpcap. Parsing fills `options`, which must outlive `app`.
class OutputOptions {
 public:
  void declare(CLI::App& app, Options& options);
  // What depends on several options or on the output. Throws UsageError.
  void finish(Options& options) const;

 private:
  void declare_files(CLI::App& app, FileOptions& files);
  static void declare_terminal(CLI::App& app, Options& options);

  std::optional<std::uint64_t> duration_;
  std::optional<std::uint32_t> files_;
  std::vector<std::string> stops_;
  std::vector<std::string> switches_;
};

}  // namespace xdpcap
