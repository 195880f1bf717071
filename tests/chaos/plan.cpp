// SPDX-License-Identifier: BSD-3-Clause
#include "chaos/plan.hpp"

namespace xdpcap::chaos {
namespace {

const std::vector<Filter> kFilters = {
    {"", [](unsigned, unsigned) { return true; }},
    {"greater 400", [](unsigned, unsigned size) { return size >= 400; }},
    {"less 900", [](unsigned, unsigned size) { return size <= 900; }},
    {"ether[0] != 2 or greater 1000",
     [](unsigned action, unsigned size) { return action != 2 || size >= 1000; }},
};

class Maker {
 public:
  Maker(Random& random, const std::set<std::string>& without)
      : random_(random), without_(without) {}

  Plan make(std::size_t hook) {
    plan_.hook = hook;
    choose_output();
    if (plan_.output <= Output::disk) choose_files();
    choose_privileges();
    choose_packets();
    if (wants("json", 2)) {
      plan_.json = true;
      add({"--json"});
    }
    if (random_.one_in(2)) add({"-q"});
    const std::vector<std::string> buffers = {"65536", "1048576", "4194304"};
    add({"--buffer", random_.one_of(buffers)});
    return plan_;
  }

 private:
  // Draws a random number even for a feature that is excluded, so that the rest of the round stays
  // the same.
  bool wants(const char* feature, std::uint32_t one_in) {
    return random_.one_in(one_in) && !without_.contains(feature);
  }

  void add(std::vector<std::string> options) {
    plan_.options.insert(plan_.options.end(), options.begin(), options.end());
  }

  void choose_output() {
    plan_.output = static_cast<Output>(random_.below(5));
    const std::vector<std::string> names = {"file", "disk", "pipe", "socket", "fifo"};
    if (without_.contains(names.at(static_cast<std::size_t>(plan_.output)))) {
      plan_.output = Output::file;
    }
  }

  void choose_files() {
    const std::vector<std::string> sizes = {"20k", "100k"};
    const std::string size = random_.one_of(sizes);
    const bool by_size = random_.one_in(2);
    if (!wants("rotate", 3)) return;
    plan_.rotates = true;
    if (by_size) {
      add({"-C", size});
    } else {
      add({"-G", "1"});
    }
  }

  void choose_privileges() {
    plan_.drops_privileges = wants("drop-privileges", 4);
    plan_.follows = wants("follow", 2) && !plan_.drops_privileges;
    if (plan_.drops_privileges) add({"-Z", "nobody"});
    if (plan_.follows) add({"--follow"});
  }

  void choose_packets() {
    const Filter& filter = random_.one_of(kFilters);
    plan_.filter = without_.contains("filter") ? &kFilters.front() : &filter;
    if (wants("actions", 3)) {
      plan_.actions = 1U << 1U | 1U << 2U | 1U << 4U;
      add({"--actions", "drop,pass,redirect"});
    }
    if (wants("snaplen", 3)) {
      plan_.snaplen = 96;
      add({"-s", "96"});
    }
    const bool all_fates = wants("fate", 4);
    plan_.chooses_fates = wants("fate-list", 6);
    if (plan_.chooses_fates) {
      add({"--fate=none"});
    } else if (all_fates) {
      add({"--fate"});
    }
  }

  Random& random_;
  const std::set<std::string>& without_;
  Plan plan_;
};

}  // namespace

const std::vector<Feature>& features() {
  static const std::vector<Feature> all = {
      {"share", "several on one hook at the same time"},
      {"disk", "a file on a separate small disk"},
      {"pipe", "stdout is a pipe"},
      {"socket", "stdout is a socket"},
      {"fifo", "the output is a FIFO"},
      {"rotate", "-C or -G"},
      {"drop-privileges", "-Z nobody"},
      {"follow", "--follow"},
      {"fate", "--fate"},
      {"fate-list", "--fate=none"},
      {"actions", "--actions with three actions"},
      {"filter", "a filter"},
      {"snaplen", "-s 96"},
      {"json", "--json"},
  };
  return all;
}

Plan make_plan(Random& random, std::size_t hook, const std::set<std::string>& without) {
  return Maker(random, without).make(hook);
}

}  // namespace xdpcap::chaos
