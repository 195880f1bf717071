// SPDX-License-Identifier: BSD-3-Clause
#include "basic_firewall/basic_firewall.h"

#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "basic_firewall.skel.h"
#include "basic_firewall/prefix.hpp"
#include "loader/percpu.hpp"
#include "progs/captures.hpp"
#include "progs/lab.hpp"
#include "progs/skeleton_program.hpp"

namespace xdpcap::test {
namespace {

using firewall::parse_prefix;
using firewall::read_rules;
using testing::HasSubstr;

std::string parsed(const std::string& text) {
  return to_string(parse_prefix(text));
}

TEST(Prefix, ParsesBothFamilies) {
  EXPECT_EQ(parsed("10.0.0.0/8"), "10.0.0.0/8");
  EXPECT_EQ(parsed("192.0.2.1"), "192.0.2.1/32");
  EXPECT_EQ(parsed("0.0.0.0/0"), "0.0.0.0/0");
  EXPECT_EQ(parsed("192.0.2.160/27"), "192.0.2.160/27");
  EXPECT_EQ(parsed("2001:db8::/32"), "2001:db8::/32");
  EXPECT_EQ(parsed("2001:0DB8::1"), "2001:db8::1/128");
}

TEST(Prefix, RefusesWhatIsNone) {
  for (const char* text :
       {"", "ten", "10.0.0/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "::/129",
        "10.0.0.1/8", "2001:db8::1/64", "1.2.3.4/8/8"}) {
    EXPECT_THROW(parse_prefix(text), UsageError) << text;
  }
}

class RulesFile : public testing::Test {
 protected:
  ~RulesFile() override { std::filesystem::remove(name_); }
  void write(const std::string& text) { std::ofstream(name_) << text; }
  std::string failure(const std::vector<std::string>& words = {}) {
    try {
      read_rules(words, name_);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  }
  std::string name_ = std::filesystem::temp_directory_path() / ("rules" + std::to_string(getpid()));
};

TEST_F(RulesFile, GivesRulesInOrderAfterTheWords) {
  write("# ours\n\n10.0.0.0/8   # private\n  2001:db8::/32\r\n");
  const auto rules = read_rules({"192.0.2.0/24"}, name_);
  ASSERT_EQ(rules.size(), 3U);
  EXPECT_EQ(to_string(rules[0]), "192.0.2.0/24");
  EXPECT_EQ(to_string(rules[1]), "10.0.0.0/8");
  EXPECT_EQ(to_string(rules[2]), "2001:db8::/32");
}

TEST_F(RulesFile, MistakesAreNamedWithTheirLine) {
  write("10.0.0.0/8\nnonsense\n");
  EXPECT_THAT(failure(), HasSubstr(name_ + ":2: \"nonsense\""));
  write("10.0.0.0/8\n");
  EXPECT_THAT(failure({"10.0.0.0/8"}), HasSubstr(name_ + ":1: rule 10.0.0.0/8 is a duplicate"));
  write("# nothing\n");
  EXPECT_EQ(failure(), "there is no rule");
  std::filesystem::remove(name_);
  EXPECT_THROW(read_rules({}, name_), Error);
}

TEST_F(RulesFile, HoldsTenThousandRulesAndNoMore) {
  std::string text;
  for (int i = 0; i < RULES_MAX; i++) {
    text += "10." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ".0/24\n";
  }
  write(text);
  EXPECT_EQ(read_rules({}, name_).size(), std::size_t{RULES_MAX});
  EXPECT_EQ(failure({"192.0.2.0/24"}), name_ + ":10000: too many rules: the limit is 10000");
}

class BasicFirewall : public testing::Test {
 protected:
  BasicFirewall() {
    program_.watch(program_->maps.xdpcap_hook);
    add<ipv4_key>(program_->maps.ipv4_rules, "10.0.0.0/8", 0);
    add<ipv4_key>(program_->maps.ipv4_rules, "10.1.2.0/23", 1);
    add<ipv6_key>(program_->maps.ipv6_rules, "2001:db8::/32", 2);
    add<ipv6_key>(program_->maps.ipv6_rules, "2001:db8::7/128", 3);
  }

  template <class Key>
  static void add(const bpf_map* map, const char* text, std::uint32_t number) {
    const firewall::Prefix prefix = parse_prefix(text);
    Key key{};
    key.prefix_length = prefix.length;
    std::copy_n(prefix.address.begin(), sizeof key.address, key.address);
    ASSERT_EQ(bpf_map_update_elem(bpf_map__fd(map), &key, &number, BPF_NOEXIST), 0);
  }

  // The number of the rule that counted the packet, which it then dropped; -1 if it passed.
  int rule_for(const Bytes& packet) {
    const auto before = counts();
    const std::uint32_t action = program_.run(program_->progs.basic_firewall, packet).action;
    const auto after = counts();
    for (int rule = 0; rule < 4; rule++) {
      if (after.at(rule) == before.at(rule)) continue;
      EXPECT_EQ(action, XDP_DROP);
      return rule;
    }
    EXPECT_EQ(action, XDP_PASS);
    return -1;
  }
  int rule_for_v4(const std::string& source) {
    return rule_for(ethernet(kIpv4, ipv4(source, "10.0.0.2", IPPROTO_UDP, udp(1, 2, {}))));
  }
  int rule_for_v6(const std::string& source) {
    return rule_for(ethernet(kIpv6, ipv6(source, "2001:db8::2", IPPROTO_UDP, udp(1, 2, {}))));
  }

