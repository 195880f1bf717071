// SPDX-License-Identifier: BSD-3-Clause
#include "chaos/world.hpp"

#include <bpf/bpf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "source/chain.hpp"

namespace xdpcap::chaos {
namespace {

namespace fs = std::filesystem;

// For every wait, on a machine that may be busy with other work.
constexpr Time kTimeout = 60 * kSecond;

bool conflict(const Claim& a, const Claim& b) {
  return (a.lane >= 0 && a.lane == b.lane && (a.actions & b.actions) != 0) ||
         (a.capture != nullptr && a.capture == b.capture);
}

std::string make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0) throw system_error("making " + path, errno);
  return path;
}

std::string make_files_folder() {
  std::string path = (fs::temp_directory_path() / "xdpcap-chaos-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr) throw system_error("making " + path, errno);
  ::chmod(path.c_str(), 0755);
  return path;
}

}  // namespace

World::World(std::uint64_t seed, std::uint64_t round, std::set<std::string> without)
    : random(seed, round),
      traffic(Random(seed + 1, round)),
      without_(std::move(without)),
      files_(make_files_folder()),
      foreign_hook_(test::create_hook(kActions)) {
  const std::string base = "/sys/fs/bpf/xdpcap_chaos_" + std::to_string(::getpid());
  const std::uint32_t count = random.between(1, 2);
  const bool share_folder = random.one_in(2);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string folder =
        i > 0 && share_folder ? hooks_.front().folder : make_folder(base + "_" + std::to_string(i));
    hooks_.push_back({folder, folder + "/hook" + std::to_string(i)});
    hooks_[i].lane = add_lane(i);
    if (bpf_obj_pin(lane(hooks_[i].lane).map.get(), hooks_[i].path.c_str()) != 0) {
      throw system_error("pinning " + hooks_[i].path, errno);
    }
  }
}

World::~World() {
  try {
    traffic.stop();
  } catch (const Failure&) {  // a round that failed has failed already
  }
  captures_.clear();  // those that still run are killed, and their guardians clean up
  for (const HookPath& hook : hooks_) {
    ::unlink(hook.path.c_str());
    ::rmdir(hook.folder.c_str());
  }
  std::error_code ignored;
  if (!files_.empty()) fs::remove_all(files_, ignored);
}

void World::look() {
  for (const auto& capture : captures_) {
    if (!capture->is_live()) continue;
    capture->look();
    if (capture->has_exited() && !capture->may_exit) {
      capture->finish();
      throw Failure(capture->name() + " ended by itself, exit code " +
                    std::to_string(capture->result().exit_code) + ": " + capture->command());
    }
  }
  std::erase_if(pendings_, [](Pending& one) { return one.is_over(); });
  for (const Pending& one : pendings_) {
    expect(now() < one.deadline, "not over in time: " + one.what + one.missing());
  }
}

