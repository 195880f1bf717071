// SPDX-License-Identifier: BSD-3-Clause
#include "fate/tracer.hpp"

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string_view>

#include "base/error.hpp"
#include "bpf/program_loader.hpp"
#include "fate/tracing_events.hpp"
#include "tracing_btf.skel.h"
#include "tracing_plain.skel.h"

namespace xdpcap {
namespace {

TracingObject open_object(bool btf) {
  std::size_t size = 0;
  const void* bytes = btf ? tracing_btf_bpf::elf_bytes(&size) : tracing_plain_bpf::elf_bytes(&size);
  return {{static_cast<const std::byte*>(bytes), size}, "xdpcap_fate", "the tracing programs"};
}

}  // namespace

Tracer::Tracer(const Rings& rings, std::uint32_t cpus) : cpus_(cpus) {
  try {
    load(Kind::btf, rings);
  } catch (const Error& with_btf) {
    shortcoming_ = with_btf.what();
    object_ = {};
    try {
      load(Kind::plain, rings);
    } catch (const Error& plain) {
      object_ = {};
      throw Error(std::string("tracing fates: with BTF: ") + with_btf.what() +
                      "; with plain tracepoints: " + plain.what(),
                  "needs CAP_PERFMON, and a kernel with BTF (CONFIG_DEBUG_INFO_BTF) or tracefs "
                  "mounted at /sys/kernel/tracing");
    }
  }
}

void Tracer::load(Kind kind, const Rings& rings) {
  if (kind == Kind::btf && std::getenv("XDPCAP_WITHOUT_BTF") != nullptr) {
    throw Error("XDPCAP_WITHOUT_BTF is set");
  }
  object_ = open_object(kind == Kind::btf);
  if (kind == Kind::btf) {
    choose_programs_with_btf(object_.programs());
  } else {
    choose_plain_programs(object_.programs());
  }
  configure(rings);
  object_.load();
  object_.attach();
}

void Tracer::configure(const Rings& rings) {
  object_.set_limits(xdpcap_limits{
      .cpus = cpus_,
      .ring_memory = static_cast<std::uint32_t>(sizeof(xdpcap_ring) + rings.bytes_per_cpu() +
                                                XDPCAP_RING_OVERHANG)});
  bpf_map__set_value_size(object_.map("last_packets"), cpus_ * sizeof(xdpcap_last));
  object_.share("rings", rings.array_fd());
}

std::vector<int> Tracer::descriptors() const {
  return {object_.fd("pairs"), object_.fd(".bss"), object_.fd("names")};
}

bool Tracer::can_be_read() const {
  xdpcap_pair first{};
  return bpf_map_get_next_key(object_.fd("pairs"), nullptr, &first) == 0 || errno != EPERM;
}

std::vector<PairCount> Tracer::pairs() const {
  const int fd = object_.fd("pairs");
  std::vector<PairCount> pairs;
  std::vector<xdpcap_pair_count> by_cpu(cpus_);
  xdpcap_pair next{};
  const xdpcap_pair* last = nullptr;
  while (bpf_map_get_next_key(fd, last, &next) == 0) {
    PairCount one{.pair = next};
    if (bpf_map_lookup_elem(fd, &next, by_cpu.data()) == 0) {
      for (const xdpcap_pair_count& count : by_cpu) {
        one.count.packets += count.packets;
        one.count.dropped += count.dropped;
      }
      pairs.push_back(one);
    }
    last = &next;
  }
  return pairs;
}

std::optional<std::string> Tracer::name_of(const xdpcap_device& device) const {
  xdpcap_name name{};
  if (bpf_map_lookup_elem(object_.fd("names"), &device, &name) != 0) return std::nullopt;
  return std::string(name.text);
}

}  // namespace xdpcap