  std::vector<std::uint64_t> counts() {
    std::vector<std::uint64_t> all;
    for (std::uint32_t rule = 0; rule < 4; rule++) {
      all.push_back(loader::sum_over_cpus(program_->maps.matches, rule));
    }
    return all;
  }

  SkeletonProgram<basic_firewall_bpf> program_;
};

TEST_F(BasicFirewall, DropsByTheLongestPrefixOfTheSource) {
  EXPECT_EQ(rule_for_v4("10.0.0.1"), 0);
  EXPECT_EQ(rule_for_v4("10.255.255.255"), 0);
  EXPECT_EQ(rule_for_v4("10.1.2.3"), 1);
  EXPECT_EQ(rule_for_v4("10.1.3.255"), 1);
  EXPECT_EQ(rule_for_v4("10.1.4.0"), 0);
  EXPECT_EQ(rule_for_v4("11.0.0.1"), -1);
  EXPECT_EQ(rule_for_v6("2001:db8:ffff::1"), 2);
  EXPECT_EQ(rule_for_v6("2001:db8::7"), 3);
  EXPECT_EQ(rule_for_v6("2001:db9::7"), -1);
}

TEST_F(BasicFirewall, LooksPastVlanTags) {
  const Bytes packet = ipv4("10.0.0.1", "192.0.2.1", IPPROTO_UDP, udp(1, 2, {}));
  EXPECT_EQ(rule_for(ethernet(0x8100, vlan(5, kIpv4, packet))), 0);
}

TEST_F(BasicFirewall, PassesWhatIsNotIpOrCutOff) {
  EXPECT_EQ(rule_for(ethernet(kArp, bytes(28))), -1);
  const Bytes four = ethernet(kIpv4, ipv4("10.0.0.1", "10.0.0.2", IPPROTO_UDP, {}));
  const Bytes six = ethernet(kIpv6, ipv6("2001:db8::1", "2001:db8::2", IPPROTO_UDP, {}));
  for (const Bytes& whole : {four, six}) {
    for (std::size_t size = 14; size < whole.size(); size++) {
      EXPECT_EQ(rule_for({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}), -1);
    }
    EXPECT_GE(rule_for(whole), 0);
  }
}

TEST_F(BasicFirewall, DecidesOnEveryCaptureAsLibpcapDoes) {
  add<ipv4_key>(program_->maps.ipv4_rules, "192.0.2.0/31", 0);
  const std::string listed = "(" + kWholeIpv4 +
                             " and (src net 10.0.0.0/8 or src net 192.0.2.0/31)) or "
                             "(ip6 and ip6[39] >= 0 and src net 2001:db8::/32)";
  for_each_captured_after_vlan(
      listed, [&](const Bytes& packet, bool taken) { EXPECT_EQ(rule_for(packet) >= 0, taken); });
}

TEST_F(RulesFile, OfTenThousandRulesIsLoaded) {
  std::string text;
  for (int i = 1; i < RULES_MAX; i++) {
    text += "172." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ".0/24\n";
  }
  const Lab lab("one");
  write(text + lab.name("PEER_IP6") + "\n");
  Command program({bin("basic_firewall"), "-i", "eth0", "--netns", lab.name("NODE"), "--hook",
                   lab.hook(), "--file", name_});
  ASSERT_TRUE(program.wait_for("basic_firewall: 10000 rules\n")) << program.text();
  ASSERT_TRUE(program.wait_for("pinned at")) << program.text();
  const auto ping = [&](const char* address) {
    return lab.exec("peer", {"ping", "-c", "1", "-W", "1", lab.name(address)}).exit_code;
  };
  EXPECT_EQ(ping("NODE_IP"), 0);
  EXPECT_EQ(ping("NODE_IP6"), 1) << "the last of the rules";
  program.signal(SIGTERM);
  EXPECT_THAT(program.finish().text, HasSubstr(lab.name("PEER_IP6") + "/128 dropped "));
}

TEST(BasicFirewallInTheLab, RefusesBadRulesBeforeItAttaches) {
  const Lab lab("one");
  const std::vector<std::string> command = {bin("basic_firewall"), "-i",     "eth0",    "--netns",
                                            lab.name("NODE"),      "--hook", lab.hook()};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), command.begin(), command.end());
    return output_of(more);
  };
  EXPECT_EQ(with({}).exit_code, 1);
  const Output bad = with({"--drop", "10.0.0.1/8"});
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_EQ(bad.text,
            "basic_firewall: --drop: \"10.0.0.1/8\" has host bits set (the network "
            "is 10.0.0.0/8)\n");
  EXPECT_EQ(with({"--drop", "10.0.0.0/8", "--drop", "10.0.0.0/8"}).exit_code, 1);
  EXPECT_EQ(with({"--file", "/no/such/file"}).exit_code, 2);
}

}  // namespace
}  // namespace xdpcap::test
