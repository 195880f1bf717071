// SPDX-License-Identifier: BSD-3-Clause
#include "fate/tracing_events.hpp"

#include <bpf/btf.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace xdpcap {
namespace {

struct FreeBtf {
  void operator()(btf* types) const { btf__free(types); }
};

// The event in a section's name such as "tp_btf/xdp_redirect".
std::string event_of(const bpf_program* program) {
  const std::string section = bpf_program__section_name(program);
  return section.substr(section.rfind('/') + 1);
}

// The number of an event's arguments, without the probe's data pointer; 0: no such event. The
// kernel describes each event by a typedef of a function pointer.
std::uint32_t arguments_of(const btf& types, const std::string& event) {
  const int id = btf__find_by_name_kind(&types, ("btf_trace_" + event).c_str(), BTF_KIND_TYPEDEF);
  if (id < 0) return 0;
  const btf_type* pointer = btf__type_by_id(&types, btf__type_by_id(&types, id)->type);
  const btf_type* function = btf__type_by_id(&types, pointer->type);
  return btf_vlen(function) - 1U;
}

}  // namespace

void choose_programs_with_btf(bpf_object& object) {
  const std::unique_ptr<btf, FreeBtf> types(btf__load_vmlinux_btf());
  if (!types) throw system_error("reading the kernel's BTF", errno);
  constexpr std::uint32_t kArgumentsOfOld = 6;  // xdp_redirect until Linux 5.13
  const bool old = arguments_of(*types, "xdp_redirect") == kArgumentsOfOld;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, &object) {
    const std::string event = event_of(program);
    const bool redirect = event.starts_with("xdp_redirect");
    const bool for_old = std::string_view(bpf_program__name(program)).ends_with("_old");
    const bool fits = arguments_of(*types, event) != 0 && (!redirect || for_old == old);
    bpf_program__set_autoload(program, fits);
  }
}

void choose_programs_for_stack(bpf_object& object) {
  const std::unique_ptr<btf, FreeBtf> types(btf__load_vmlinux_btf());
  if (!types) throw system_error("reading the kernel's BTF", errno);
  constexpr std::uint32_t kWithReason = 3;  // since Linux 5.17
  if (arguments_of(*types, "kfree_skb") < kWithReason) {
    throw Error("the kernel does not tell why it drops packets, which it does since Linux 5.17");
  }
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, &object) {
    bpf_program__set_autoload(program, arguments_of(*types, event_of(program)) != 0);
  }
}

void choose_plain_programs(bpf_object& object) {
  constexpr const char* kEvents = "/sys/kernel/tracing/events/";
  bool any = false;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, &object) {
    const std::string section = bpf_program__section_name(program);
    const std::string event = section.substr(section.find('/') + 1);  // "xdp/xdp_redirect"
    const bool listed = ::access((kEvents + event + "/id").c_str(), F_OK) == 0;
    bpf_program__set_autoload(program, listed);
    any = any || listed;
  }
  if (!any) throw Error("tracefs is not mounted at /sys/kernel/tracing, or has no xdp events");
}

}  // namespace xdpcap
