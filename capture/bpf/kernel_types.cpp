// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/kernel_types.hpp"

#include <bpf/btf.h>

#include <cerrno>
#include <string_view>

#include "base/error.hpp"

namespace xdpcap {
namespace {

struct Member {
  std::uint32_t offset;  // in bits
  std::uint32_t type;
};

const btf_type* find_type(const btf* types, const char* name, std::uint32_t kind) {
  const std::int32_t id = btf__find_by_name_kind(types, name, kind);
  return id < 0 ? nullptr : btf__type_by_id(types, id);
}

std::optional<Member> find_member(const btf* types, const btf_type* type, std::string_view name) {
  for (std::uint32_t i = 0; i < btf_vlen(type); ++i) {
    const btf_member& member = btf_members(type)[i];
    const std::uint32_t offset = btf_member_bit_offset(type, i);
    const std::string_view its_name = btf__name_by_offset(types, member.name_off);
    if (its_name == name) return Member{offset, member.type};
    const btf_type* inner = btf__type_by_id(types, member.type);
    if (!its_name.empty() || !btf_is_composite(inner)) continue;
    if (const auto found = find_member(types, inner, name)) {
      return Member{offset + found->offset, found->type};
    }
  }
  return std::nullopt;
}

std::optional<Member> find_member(const btf* types, const char* structure, const char* member) {
  const btf_type* type = find_type(types, structure, BTF_KIND_STRUCT);
  return type == nullptr ? std::nullopt : find_member(types, type, std::string_view(member));
}

const btf_type* without_typedefs(const btf* types, std::uint32_t id) {
  const btf_type* type = btf__type_by_id(types, id);
  while (btf_is_mod(type) || btf_is_typedef(type)) type = btf__type_by_id(types, type->type);
  return type;
}

}  // namespace

void KernelTypes::Free::operator()(btf* types) const {
  btf__free(types);
}

KernelTypes::KernelTypes() : types_(btf__load_vmlinux_btf()) {
  if (types_) return;
  throw system_error("reading the kernel's BTF", errno,
                     "tracing programs need a kernel with CONFIG_DEBUG_INFO_BTF; a hook does not");
}

std::optional<std::uint32_t> KernelTypes::size_of(const char* structure) const {
  const btf_type* type = find_type(types_.get(), structure, BTF_KIND_STRUCT);
  return type == nullptr ? std::nullopt : std::optional(type->size);
}

std::optional<std::uint32_t> KernelTypes::offset_of(const char* structure,
                                                    const char* member) const {
  const auto found = find_member(types_.get(), structure, member);
  return found ? std::optional(found->offset / 8) : std::nullopt;
}

std::optional<std::int32_t> KernelTypes::enumerator(const char* enumeration,
                                                    const char* name) const {
  const btf_type* type = find_type(types_.get(), enumeration, BTF_KIND_ENUM);
  for (std::uint32_t i = 0; type != nullptr && i < btf_vlen(type); ++i) {
    const struct btf_enum& value = btf_enum(type)[i];
    if (btf__name_by_offset(types_.get(), value.name_off) == std::string_view(name)) {
      return value.val;
    }
  }
  return std::nullopt;
}

std::optional<KernelTypes::Array> KernelTypes::array_in(const char* structure,
                                                        const char* member) const {
  const auto found = find_member(types_.get(), structure, member);
  if (!found) return std::nullopt;
  const btf_type* type = without_typedefs(types_.get(), found->type);
  if (!btf_is_array(type)) return std::nullopt;
  const btf_type* element = without_typedefs(types_.get(), btf_array(type)->type);
  if (!btf_is_struct(element)) return std::nullopt;
  return Array{btf__name_by_offset(types_.get(), element->name_off), btf_array(type)->nelems};
}

}  // namespace xdpcap
