// SPDX-License-Identifier: BSD-3-Clause
#include "hook/legacy_object.hpp"

#include <bpf/bpf.h>
#include <elf.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace xdpcap {
namespace {

// What every version of struct bpf_map_def begins with.
struct MapDefinition {
  std::uint32_t type, key_size, value_size, max_entries;
};

class Elf {
 public:
  explicit Elf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    if (bytes_.size() < sizeof(Elf64_Ehdr)) throw Error("reading " + path + ": too short");
    std::memcpy(&header_, bytes_.data(), sizeof header_);
  }

  template <class Entry>
  [[nodiscard]] std::vector<Entry> section(std::string_view name) const {
    const Elf64_Shdr names = section_header(header_.e_shstrndx);
    for (std::size_t i = 0; i < header_.e_shnum; i++) {
      const Elf64_Shdr section = section_header(i);
      if (name != bytes_.data() + names.sh_offset + section.sh_name) continue;
      std::vector<Entry> entries(section.sh_size / sizeof(Entry));
      std::memcpy(entries.data(), bytes_.data() + section.sh_offset,
                  entries.size() * sizeof(Entry));
      return entries;
    }
    throw Error("looking for the section " + std::string(name) + ": there is none");
  }

 private:
  [[nodiscard]] Elf64_Shdr section_header(std::size_t index) const {
    Elf64_Shdr section;
    std::memcpy(&section, bytes_.data() + header_.e_shoff + index * sizeof section, sizeof section);
    return section;
  }

  std::vector<char> bytes_;
  Elf64_Ehdr header_{};
};

}  // namespace

LegacyObject load_legacy_object(const std::string& path) {
  const Elf elf(path);
  const MapDefinition map = elf.section<MapDefinition>("maps").at(0);
  LegacyObject object;
  object.hook.reset(bpf_map_create(static_cast<bpf_map_type>(map.type), "legacy_hook", map.key_size,
                                   map.value_size, map.max_entries, nullptr));
  if (!object.hook.valid()) throw system_error("creating the map", errno);

  // Each relocation of the program is a 64-bit load of the one map's address.
  auto code = elf.section<bpf_insn>("xdp");
  for (const Elf64_Rel& relocation : elf.section<Elf64_Rel>(".relxdp")) {
    bpf_insn& load = code.at(relocation.r_offset / sizeof(bpf_insn));
    load.src_reg = BPF_PSEUDO_MAP_FD;
    load.imm = object.hook.get();
  }
  object.program.reset(bpf_prog_load(BPF_PROG_TYPE_XDP, "legacy", "Dual BSD/GPL", code.data(),
                                     code.size(), nullptr));
  if (!object.program.valid()) throw system_error("loading the program", errno);
  return object;
}

}  // namespace xdpcap
