// SPDX-License-Identifier: BSD-3-Clause
// The control plane of basic_firewall: loads the rules and prints how many packets each has
// dropped.
#include "basic_firewall/basic_firewall.h"

#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "basic_firewall.skel.h"
#include "basic_firewall/prefix.hpp"
#include "loader/loader.hpp"
#include "loader/percpu.hpp"

namespace {

using xdpcap::firewall::Prefix;

template <class Key>
void add_rule(const bpf_map* rules, const Prefix& prefix, std::uint32_t number) {
  Key key{};
  key.prefix_length = prefix.length;
  std::copy_n(prefix.address.begin(), sizeof key.address, key.address);
  if (bpf_map_update_elem(bpf_map__fd(rules), &key, &number, BPF_NOEXIST) != 0) {
    throw xdpcap::system_error("adding the rule " + to_string(prefix), errno);
  }
}

void add_rules(const basic_firewall_bpf& program, const std::vector<Prefix>& rules) {
  std::uint32_t number = 0;
  for (const Prefix& rule : rules) {
    if (rule.family == AF_INET) {
      add_rule<ipv4_key>(program.maps.ipv4_rules, rule, number++);
    } else {
      add_rule<ipv6_key>(program.maps.ipv6_rules, rule, number++);
    }
  }
}

// MatchPrinter prints the rules whose counts have changed since the last time.
class MatchPrinter {
 public:
  MatchPrinter(const bpf_map* matches, const std::vector<Prefix>& rules)
      : matches_(matches), rules_(rules), printed_(rules.size()) {}

  void print_changed() {
    for (std::uint32_t number = 0; number < rules_.size(); number++) {
      const std::uint64_t count = xdpcap::loader::sum_over_cpus(matches_, number);
      if (count == printed_[number]) continue;
      printed_[number] = count;
      std::printf("%s dropped %llu\n", to_string(rules_[number]).c_str(),
                  static_cast<unsigned long long>(count));
    }
  }

 private:
  const bpf_map* matches_;
  const std::vector<Prefix>& rules_;
  std::vector<std::uint64_t> printed_;
};

}  // namespace

int main(int argc, char** argv) {
  xdpcap::loader::Loader loader("basic_firewall", "Drops packets by source prefix.");
  std::vector<std::string> drop;
  std::string file;
  loader.app()
      .add_option("-d,--drop", drop, "prefix to drop, such as 10.0.0.0/8; may be repeated")
      ->type_name("PREFIX")
      ->allow_extra_args(false);
  loader.app().add_option("-f,--file", file, "prefixes to drop, one a line")->type_name("FILE");

  return loader.run(argc, argv, [&] {
    const std::vector<Prefix> rules = xdpcap::firewall::read_rules(drop, file);
    const auto skeleton = loader.load<basic_firewall_bpf>();
    add_rules(*skeleton, rules);
    loader.pin_hook(skeleton->maps.xdpcap_hook);
    loader.attach(skeleton->progs.basic_firewall);
    std::printf("basic_firewall: %zu %s\n", rules.size(), rules.size() == 1 ? "rule" : "rules");
    MatchPrinter printer(skeleton->maps.matches, rules);
    const auto print = [&] { printer.print_changed(); };
    loader.run_until_stopped({.every_second = print});
    print();
  });
}
