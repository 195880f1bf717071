// SPDX-License-Identifier: BSD-3-Clause
// World is the state of a round: hooks, programs that exit through them, captures, traffic, and the
// faults that are in effect.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "chaos/capture.hpp"
#include "chaos/log.hpp"
#include "chaos/random.hpp"
#include "chaos/traffic.hpp"
#include "support/hooked_program.hpp"
#include "support/temporary_folder.hpp"

namespace xdpcap::chaos {

// Lane is a hook map, and a program that exits through it. A reload makes another lane at the same
// path.
struct Lane {
  std::size_t hook = 0;
  UniqueFd map;
  std::unique_ptr<test::HookedProgram> program{};
};

struct HookPath {
  std::string folder;
  std::string path;
  int lane = -1;  // what is pinned there, or was last
  bool pinned = true;
};

// Claim is what two faults must not disturb at the same time.
struct Claim {
  int lane = -1;
  unsigned actions = 0;  // its slots, and other parts of the hook
  const Capture* capture = nullptr;
};
inline constexpr unsigned kPin = 1U << kActions;
inline constexpr unsigned kLock = kPin << 1U;
inline constexpr unsigned kMove = kPin << 2U;  // captures are moving to another lane

// Pending is a fault that is still in effect.
struct Pending {
  std::string what;
  std::vector<Claim> claims;
  std::function<bool()> is_over;           // continues with it if possible
  std::function<std::string()> missing{};  // what it is still waiting for
  Time deadline = kNever;
};

class World {
 public:
  World(std::uint64_t seed, std::uint64_t round, std::set<std::string> without);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  World(World&&) = delete;
  World& operator=(World&&) = delete;
  ~World();

  Random random;
  Log log{};

  // All waits look(), which continues the pending faults. They throw Failure at their deadline.
  void look();
  void wait(Time time);
  void wait_until(const std::function<bool()>& condition, const std::string& what);
  void wait_for(const Claim& claim);
  void wait_for_all();
  void add(
      std::string what, std::vector<Claim> claims, std::function<bool()> is_over,
      std::function<std::string()> missing = [] { return std::string(); });

  // Captures.
  Capture& start(Plan plan) { return begin(launch(std::move(plan))); }
  Capture& launch(Plan plan);
  Capture& begin(Capture& capture);  // waits until it has begun
  // The same for a capture that may be refused: then it ends without having done anything.
  void begin_or_end(Capture& capture);
  [[nodiscard]] bool has_room() const;  // for another capture
  [[nodiscard]] bool may_share() const { return !without_.contains("share"); }
  Plan make_plan();  // for a hook that has room
  void stop(Capture& capture, End how, const std::function<void()>& act);
  [[nodiscard]] std::vector<Capture*> live() const;
  [[nodiscard]] std::vector<Capture*> live(const std::function<bool(const Capture&)>& that) const;
  [[nodiscard]] std::vector<Capture*> watchers(int lane) const;  // that are attached to it
  [[nodiscard]] const std::vector<std::unique_ptr<Capture>>& captures() const { return captures_; }

  // Hooks and programs.
  [[nodiscard]] std::vector<HookPath>& hooks() { return hooks_; }
  [[nodiscard]] Lane& lane(int number) { return *lanes_.at(static_cast<std::size_t>(number)); }
  // Creates another map and program for a hook, without pinning them.
  int add_lane(std::size_t hook);
  void load_program(int number);
  void unload_program(int number);
  [[nodiscard]] std::vector<std::uint32_t> chain(int lane, unsigned action) const;
  // Whether all its recorders are found in a lane: then it must see the lane's packets from now on.
  bool attach(Capture& capture, int lane) const;
  static void detach(Capture& capture, int lane) { capture.attached.erase(lane); }
  // " (capture 3)" for one of its recorders.
  [[nodiscard]] std::string owner(std::uint32_t program) const;
  [[nodiscard]] bool is_attached(const Capture& capture, int lane, unsigned action) const;
  // A program of another tool that fits into slots.
  [[nodiscard]] test::HookedProgram make_foreign_program(unsigned action) const;

  Traffic traffic;
  // At the end: nothing remains in hooks and folders.
  void check_clean();
  // After a failed round: keeps its files and returns their folder.
  std::string keep_files();

 private:
  [[nodiscard]] std::vector<std::size_t> hooks_with_room() const;

  std::set<std::string> without_;
  std::string files_;
  UniqueFd foreign_hook_;
  std::vector<HookPath> hooks_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<std::unique_ptr<Capture>> captures_;
  std::vector<Pending> pendings_;
};

}  // namespace xdpcap::chaos
