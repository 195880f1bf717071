// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "cli/cli_names.hpp"
#include "session/options.hpp"

namespace xdpcap {

// What can be done instead of a capture, and what is accepted for compatibility only.
class ModeOptions {
 public:
  // To be called after all others have declared theirs, as modes exclude most of them.
  void declare(CLI::App& app);

  // The text of -L and -J, empty without them.
  [[nodiscard]] std::string list_of_types() const;

  // Whether the hooks are to be listed.
  [[nodiscard]] bool list() const { return list_; }

  // Says in `options` whether to replay or to read a file; to be called once it says whether to
  // list the filter. Throws UsageError.
  void finish(Options& options) const;

 private:
  void declare_reading(CLI::App& app);

  ReplayOptions replay_;
  ReadOptions read_;
  bool list_ = false;
  bool link_types_ = false;
  bool time_types_ = false;
  bool ignored_ = false;
};

}  // namespace xdpcap
