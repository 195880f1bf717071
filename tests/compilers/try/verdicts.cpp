// SPDX-License-Identifier: BSD-3-Clause
#include "compilers/try/verdicts.hpp"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>

#include "base/error.hpp"
#include "support/test_run.hpp"

namespace xdpcap {
namespace {

constexpr std::size_t kNetwork = 14;  // after an untagged Ethernet header

// A map of addresses: their family, and the part of the key before them.
struct AddressMap {
  const char* name;
  std::uint16_t type;
  std::size_t offset;  // in the IP header
  std::size_t size;
  bool prefix;  // a longest-prefix trie: the length, 32 bits, comes first
  std::size_t value_size;
};

constexpr AddressMap kAddressMaps[] = {
    {"own_addresses", 0x0800, 16, 4, false, 1},
    {"ipv4_rules", 0x0800, 12, 4, true, 4},
    {"ipv6_rules", 0x86dd, 8, 16, true, 4},
    {"segments", 0x86dd, 24, 16, false, 1},
};

std::uint16_t type_of(const Packet& packet) {
  return static_cast<std::uint16_t>(packet.bytes[12] << 8 | packet.bytes[13]);
}

void fill(int map, const AddressMap& kind, const std::vector<Packet>& packets) {
  bool every_second = false;
  for (const Packet& packet : packets) {
    const std::size_t at = kNetwork + kind.offset;
    if (type_of(packet) != kind.type || packet.bytes.size() < at + kind.size) continue;
    every_second = !every_second;
    if (!every_second) continue;
    std::vector<std::uint8_t> key;
    if (kind.prefix) key = {static_cast<std::uint8_t>(kind.size * 8), 0, 0, 0};
    const auto address = std::span(packet.bytes).subspan(at, kind.size);
    key.insert(key.end(), address.begin(), address.end());
    const std::vector<std::uint8_t> value(kind.value_size, 0);
    if (bpf_map_update_elem(map, key.data(), value.data(), BPF_ANY) == 0) continue;
    if (errno == E2BIG || errno == ENOSPC) return;  // enough
    throw system_error(std::string("filling ") + kind.name, errno);
  }
}

std::uint32_t word_at(const Packet& packet, std::size_t at) {
  std::uint32_t word = 0;
  std::memcpy(&word, packet.bytes.data() + at, sizeof word);
  return word;
}

}  // namespace

void Verdicts::fill_maps(const Object& object) const {
  for (const AddressMap& kind : kAddressMaps) {
    const int map = object.map(kind.name);
    if (map >= 0) fill(map, kind, packets_);
  }
}

Constants Verdicts::tunnel(std::uint8_t protocol) const {
  for (const Packet& packet : packets_) {
    if (type_of(packet) != 0x0800 || packet.bytes.size() < kNetwork + 40) continue;
    if (packet.bytes[kNetwork] != 0x45 || packet.bytes[kNetwork + 9] != protocol) continue;
    return {{"remote_end", word_at(packet, kNetwork + 12)},
            {"local_end", word_at(packet, kNetwork + 16)},
            {"inner_network", 10},  // 10.0.0.0/8
            {"inner_mask", 255},
            {"use_gre", protocol == 47}};
  }
  throw Error("looking for a tunnel in the packets: there is none");
}

std::vector<Verdicts::Verdict> Verdicts::run(int program) const {
  std::vector<Verdict> verdicts;
  for (std::size_t i = 0; i < packets_.size(); i += every_) {
    const Packet& packet = packets_[i];
    test::TestRun run = with_context(
        packet.name, [&] { return test::test_run(program, packet.bytes, {.keep_packet = true}); });
    verdicts.push_back({run.action, std::move(run.packet)});
  }
  return verdicts;
}

std::string Verdicts::compare(const std::string& name, const std::string& clang, int program) {
  std::vector<Verdict> verdicts = run(program);
  const auto [place, first] = references_.try_emplace(name, Reference{clang, verdicts});
  if (first) return {};
  const Reference& reference = place->second;
  for (std::size_t i = 0; i < verdicts.size(); i++) {
    const Verdict& expected = reference.verdicts[i];
    if (verdicts[i] == expected) continue;
    return packets_[i * every_].name + ": action " + std::to_string(verdicts[i].action) +
           ", with clang " + reference.clang + " " + std::to_string(expected.action) +
           (verdicts[i].output == expected.output ? "" : "; other bytes");
  }
  return {};
}

}  // namespace xdpcap