void World::wait(Time time) {
  const Time end = now() + time;
  while (now() < end) {
    look();
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
}

void World::wait_until(const std::function<bool()>& condition, const std::string& what) {
  const Time deadline = now() + kTimeout * static_cast<Time>(test::patience());
  while (!condition()) {
    expect(now() < deadline, "did not happen in time: " + what);
    look();
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
}

// Pending faults have their own deadlines.
void World::wait_for(const Claim& claim) {
  const auto is_in_the_way = [&](const Pending& one) {
    return std::any_of(one.claims.begin(), one.claims.end(),
                       [&](const Claim& other) { return conflict(other, claim); });
  };
  while (std::any_of(pendings_.begin(), pendings_.end(), is_in_the_way)) wait(kMillisecond);
}

void World::wait_for_all() {
  while (!pendings_.empty()) wait(kMillisecond);
}

void World::add(std::string what, std::vector<Claim> claims, std::function<bool()> is_over,
                std::function<std::string()> missing) {
  pendings_.push_back({std::move(what), std::move(claims), std::move(is_over), std::move(missing),
                       now() + kTimeout * static_cast<Time>(test::patience())});
}

std::vector<std::size_t> World::hooks_with_room() const {
  std::vector<std::size_t> free;
  for (std::size_t hook = 0; hook < hooks_.size(); ++hook) {
    const auto on_it = live([&](const Capture& one) { return one.plan().hook == hook; });
    if (on_it.empty() || !without_.contains("share")) free.push_back(hook);
  }
  return free;
}

bool World::has_room() const {
  constexpr std::size_t kMost = 4;
  return live().size() < kMost && !hooks_with_room().empty();
}

Plan World::make_plan() {
  return chaos::make_plan(random, random.one_of(hooks_with_room()), without_);
}

Capture& World::launch(Plan plan) {
  const HookPath& hook = hooks_.at(plan.hook);
  wait_for({.lane = hook.lane, .actions = kAllActions | kPin});
  const std::size_t number = captures_.size();
  captures_.push_back(std::make_unique<Capture>(number, std::move(plan), hook.path,
                                                files_ + "/" + std::to_string(number)));
  Capture& capture = *captures_.back();
  for (int lane = 0; std::cmp_less(lane, lanes_.size()); ++lane) {
    capture.absent[lane] = capture.outages.open(lane, kAllActions, 0);
  }
  log.add("start " + capture.name() + ": " + capture.command());
  return capture;
}

Capture& World::begin(Capture& capture) {
  wait_until([&] { return capture.has_begun(); }, capture.name() + " begins");
  wait_until([&] { return capture.guardian().has_value(); }, capture.name() + " has a guardian");
  capture.descriptors = descriptors_of(capture.pid());
  const int lane = hooks_.at(capture.plan().hook).lane;
  wait_until([&] { return attach(capture, lane); },
             capture.name() + " is in every slot of its hook");
  return capture;
}

void World::begin_or_end(Capture& capture) {
  capture.may_exit = true;
  wait_until([&] { return capture.has_exited() || capture.has_begun(); },
             capture.name() + " begins, or is refused");
  if (capture.has_begun()) {
    capture.may_exit = false;
    begin(capture);
  } else {
    stop(capture, End::refused, [] {});
  }
}

// Its recorder in a slot is the program that it or its guardian has open, but no other capture.
bool World::attach(Capture& capture, int lane) const {
  const auto open_in = [](const Capture& one) {
    std::set<std::uint32_t> ids = programs_of(one.pid());
    if (const auto guardian = one.guardian()) ids.merge(programs_of(guardian->pid));
    return ids;
  };
  std::set<std::uint32_t> ours = open_in(capture);
  for (const auto& other : captures_) {
    if (other.get() == &capture || !other->is_live()) continue;
    for (const std::uint32_t id : open_in(*other)) ours.erase(id);
  }
  std::map<unsigned, std::uint32_t> programs;
  for (unsigned action = 0; action < kActions; ++action) {
    if ((capture.plan().actions >> action & 1U) == 0) continue;
    std::vector<std::uint32_t> found = chain(lane, action);
    std::erase_if(found, [&](std::uint32_t id) { return !ours.contains(id); });
    if (found.size() != 1) return false;
    programs[action] = found.front();
  }
  capture.programs[lane] = std::move(programs);
  capture.attached.insert(lane);
  capture.outages.close(capture.absent.at(lane));
  return true;
}

void World::stop(Capture& capture, End how, const std::function<void()>& act) {
  // One that was started a moment ago is not known by its name yet, nor after the capture's end.
  if (how == End::killed) {
    wait_until([&] { return capture.guardian().has_value(); }, "a guardian");
  }
  capture.look();
  capture.may_exit = true;
  capture.end = how;
  capture.outages.open(Outages::kAllLanes, kAllActions);
  act();
  wait_until([&] { return capture.has_exited(); }, capture.name() + " ends");
  capture.finish();
  wait_until([&] { return capture.guardians_are_gone(); },
             "the guardian of " + capture.name() + " ends");
  if (capture.sink() != nullptr && how != End::reader_gone) {
    capture.sink()->set_pace(Sink::Pace::normal);
    wait_until([&] { return capture.sink()->ended(); },
               "the output of " + capture.name() + " ends");
  }
  capture.look();
  capture.ended = now();
  if (how == End::both_killed) return;
  // Without its guardian and its privileges it may be unable to leave a chain, and reports that.
  if (capture.result().err.find("emptying the hook ") != std::string::npos) {
    capture.may_stay = true;
    return;
  }
  for (const auto& [lane, programs] : capture.programs) {
    for (const auto& [action, program] : programs) {
      const auto left = chain(lane, action);
      expect(std::find(left.begin(), left.end(), program) == left.end(),
             capture.name() + " has ended, and is still in slot " + std::to_string(action));
    }
  }
}

std::vector<Capture*> World::live() const {
  return live([](const Capture&) { return true; });
}

std::vector<Capture*> World::live(const std::function<bool(const Capture&)>& that) const {
  std::vector<Capture*> live;
  for (const auto& one : captures_) {
    if (one->is_live() && that(*one)) live.push_back(one.get());
  }
  return live;
}

std::vector<Capture*> World::watchers(int lane) const {
  return live([&](const Capture& one) { return one.sees(lane); });
}

int World::add_lane(std::size_t hook) {
  auto lane = std::make_unique<Lane>();
  lane->hook = hook;
  lane->map = test::create_hook(kActions);
  const int number = static_cast<int>(lanes_.size());
  lanes_.push_back(std::move(lane));
  for (const auto& capture : captures_) {
    capture->absent[number] = capture->outages.open(number, kAllActions, 0);
  }
  load_program(number);
  return number;
}

void World::load_program(int number) {
  Lane& one = lane(number);
  one.program = std::make_unique<test::HookedProgram>(one.map.get(), kFlavours.front());
  traffic.add(static_cast<std::uint8_t>(number), *one.program);
}

void World::unload_program(int number) {
  traffic.remove(static_cast<std::uint8_t>(number));
  lane(number).program.reset();
}

test::HookedProgram World::make_foreign_program(unsigned action) const {
  return {foreign_hook_.get(), kFlavours.front(), XdpAction(action)};
}

std::vector<std::uint32_t> World::chain(int lane, unsigned action) const {
  return chain_in(lanes_.at(static_cast<std::size_t>(lane))->map.get(), action);
}

bool World::is_attached(const Capture& capture, int lane, unsigned action) const {
  const auto programs = chain(lane, action);
  return std::find(programs.begin(), programs.end(), capture.programs.at(lane).at(action)) !=
         programs.end();
}

std::string World::owner(std::uint32_t program) const {
  for (const auto& capture : captures_) {
    for (const auto& [lane, programs] : capture->programs) {
      for (const auto& [action, id] : programs) {
        if (id == program) return " (" + capture->name() + ")";
      }
    }
  }
  return {};
}

// Recorders of captures that were killed with their guardians may be left.
void World::check_clean() {
  std::set<std::uint32_t> orphans;
  for (const auto& capture : captures_) {
    for (const auto& [lane, programs] : capture->programs) {
      if (capture->end != End::both_killed && !capture->may_stay) continue;
      for (const auto& [action, program] : programs) orphans.insert(program);
    }
  }
  for (int lane = 0; std::cmp_less(lane, lanes_.size()); ++lane) {
    for (unsigned action = 0; action < kActions; ++action) {
      for (const std::uint32_t program : chain(lane, action)) {
        expect(orphans.contains(program), "a program remains in slot " + std::to_string(action));
      }
    }
  }
  for (const HookPath& hook : hooks_) {
    for (const auto& entry : fs::directory_iterator(hook.folder)) {
      expect(std::any_of(hooks_.begin(), hooks_.end(),
                         [&](const HookPath& one) { return one.path == entry.path(); }),
             "something remains in the bpffs: " + entry.path().string());
    }
  }
}

std::string World::keep_files() {
  for (const auto& capture : captures_) {
    std::ofstream err(files_ + "/" + capture->name() + ".stderr");
    err << capture->command() << '\n'
        << (capture->result().exit_code < 0 ? capture->err() : capture->result().err);
  }
  return std::exchange(files_, {});
}

}  // namespace xdpcap::chaos
