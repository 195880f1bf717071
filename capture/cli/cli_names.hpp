// SPDX-License-Identifier: BSD-3-Clause
// CLI11's classes by name, for headers: what it costs to compile is for those who declare options.
#pragma once

namespace CLI {
class App;
class Option;
}  // namespace CLI
