// SPDX-License-Identifier: BSD-3-Clause
#include "filter/differential.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <utility>

#include "ebpf/disassembler.hpp"
#include "filter/cbpf_interpreter.hpp"
#include "filter/codegen.hpp"
#include "filter/ebpf_interpreter.hpp"
#include "filter/filter_program.hpp"

namespace xdpcap::test {
namespace {

constexpr std::uint32_t kMostPrefix = 256;
constexpr std::uint32_t kShortPrefix = 30;

bool kernel_has_frags() {
  static const bool has = has_frags();
  return has;
}
bool kernel_chooses_linear_part() {
  static const bool can = can_choose_linear_part();
  return can;
}

}  // namespace

CompiledFilter::CompiledFilter(CbpfProgram filter, Where where, std::vector<std::uint32_t> offsets)
    : filter_(std::move(filter)),
      offsets_(std::move(offsets)),
      linear_(make_filter_program(filter_, false, offsets_)),
      frags_(make_filter_program(filter_, true, offsets_)) {
  const std::uint32_t reach = std::min(filter_reach(filter_, offsets_), kMostPrefix);
  // What all loads reach, or that is cut; nothing; and part of it, which the verifier sees no
  // difference in.
  std::set<std::uint32_t> prefixes = {reach, 0};
  if (where == Where::interpreter) prefixes.insert(std::min(reach, kShortPrefix));
  for (const std::uint32_t prefix : prefixes) add_probing(prefix, where);
  if (where == Where::interpreter) return;
  kernel_linear_.emplace(linear_, false);
  if (kernel_has_frags()) kernel_frags_.emplace(frags_, true);
}

void CompiledFilter::add_probing(std::uint32_t prefix, Where where) {
  const bool kernel = where == Where::kernel;
  const int map = kernel ? kernel_copy_map() : CopyWorld::kMap;
  probing_.push_back({prefix, make_probing_program(filter_, prefix, map, offsets_)});
  if (kernel) probing_.back().kernel.emplace(probing_.back().program, false);
}

bool CompiledFilter::expected_for(std::span<const std::uint8_t> packet, std::string& wrong) const {
  const bool expected = libpcap_matches(filter_, packet);
  const bool own = run_cbpf(filter_, std::as_bytes(packet)) == CbpfVerdict::match;
  wrong += check("by run_cbpf()", own ? kMatch : kNoMatch, expected, packet);
  return expected;
}

std::string CompiledFilter::mismatch(std::span<const std::uint8_t> packet, Tally& tally) const {
  std::string wrong;
  bool expected = offsets_.empty() && expected_for(packet, wrong);
  for (const std::uint32_t offset : offsets_) {
    if (offset <= packet.size()) expected |= expected_for(packet.subspan(offset), wrong);
  }
  ++(expected ? tally.matches : tally.others);

  const auto compare = [&](const char* form, std::uint32_t result) {
    wrong += check(form, result, expected, packet);
  };
  compare("interpreted", interpret(linear_, packet));
  for (const Probing& probing : probing_) {
    if (probing.kernel) continue;
    CopyWorld world(std::min<std::size_t>(probing.prefix, packet.size()));
    compare("interpreted, probing", interpret(probing.program, packet, std::nullopt, &world));
  }
  const std::size_t size = packet.size();
  for (const std::size_t linear : {size / 2, std::size_t{0}}) {
    compare("interpreted, in fragments", interpret(frags_, packet, linear));
  }
  if (!kernel_linear_ || size < kShortestKernelPacket) return wrong;

  // A packet that does not fit into one page is always in fragments.
  if (size <= kLongestLinearPacket) compare("in the kernel", kernel_linear_->run(packet));
  for (const Probing& probing : probing_) {
    if (size > kLongestLinearPacket) break;
    compare("in the kernel, probing", probing.kernel->run(packet));
  }
  if (!kernel_frags_) return wrong;
  compare("in the kernel, frags", kernel_frags_->run(packet));
  const std::size_t half = std::max(size / 2, kShortestKernelPacket);
  if (kernel_chooses_linear_part() && half < size && half <= kLongestLinearPacket) {
    compare("in the kernel, in fragments",
            kernel_frags_->run(packet, static_cast<std::uint32_t>(half)));
  }
  return wrong;
}

std::uint32_t CompiledFilter::verified_instructions() const {
  std::uint32_t most = 0;
  for (const auto* program : {&kernel_linear_, &kernel_frags_}) {
    if (program->has_value()) most = std::max(most, (*program)->verified_instructions());
  }
  return most;
}

std::string CompiledFilter::check(const char* form, std::uint32_t result, bool expected,
                                  std::span<const std::uint8_t> packet) const {
  if (result == (expected ? kMatch : kNoMatch)) return {};
  const std::string text = std::string(form) + ": " + std::to_string(result) +
                           " where libpcap says " + (expected ? "match" : "no match") + " for " +
                           std::to_string(packet.size()) + " bytes\n" +
                           to_string(filter_, CbpfFormat::assembly);
  return text + ebpf::to_string(linear_);
}

}  // namespace xdpcap::test
