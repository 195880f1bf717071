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
#include "fate/libbpf_log.hpp"
#include "fate/tracing_events.hpp"
#include "process/capabilities.hpp"
#include "tracing_btf.skel.h"
#include "tracing_plain.skel.h"

namespace xdpcap {
namespace {

bpf_object* open_object(bool btf) {
  std::size_t size = 0;
  const void* bytes = btf ? tracing_btf_bpf::elf_bytes(&size) : tracing_plain_bpf::elf_bytes(&size);
  LIBBPF_OPTS(bpf_object_open_opts, options);
  options.object_name = "xdpcap_fate";
  return bpf_object__open_mem(bytes, size, &options);
}

}  // namespace

Tracer::Tracer(const Rings& rings, std::uint32_t cpus) : cpus_(cpus) {
  try {
    load(Kind::btf, rings);
  } catch (const Error& with_btf) {
    shortcoming_ = with_btf.what();
    links_.clear();
    try {
      load(Kind::plain, rings);
    } catch (const Error& plain) {
      links_.clear();
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
  object_.reset(open_object(kind == Kind::btf));
  if (!object_) throw system_error("opening the tracing programs", errno);
  if (kind == Kind::btf) {
    choose_programs_with_btf(*object_);
  } else {
    choose_plain_programs(*object_);
  }
  configure(rings);
  const LibbpfLog words;
  const int result = bpf_object__load(object_.get());
  if (result != 0) {
    throw system_error("loading the tracing programs (" + LibbpfLog::error() + ")", -result,
                       permission_hint());
  }
  attach();
  last_fd_ = bpf_map__fd(map("last_packets"));
}

void Tracer::configure(const Rings& rings) {
  std::size_t size = 0;
  // libbpf returns the map's initial value as const, but it may be changed before loading.
  auto* limits =
      static_cast<xdpcap_limits*>(const_cast<void*>(bpf_map__initial_value(map(".rodata"), &size)));
  if (limits == nullptr || size < sizeof(*limits))
    throw Error("the tracing programs have no limits");
  limits->cpus = cpus_;
  limits->ring_memory = static_cast<std::uint32_t>(sizeof(xdpcap_ring) + rings.bytes_per_cpu() +
                                                   XDPCAP_RING_OVERHANG);
  bpf_map__set_value_size(map("last_packets"), cpus_ * sizeof(xdpcap_last));
  const int result = bpf_map__reuse_fd(map("rings"), rings.array_fd());
  if (result != 0) throw system_error("sharing the rings with the tracing programs", -result);
}

void Tracer::attach() {
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object_.get()) {
    if (!bpf_program__autoload(program)) continue;
    links_.emplace_back(bpf_program__attach(program));
    if (!links_.back()) {
      throw system_error("attaching to " + std::string(bpf_program__section_name(program)), errno);
    }
  }
}

bpf_map* Tracer::map(const char* name) const {
  bpf_map* found = bpf_object__find_map_by_name(object_.get(), name);
  if (found == nullptr) throw Error(std::string("the tracing programs have no map ") + name);
  return found;
}

std::vector<int> Tracer::descriptors() const {
  return {bpf_map__fd(map("pairs")), bpf_map__fd(map(".bss")), bpf_map__fd(map("names"))};
}

bool Tracer::can_be_read() const {
  xdpcap_pair first{};
  return bpf_map_get_next_key(bpf_map__fd(map("pairs")), nullptr, &first) == 0 || errno != EPERM;
}

std::vector<PairCount> Tracer::pairs() const {
  const int fd = bpf_map__fd(map("pairs"));
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

std::uint64_t Tracer::uncounted() const {
  const std::uint32_t zero = 0;
  std::uint64_t count = 0;
  bpf_map_lookup_elem(bpf_map__fd(map(".bss")), &zero, &count);
  return count;
}

std::optional<std::string> Tracer::name_of(const xdpcap_device& device) const {
  xdpcap_name name{};
  if (bpf_map_lookup_elem(bpf_map__fd(map("names")), &device, &name) != 0) return std::nullopt;
  return std::string(name.text);
}

}  // namespace xdpcap
