// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/loaded_program.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "kernel/capabilities.hpp"

namespace xdpcap {
namespace {

constexpr const char* kListHint = "bpftool prog show lists the programs";

std::string hint_for(int error_number) {
  return error_number == EPERM || error_number == EACCES ? permission_hint() : kListHint;
}

bpf_prog_info info_of(const UniqueFd& program) {
  bpf_prog_info info{};
  std::uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(program.get(), &info, &length) != 0) {
    throw system_error("asking about a program", errno);
  }
  return info;
}

// What is pinned may be a map, about which the kernel would answer in another struct.
bool is_program(const UniqueFd& fd) {
  std::error_code ignored;
  const std::string self = "/proc/self/fd/" + std::to_string(fd.get());
  return std::filesystem::read_symlink(self, ignored) == "anon_inode:bpf-prog";
}

}  // namespace

LoadedProgram LoadedProgram::find(const std::string& text) {
  return with_context("finding the program " + text, [&] {
    if (text.find('/') != std::string::npos) return by_path(text);
    if (const auto id = parse_number<std::uint32_t>(text)) return by_id(*id);
    return by_name(text);
  });
}

std::string LoadedProgram::text() const {
  return "program " + std::to_string(id_) + " (" + name_ + ")";
}

LoadedProgram LoadedProgram::describe(UniqueFd fd) {
  const bpf_prog_info info = info_of(fd);
  if (info.type != BPF_PROG_TYPE_XDP) {
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
  if (errno == ENOENT) throw Error("no program has this id", kListHint);
  throw Error(errno_text(errno), hint_for(errno));
}

LoadedProgram LoadedProgram::by_path(const std::string& path) {
  UniqueFd fd(bpf_obj_get(path.c_str()));
  if (!fd.valid()) throw Error(errno_text(errno), hint_for(errno));
  if (!is_program(fd)) throw Error("what is pinned there is no program", kListHint);
  return describe(std::move(fd));
}

LoadedProgram LoadedProgram::by_name(const std::string& name) {
  const std::string kept = name.substr(0, BPF_OBJ_NAME_LEN - 1);
  std::optional<LoadedProgram> found;
  std::vector<std::string> ids;
  std::uint32_t id = 0;
  while (bpf_prog_get_next_id(id, &id) == 0) {
    UniqueFd fd(bpf_prog_get_fd_by_id(id));
    if (!fd.valid()) continue;  // gone in between
    const bpf_prog_info info = info_of(fd);
    if (info.type != BPF_PROG_TYPE_XDP || info.name != kept) continue;
    ids.push_back(std::to_string(info.id));
    if (!found) found = describe(std::move(fd));
  }
  if (errno != ENOENT) throw Error(errno_text(errno), hint_for(errno));
  if (!found) throw Error("no loaded XDP program has this name", kListHint);
  if (ids.size() > 1) {
    throw Error("several loaded XDP programs have this name: ids " + join(ids, ", "),
                "say which by its id");
  }
  return std::move(*found);
}

}  // namespace xdpcap
