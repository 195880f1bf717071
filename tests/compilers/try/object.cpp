// SPDX-License-Identifier: BSD-3-Clause
#include "compilers/try/object.hpp"

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "compilers/try/log.hpp"
#include "compilers/try/tracing.hpp"

namespace xdpcap {
namespace {

constexpr std::uint32_t kHasFrags = 1U << 5;  // BPF_F_XDP_HAS_FRAGS

bool kernel_has_frags() {
  const bpf_insn code[] = {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_PASS},
                           {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_flags = kHasFrags);
  const UniqueFd program(
      bpf_prog_load(BPF_PROG_TYPE_XDP, "probe", "GPL", code, std::size(code), &options));
  return program.valid();
}

std::string file_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// Puts values where the object's BTF says that the constants lie.
void set_constants(bpf_object& object, const Constants& constants) {
  if (constants.empty()) return;
  const btf* types = bpf_object__btf(&object);
  bpf_map* map = bpf_object__find_map_by_name(&object, ".rodata");
  std::size_t size = 0;
  const void* initial = map ? bpf_map__initial_value(map, &size) : nullptr;
  const int id = btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC);
  if (initial == nullptr || id < 0) throw Error("setting constants: the object has none");
  const btf_type* section = btf__type_by_id(types, static_cast<std::uint32_t>(id));
  const auto* first = static_cast<const char*>(initial);
  std::vector<char> data(first, first + size);
  std::size_t found = 0;
  for (std::uint32_t i = 0; i < btf_vlen(section); i++) {
    const btf_var_secinfo& place = btf_var_secinfos(section)[i];
    const char* name = btf__name_by_offset(types, btf__type_by_id(types, place.type)->name_off);
    const auto constant = constants.find(name);
    if (constant == constants.end()) continue;
    std::memcpy(data.data() + place.offset, &constant->second, place.size);  // little endian
    found++;
  }
  if (found != constants.size()) throw Error("setting constants: not all are there");
  if (bpf_map__set_initial_value(map, data.data(), size) != 0) {
    throw system_error("setting constants", errno);
  }
}

bool can_run(const bpf_program* program) {
  if (bpf_program__type(program) != BPF_PROG_TYPE_XDP) return false;
  // The kernel refuses to run what belongs into a DEVMAP or CPUMAP.
  const std::string_view section = bpf_program__section_name(program);
  return section.find("/devmap") == section.npos && section.find("/cpumap") == section.npos;
}

}  // namespace

Object::Object(const std::string& path, const Constants& constants)
    : path_(path), constants_(constants) {
  if (file_name(path).starts_with("old_style")) {
    load_legacy();
  } else {
    load_all();
    if (!object_) find_refused();
  }
}

int Object::map(const char* name) const {
  return object_ ? bpf_object__find_map_fd_by_name(object_.get(), name) : -1;
}

test::BpfObjectOwner Object::open() const {
  test::BpfObjectOwner object(bpf_object__open_file(path_.c_str(), nullptr));
  if (!object) throw system_error("opening " + file_name(path_), errno);
  set_constants(*object, constants_);
  return object;
}

// Leaves out what this kernel cannot have.
void Object::choose(bpf_object& object) {
  static const bool frags = kernel_has_frags();
  prepare_tracing(object);
  impossible_.clear();
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, &object) {
    const char* name = bpf_program__name(program);
    const std::string_view section = bpf_program__section_name(program);
    if (!bpf_program__autoload(program)) {
      impossible_.push_back({name,
                             "no tracepoint of these arguments here (they changed in Linux 5.13, "
                             "commit ee75aef23afe)"});
    } else if (section.starts_with("xdp.frags") && !frags) {
      impossible_.push_back({name, "fragments are from Linux 5.18 (commit c2f2cdbeffda)"});
      bpf_program__set_autoload(program, false);
    }
  }
}

void Object::load_legacy() {
  try {
    legacy_ = load_legacy_object(path_);
    loaded_.push_back({"old_style", legacy_.program.get(), true});
  } catch (const Error& error) {
    refused_.push_back({"old_style", error.what()});
  }
}

void Object::load_all() {
  test::BpfObjectOwner object = open();
  choose(*object);
  if (bpf_object__load(object.get()) != 0) return;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object.get()) {
    if (!bpf_program__autoload(program)) continue;
    loaded_.push_back({bpf_program__name(program), bpf_program__fd(program), can_run(program)});
  }
  object_ = std::move(object);
}

// Which program it is that keeps an object from being loaded: each is tried alone.
void Object::find_refused() {
  const test::BpfObjectOwner names = open();
  bpf_program* named = nullptr;
  bpf_object__for_each_program(named, names.get()) {
    test::BpfObjectOwner object = open();
    choose(*object);
    const char* name = bpf_program__name(named);
    if (!bpf_program__autoload(bpf_object__find_program_by_name(object.get(), name))) continue;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object.get()) {
      if (bpf_program__name(program) != std::string_view(name)) {
        bpf_program__set_autoload(program, false);
      }
    }
    clear_log();
    if (bpf_object__load(object.get()) != 0) refused_.push_back({name, reason_in_log()});
  }
  if (refused_.empty()) refused_.push_back({"*", "each program loads alone, not all together"});
}

}  // namespace xdpcap
