// SPDX-License-Identifier: BSD-3-Clause
#include "recorder/tracing_capture.hpp"

#include <bpf/bpf.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <random>

#include "base/error.hpp"
#include "base/mapping.hpp"
#include "bpf/features.hpp"
#include "bpf/tracing_program.hpp"
#include "bpf/xdp_buff_layout.hpp"

namespace xdpcap::test {
namespace {

constexpr std::uint16_t kVerdict = 7;

std::vector<std::uint32_t> cpus_with_rings(const Cpus& cpus, bool has_rings) {
  return has_rings ? cpus.online : std::vector{cpus.possible};
}

}  // namespace

std::optional<std::vector<std::uint8_t>> TracedRecord::option(std::uint16_t code) const {
  const auto found = std::ranges::find(options, code, &Option::code);
  if (found == options.end()) return std::nullopt;
  return found->value;
}

std::optional<std::uint64_t> TracedRecord::verdict() const {
  const auto value = option(kVerdict);
  if (!value || value->size() != 9 || value->front() != 2) return std::nullopt;
  std::uint64_t action = 0;
  std::memcpy(&action, value->data() + 1, sizeof(action));
  return action;
}

TracingCapture::TracingCapture(const TracingSetup& setup)
    : notes_fate_(setup.note_fate),
      rings_(cpus_with_rings(cpus_, setup.has_rings), cpus_.possible + 1, setup.ring_bytes) {
  if (setup.note_fate) {
    const auto bytes = static_cast<std::uint32_t>(sizeof(xdpcap_last) * cpus_.possible);
    last_ = create_map(BPF_MAP_TYPE_ARRAY, "last", sizeof(std::uint32_t), bytes, 1);
  }
  program_ = load_tracing_program("traces", make(setup), setup.target_fd, setup.point);
  link_ = attach_tracing_program(program_.get());
}

ebpf::Program TracingCapture::make(const TracingSetup& setup) const {
  static const XdpBuffLayout layout = read_xdp_buff_layout();
  std::vector<RecorderSpec> specs;
  for (const std::uint32_t action : setup.actions) {
    specs.push_back({.action = XdpAction(action),
                     .interface_id = 10 + action,
                     .snaplen = setup.snaplen,
                     .cpus = cpus_.possible,
                     .counters_row = action,
                     .control_fd = control_.fd(),
                     .rings_fd = rings_.array_fd(),
                     .ring_bytes = static_cast<std::uint32_t>(rings_.bytes_per_cpu()),
                     .wakeup_fd = wakeup_.fd(),
                     .frags = false,
                     .has_xdp_load_bytes = setup.may_use_buff_len && has_xdp_load_bytes(),
                     .filter_offsets = setup.filter_offsets,
                     .conditions = setup.conditions,
                     .note_ingress = setup.note_ingress,
                     .last_fd = last_.valid() ? last_.get() : -1,
                     .only_counts = setup.only_counts,
                     .budget = setup.budget,
                     .seed = std::random_device()(),
                     .buckets_fd = buckets_.get(),
                     .ordered_stores = setup.ordered_stores,
                     .traced = Traced{setup.layout.value_or(layout), setup.point, scratch_.get()}});
  }
  return make_tracing_recorder(specs, setup.filter);
}

std::vector<TracedRecord> TracingCapture::take() {
  std::vector<TracedRecord> records;
  for (RingCursor& cursor : rings_.cursors()) {
    for (cursor.refresh(); cursor.ready(); cursor.next()) records.push_back(copy(cursor.block()));
    if (!cursor.ended()) throw Error("a ring is still busy");
    cursor.release();
  }
  return records;
}

TracedRecord TracingCapture::copy(const xdpcap_block& block) const {
  const auto* begin = reinterpret_cast<const std::uint8_t*>(&block);
  const std::uint8_t* bytes = begin + sizeof(block);
  const std::uint8_t* padding = bytes + block.captured_length;
  const std::uint8_t* at = bytes + (std::size_t{block.captured_length} + 3) / 4 * 4;
  const std::uint8_t* end = begin + block.block_length - sizeof(std::uint32_t);
  TracedRecord record{block, Packet(bytes, padding), true, std::nullopt, {}};
  record.padded_with_zeros = std::all_of(padding, at, [](std::uint8_t byte) { return byte == 0; });
  bool done = false;
  while (!done && at + 4 <= end) {
    // A fate begins with its state, 32 bits wide, and follows the ingress comment, if any.
    const bool after_comment = record.option(1).has_value();
    if (notes_fate_ && after_comment && !record.fate) {
      std::memcpy(&record.fate.emplace(), at, sizeof(xdpcap_fate));
      at += sizeof(xdpcap_fate);
      continue;
    }
    std::uint16_t code = 0;
    std::uint16_t length = 0;
    std::memcpy(&code, at, sizeof(code));
    std::memcpy(&length, at + sizeof(code), sizeof(length));
    at += 4;
    done = code == 0;
    if (!done) record.options.push_back({code, {at, at + length}});
    at += (std::size_t{length} + 3) / 4 * 4;
  }
  std::uint32_t length = 0;
  std::memcpy(&length, end, sizeof(length));
  if (!done || at != end || length != block.block_length) throw Error("a block is damaged");
  return record;
}

void TracingCapture::set_busy(bool busy) const {
  for (const std::uint32_t cpu : cpus_.online) {
    std::uint32_t id = 0;
    if (bpf_map_lookup_elem(rings_.array_fd(), &cpu, &id) != 0) {
      throw system_error("looking a ring up", errno);
    }
    const UniqueFd ring(bpf_map_get_fd_by_id(id));
    const Mapping memory(ring.get(), 4096, PROT_READ | PROT_WRITE, 0, "mapping a ring");
    std::atomic_ref(reinterpret_cast<xdpcap_ring*>(memory.at(0))->busy) += busy ? 1U : ~__u64{0};
  }
}

xdpcap_last TracingCapture::last_on(std::uint32_t cpu) const {
  std::vector<xdpcap_last> all(cpus_.possible);
  const std::uint32_t zero = 0;
  if (bpf_map_lookup_elem(last_.get(), &zero, all.data()) != 0) {
    throw system_error("reading the last packets", errno);
  }
  return all.at(cpu);
}

std::string why_no_tracing(int target_fd) {
  try {
    const TracingCapture capture({.target_fd = target_fd, .filter = {{6, 0, 0, 1}}});
    return {};
  } catch (const Error& error) {
    if (std::getenv("XDPCAP_VM") != nullptr) throw;
    return error.what();
  }
}

}  // namespace xdpcap::test
