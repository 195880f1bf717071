// SPDX-License-Identifier: BSD-3-Clause
// Forward declarations, so that only files that declare options include CLI11.
#pragma once

namespace CLI {
class App;
class Option;
}  // namespace CLI
