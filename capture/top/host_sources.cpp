// SPDX-License-Identifier: BSD-3-Clause
#include "top/host_sources.hpp"

#include <bpf/bpf.h>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "bpf/map_info.hpp"
#include "bpf/program_info.hpp"
#include "bpf/xdp_attachments.hpp"
#include "source/certain_hooks.hpp"
#include "source/inventory.hpp"

namespace xdpcap {
namespace {

constexpr std::chrono::seconds kLookEvery{3};

std::string name_of(const XdpAttachment& one) {
  if (one.interface.empty()) return "prog:" + std::to_string(one.program_id);
  return one.interface + (one.network_namespace.empty() ? "" : "@" + one.network_namespace);
}

// The hooks of a program that is attached. A program that is gone by now has none.
void add_hooks(std::set<std::uint32_t>& hooks, std::uint32_t program_id) {
  const auto program = find_program(program_id);
  if (!program) return;
  for (const std::uint32_t id : certain_hooks(*program)) hooks.insert(id);
}

}  // namespace

std::vector<HostSource> host_sources() {
  std::vector<HostSource> found;
  std::set<std::uint32_t> hooks;
  for (const XdpAttachment& one : xdp_attachments()) {
    HostSource source{name_of(one), "program " + std::to_string(one.program_id)};
    if (std::ranges::find(found, source.name, &HostSource::name) == found.end()) {
      found.push_back(std::move(source));
    }
    add_hooks(hooks, one.program_id);
  }
  for (const std::string& path : hook_paths()) {
    const UniqueFd fd(bpf_obj_get(path.c_str()));
    const auto map = fd.valid() ? map_info(fd.get()) : std::nullopt;
    // A table of tail calls that is no hook must not be touched.
    if (!map || !is_certain_hook(map->id) || !hooks.insert(map->id).second) continue;
    found.push_back({path, "map " + std::to_string(map->id)});
  }
  return found;
}

HostWatch::HostWatch(std::vector<HostSource> known, std::function<void()> changed)
    : known_(std::move(known)), changed_(std::move(changed)), thread_([this] { run(); }) {}

HostWatch::~HostWatch() {
  {
    const std::scoped_lock lock(mutex_);
    stops_ = true;
  }
  wakeup_.notify_all();
  thread_.join();
}

void HostWatch::run() {
  std::unique_lock lock(mutex_);
  while (!wakeup_.wait_for(lock, kLookEvery, [this] { return stops_; })) {
    lock.unlock();
    try {
      if (host_sources() != known_) return changed_();
    } catch (const Error&) {  // the next look may succeed
    }
    lock.lock();
  }
}

}  // namespace xdpcap
