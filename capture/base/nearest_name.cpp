// SPDX-License-Identifier: BSD-3-Clause
#include "base/nearest_name.hpp"

#include <algorithm>
#include <cstddef>

namespace xdpcap {
namespace {

constexpr std::size_t kDashes = 2;
constexpr std::size_t kFewestLetters = 3;  // shorter names are near to too many others
constexpr std::size_t kMostEdits = 2;

// How many letters have to be replaced, added, removed or swapped with the next one to make `b` of
// `a` (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> distance(a.size() + 1,
                                                 std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      std::size_t& here = distance[i][j];
      here = i + j;  // one of them is 0, or it is more than the ways below
      if (i == 0 || j == 0) continue;
      const std::size_t replaced = distance[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      here = std::min({distance[i - 1][j] + 1, distance[i][j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) here = std::min(here, distance[i - 2][j - 2] + 1);
    }
  }
  return distance[a.size()][b.size()];
}

}  // namespace

std::string nearest_name(std::string_view typed, const std::vector<std::string>& names) {
  const std::size_t letters = typed.size() - std::min(typed.size(), kDashes);
  if (letters < kFewestLetters) return {};
  std::string nearest;
  std::size_t least = std::min(letters / kFewestLetters, kMostEdits) + 1;
  for (const std::string& name : names) {
    if (name.size() < kDashes + kFewestLetters) continue;
    const std::size_t distance = name.starts_with(typed) ? 1 : edit_distance(typed, name);
    if (distance >= least) continue;
    least = distance;
    nearest = name;
  }
  return nearest;
}

}  // namespace xdpcap
