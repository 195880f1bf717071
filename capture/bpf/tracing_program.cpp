// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/tracing_program.hpp"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "bpf/program_loader.hpp"
#include "process/capabilities.hpp"

namespace xdpcap {
namespace {

constexpr const char* kUseHook = "capture it through a hook instead";

struct FreeBtf {
  void operator()(btf* types) const { btf__free(types); }
};

const btf_type* without_typedefs(const btf* types, std::uint32_t id) {
  const btf_type* type = btf__type_by_id(types, id);
  while (type != nullptr && (btf_is_mod(type) || btf_is_typedef(type))) {
    type = btf__type_by_id(types, type->type);
  }
  return type;
}

// Only for a pointer to struct xdp_md does the kernel say what it points to. If the program says
// something else, arguments and action are not where tracing programs look for them.
bool takes_xdp_md(const btf* types, std::uint32_t function) {
  const btf_type* type = btf__type_by_id(types, function);
  const btf_type* prototype = type == nullptr ? nullptr : btf__type_by_id(types, type->type);
  if (prototype == nullptr || !btf_is_func_proto(prototype) || btf_vlen(prototype) != 1) {
    return false;
  }
  const btf_type* pointer = without_typedefs(types, btf_params(prototype)->type);
  if (pointer == nullptr || !btf_is_ptr(pointer)) return false;
  const btf_type* context = without_typedefs(types, pointer->type);
  return context != nullptr && btf_is_struct(context) &&
         std::string_view(btf__name_by_offset(types, context->name_off)) == "xdp_md";
}

// The id, in the target's BTF, of the function with which it begins. Throws Error.
std::uint32_t entry_function(int target_fd) {
  bpf_func_info first{};
  bpf_prog_info info{};
  info.nr_func_info = 1;
  info.func_info_rec_size = sizeof(first);
  info.func_info = reinterpret_cast<std::uintptr_t>(&first);
  std::uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(target_fd, &info, &length) != 0) {
    throw system_error("asking the kernel about the program", errno, permission_hint());
  }
  if (info.btf_id == 0 || info.nr_func_info == 0) {
    throw Error("the program was loaded without BTF, which tracing needs",
                "compile it with clang -g and load it with libbpf, or " + std::string(kUseHook));
  }
  const std::unique_ptr<btf, FreeBtf> types(btf__load_from_kernel_by_id(info.btf_id));
  if (!types) throw system_error("reading the program's BTF", errno, permission_hint());
  if (!takes_xdp_md(types.get(), first.type_id)) {
    throw Error("in the program's BTF, its argument is not a struct xdp_md *",
                "declare it so, or " + std::string(kUseHook));
  }
  return first.type_id;
}

bool is_locked_down() {
  std::ifstream file("/sys/kernel/security/lockdown");
  std::string modes;
  std::getline(file, modes);
  return modes.find("[confidentiality]") != std::string::npos;
}

std::string load_hint(const Error& error) {
  if (is_locked_down()) {
    return "kernel lockdown (confidentiality) forbids to read packets in tracing programs; " +
           std::string(kUseHook);
  }
  const bool able = missing_capabilities(effective_capabilities()).empty();
  if (!able || !error.hint().empty()) {
    return able ? "this host forbids tracing programs; " + std::string(kUseHook) : error.hint();
  }
  return {};
}

std::string attach_hint(int error_number) {
  switch (error_number) {
    case EBUSY:
      return "another program replaces it, as libxdp's dispatcher does with a single component: "
             "capture that component (bpftool prog show lists it with type ext)";
    case E2BIG:
      return "too many tracing programs are attached to it already, about 38 in all";
    case EPERM:
    case EACCES:
      return permission_hint();
    default:
      return kUseHook;
  }
}

}  // namespace

UniqueFd load_tracing_program(const std::string& name, const ebpf::Program& program, int target_fd,
                              TracePoint point) {
  const bool entry = point == TracePoint::entry;
  LIBBPF_OPTS(bpf_prog_load_opts, options);
  options.expected_attach_type = entry ? BPF_TRACE_FENTRY : BPF_TRACE_FEXIT;
  options.attach_prog_fd = static_cast<std::uint32_t>(target_fd);
  options.attach_btf_id = entry_function(target_fd);
  try {
    return load_program(BPF_PROG_TYPE_TRACING, name, program, options, entry ? "fentry" : "fexit");
  } catch (const Error& error) {
    throw Error(error.what(), load_hint(error));
  }
}

UniqueFd attach_tracing_program(int program_fd) {
  UniqueFd link(bpf_raw_tracepoint_open(nullptr, program_fd));
  if (link.valid()) return link;
  const int error_number = errno;
  throw system_error("attaching to the program", error_number, attach_hint(error_number));
}

void require_tracing(int target_fd, TracePoint point) {
  ebpf::Assembler code;
  code.alu64(ebpf::Alu::mov, ebpf::Reg::r0, 0);
  code.exit();
  const UniqueFd program = load_tracing_program("xdpcap_probe", code.assemble(), target_fd, point);
  static_cast<void>(attach_tracing_program(program.get()));
}

}  // namespace xdpcap
