// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/loaded_program.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/magic.h>
#include <sys/statfs.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "bpf/map_info.hpp"
#include "bpf/program_extensions.hpp"
#include "bpf/program_info.hpp"
#include "process/capabilities.hpp"

namespace xdpcap {
namespace {

constexpr const char* kListHint = "bpftool prog show lists the programs";

std::string hint_for(int error_number) {
  return error_number == EPERM ? kLookHint : kListHint;
}

bool is_pinned(const std::string& path) {
  struct statfs info {};
  return ::statfs(path.c_str(), &info) == 0 && std::cmp_equal(info.f_type, BPF_FS_MAGIC);
}

}  // namespace

LoadedProgram LoadedProgram::find(const std::string& text) {
  LoadedProgram program = find_any(text);
  with_context("finding the program " + text, [&] { program.require_entry(); });
  return program;
}

LoadedProgram LoadedProgram::find_any(const std::string& text) {
  return with_context("finding the program " + text, [&] {
    if (text.find('/') != std::string::npos) return by_path(text);
    if (const auto id = parse_number<std::uint32_t>(text)) return by_id(*id);
    return by_name(text);
  });
}

ProgramInfo LoadedProgram::info() const {
  return program_info(fd());
}

void LoadedProgram::require_entry() const {
  if (!info().is_extension()) return;
  const auto targets = extended_programs();
  const auto target = targets.find(id_);
  throw Error(
      "it is part of another program (of type ext), which alone can be run",
      target == targets.end() ? kListHint : "name that one: " + std::to_string(target->second));
}

std::string LoadedProgram::text() const {
  return "program " + std::to_string(id_) + " (" + name_ + ")";
}

LoadedProgram LoadedProgram::describe(UniqueFd fd) {
  const ProgramInfo info = program_info(fd.get());
  if (!info.is_xdp() && !info.is_extension()) {
    const char* type = libbpf_bpf_prog_type_str(static_cast<bpf_prog_type>(info.type));
    throw Error("it is of type " + (type != nullptr ? std::string(type) : "unknown") +
                    ", not an XDP program",
                kListHint);
  }
  return {std::move(fd), info.id, info.name};
}

LoadedProgram LoadedProgram::by_id(std::uint32_t id) {
  UniqueFd fd(bpf_prog_get_fd_by_id(id));
  if (fd.valid()) return describe(std::move(fd));
  if (errno == ENOENT) throw NotFound("no program has this id", kListHint);
  throw Error(errno_text(errno), hint_for(errno));
}

LoadedProgram LoadedProgram::by_path(const std::string& path) {
  UniqueFd fd(bpf_obj_get(path.c_str()));
  if (!fd.valid()) {
    const int error_number = errno;
    std::error_code ignored;
    if (std::filesystem::is_regular_file(path, ignored) && !is_pinned(path)) {
      throw Error("it is a file, not a pinned program",
                  "load and pin it: bpftool prog loadall FILE /sys/fs/bpf/NAME");
    }
    const bool forbidden = error_number == EPERM || error_number == EACCES;
    throw Error(errno_text(error_number), forbidden ? permission_hint() : kListHint);
  }
  if (!is_program(fd.get())) throw Error("what is pinned there is no program", kListHint);
  return describe(std::move(fd));
}

LoadedProgram LoadedProgram::by_name(const std::string& name) {
  const std::string kept = name.substr(0, BPF_OBJ_NAME_LEN - 1);
  std::vector<std::string> ids;
  for (const ProgramInfo& program : loaded_programs()) {
    const bool fits = program.is_xdp() || program.is_extension();
    if (fits && program.name == kept) ids.push_back(std::to_string(program.id));
  }
  if (ids.empty()) throw NotFound("no loaded XDP program has this name", kListHint);
  if (ids.size() > 1) {
    throw Error("several loaded XDP programs have this name: ids " + join(ids, ", "),
                "say which by its id");
  }
  return by_id(*parse_number<std::uint32_t>(ids.front()));
}

}  // namespace xdpcap
