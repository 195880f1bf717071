// SPDX-License-Identifier: BSD-3-Clause
#include "basic_firewall/prefix.hpp"

#include <arpa/inet.h>

#include <cerrno>
#include <fstream>
#include <optional>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "basic_firewall/basic_firewall.h"

namespace xdpcap::firewall {
namespace {

unsigned bits(int family) {
  return family == AF_INET ? 32 : 128;
}

// The prefix with its host bits cleared.
Prefix masked(Prefix prefix) {
  for (unsigned bit = prefix.length; bit < bits(prefix.family); bit++) {
    prefix.address.at(bit / 8) &= static_cast<std::uint8_t>(~(0x80U >> bit % 8));
  }
  return prefix;
}

std::optional<Prefix> parse_address(const std::string& text) {
  for (const int family : {AF_INET, AF_INET6}) {
    Prefix host{family, bits(family), {}};
    if (inet_pton(family, text.c_str(), host.address.data()) == 1) return host;
  }
  return std::nullopt;
}

class Rules {
 public:
  void add(std::string_view text) {
    const Prefix prefix = parse_prefix(text);
    if (!known_.insert(prefix).second)
      throw UsageError("rule " + to_string(prefix) + " is a duplicate");
    if (rules_.size() == RULES_MAX) {
      throw UsageError("too many rules: the limit is " + std::to_string(RULES_MAX));
    }
    rules_.push_back(prefix);
  }
  std::vector<Prefix> take() { return std::move(rules_); }

 private:
  std::set<Prefix> known_;
  std::vector<Prefix> rules_;
};

void add_file(Rules& rules, const std::string& name) {
  std::ifstream file(name);
  if (!file) throw system_error("opening " + name, errno);
  std::string line;
  for (int number = 1; std::getline(file, line); number++) {
    const std::string_view rule = trim(std::string_view(line).substr(0, line.find('#')));
    if (rule.empty()) continue;
    with_context(name + ":" + std::to_string(number), [&] { rules.add(rule); });
  }
  if (file.bad()) throw system_error("reading " + name, errno);
}

}  // namespace

std::string to_string(const Prefix& prefix) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(prefix.family, prefix.address.data(), text.data(), text.size());
  return text.data() + std::string("/") + std::to_string(prefix.length);
}

Prefix parse_prefix(std::string_view text) {
  const auto slash = text.find('/');
  const auto host = parse_address(std::string(text.substr(0, slash)));
  if (!host) {
    throw UsageError("\"" + std::string(text) + "\" is not an IPv4 or IPv6 prefix",
                     "10.0.0.0/8 and 2001:db8::/32 are");
  }
  Prefix prefix = *host;
  if (slash != std::string_view::npos) {
    const auto length = parse_number<unsigned>(text.substr(slash + 1));
    if (!length || *length > bits(prefix.family)) {
      throw UsageError("\"" + std::string(text) + "\" has a bad length",
                       "it is 0 to " + std::to_string(bits(prefix.family)));
    }
    prefix.length = *length;
  }
  if (masked(prefix) != prefix) {
    throw UsageError("\"" + std::string(text) + "\" has host bits set",
                     "the network is " + to_string(masked(prefix)));
  }
  return prefix;
}

std::vector<Prefix> read_rules(const std::vector<std::string>& words, const std::string& file) {
  Rules rules;
  for (const std::string& word : words) {
    with_context("--drop", [&] { rules.add(word); });
  }
  if (!file.empty()) add_file(rules, file);
  auto list = rules.take();
  if (list.empty()) throw UsageError("there is no rule", "give --drop PREFIX or --file FILE");
  return list;
}

}  // namespace xdpcap::firewall
