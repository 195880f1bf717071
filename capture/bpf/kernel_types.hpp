// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

struct btf;

namespace xdpcap {

// KernelTypes are the running kernel's types, from its BTF (/sys/kernel/btf/vmlinux). What a kernel
// does not have is nothing.
class KernelTypes {
 public:
  // Throws Error if the kernel has no BTF.
  KernelTypes();

  // In bytes.
  [[nodiscard]] std::optional<std::uint32_t> size_of(const char* structure) const;
  // In bytes. Members of anonymous structs count as those of the struct that they are in.
  [[nodiscard]] std::optional<std::uint32_t> offset_of(const char* structure,
                                                       const char* member) const;
  [[nodiscard]] std::optional<std::int32_t> enumerator(const char* enumeration,
                                                       const char* name) const;

  // A member that is an array of structs.
  struct Array {
    std::string element;  // the name of the struct, without typedefs
    std::uint32_t count;
  };
  [[nodiscard]] std::optional<Array> array_in(const char* structure, const char* member) const;

 private:
  struct Free {
    void operator()(btf* types) const;
  };
  std::unique_ptr<btf, Free> types_;
};

}  // namespace xdpcap
