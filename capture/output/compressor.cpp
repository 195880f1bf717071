// SPDX-License-Identifier: BSD-3-Clause
#include "output/compressor.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "process/child_process.hpp"

namespace xdpcap {
namespace {

const std::array<Compressor, 3>& compressors() {
  static const std::array<Compressor, 3> known = {{
      {".gz", {"gzip", "-c"}},
      {".zst", {"zstd", "-q", "-c"}},
      {".lz4", {"lz4", "-q", "-z", "-c"}},
  }};
  return known;
}

}  // namespace

const Compressor* compressor_of(std::string_view path) {
  const auto* found =
      std::find_if(compressors().begin(), compressors().end(),
                   [&](const Compressor& one) { return path.ends_with(one.suffix); });
  return found == compressors().end() ? nullptr : found;
}

void check_installed(const Compressor& compressor, const std::string& path) {
  const std::string& program = compressor.command.front();
  if (is_installed(program)) return;
  throw Error("compressing " + path + ": there is no program " + program,
              "install " + program + ", or use a name without " + std::string(compressor.suffix));
}

}  // namespace xdpcap
