// SPDX-License-Identifier: BSD-3-Clause
// The part of a session that notices CPUs that come online.
#include <cstddef>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "process/cpus.hpp"
#include "session/session.hpp"

namespace xdpcap {

// A ring is used only when the guardian knows it, too: what it holds is not lost when this process
// is killed.
void Session::add_rings_for_new_cpus() {
  if (!records(options_)) return;
  Rings& rings = recording_.rings();
  const auto report = [&](const char* what, const Error& error) {
    if (std::exchange(last_cpu_error_, error.what()) == error.what()) return;
    reporter_.news(what + std::string(": ") + error.what());
  };
  constexpr const char* kNoRing =
      "a CPU that came online has no ring, its matching packets are lost";
  try {
    rings.add(read_cpus().online);
  } catch (const Error& error) {
    report(kNoRing, error);
  }
  if (rings.count() != rings_of_guardian_) {
    try {
      guarded_->renew_guardian();
      rings_of_guardian_ = rings.count();
    } catch (const Error& error) {
      report("the guardian does not know the ring of a CPU that came online", error);
    }
  }
  try {
    const std::size_t added = rings.publish();
    if (added == 1) reporter_.news("another CPU is online: created a ring for it");
    if (added > 1) {
      reporter_.news(std::to_string(added) + " more CPUs are online: created a ring for each");
    }
  } catch (const Error& error) {
    report(kNoRing, error);
  }
}

}  // namespace xdpcap
