// SPDX-License-Identifier: BSD-3-Clause
// A set of tracing programs and their maps, from its object file to its links.
#pragma once

#include <bpf/libbpf.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace xdpcap {

class TracingObject {
 public:
  TracingObject() = default;  // without programs
  // `name`: at most 15 characters. `what`: the programs, for messages. Throws Error.
  TracingObject(std::span<const std::byte> file, const char* name, std::string what);

  [[nodiscard]] bpf_object& programs() const { return *object_; }
  // Throws Error if there is no such map.
  [[nodiscard]] bpf_map* map(const char* name) const;
  [[nodiscard]] int fd(const char* map_name) const { return bpf_map__fd(map(map_name)); }

  // Before load(): the only variable in .rodata. Throws Error.
  template <typename Limits>
  void set_limits(const Limits& limits) {
    *static_cast<Limits*>(limits_of_size(sizeof(Limits))) = limits;
  }
  // Before load(): has the programs use this map in place of their own. Throws Error.
  void share(const char* map_name, int fd);
  // Throw Error.
  void load();
  void attach();

  // The only variable in .bss, a counter.
  [[nodiscard]] std::uint64_t counter() const;

 private:
  struct CloseObject {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };
  struct DestroyLink {
    void operator()(bpf_link* link) const { bpf_link__destroy(link); }
  };

  [[nodiscard]] void* limits_of_size(std::size_t size) const;

  std::string what_;
  std::unique_ptr<bpf_object, CloseObject> object_;
  std::vector<std::unique_ptr<bpf_link, DestroyLink>> links_;
};

}  // namespace xdpcap
