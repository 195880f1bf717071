// SPDX-License-Identifier: BSD-3-Clause
#include "fate/tracing_object.hpp"

#include <bpf/bpf.h>

#include <cerrno>
#include <utility>

#include "base/error.hpp"
#include "fate/libbpf_log.hpp"
#include "process/capabilities.hpp"

namespace xdpcap {

TracingObject::TracingObject(std::span<const std::byte> file, const char* name, std::string what)
    : what_(std::move(what)) {
  LIBBPF_OPTS(bpf_object_open_opts, options);
  options.object_name = name;
  object_.reset(bpf_object__open_mem(file.data(), file.size(), &options));
  if (!object_) throw system_error("opening " + what_, errno);
}

bpf_map* TracingObject::map(const char* name) const {
  bpf_map* found = bpf_object__find_map_by_name(object_.get(), name);
  if (found == nullptr) throw Error(what_ + " have no map " + name);
  return found;
}

void* TracingObject::limits_of_size(std::size_t size) const {
  std::size_t actual_size = 0;
  // libbpf returns the map's initial value as const, but it may be changed before loading.
  void* limits = const_cast<void*>(bpf_map__initial_value(map(".rodata"), &actual_size));
  if (limits == nullptr || actual_size < size) throw Error(what_ + " have no limits");
  return limits;
}

void TracingObject::share(const char* map_name, int fd) {
  const int result = bpf_map__reuse_fd(map(map_name), fd);
  if (result != 0)
    throw system_error(std::string("sharing ") + map_name + " with " + what_, -result);
}

void TracingObject::load() {
  const LibbpfLog words;
  const int result = bpf_object__load(object_.get());
  if (result == 0) return;
  throw system_error("loading " + what_ + " (" + LibbpfLog::error() + ")", -result,
                     permission_hint());
}

void TracingObject::attach() {
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object_.get()) {
    if (!bpf_program__autoload(program)) continue;
    links_.emplace_back(bpf_program__attach(program));
    if (!links_.back()) {
      throw system_error("attaching to " + std::string(bpf_program__section_name(program)), errno);
    }
  }
}

std::uint64_t TracingObject::counter() const {
  const std::uint32_t zero = 0;
  std::uint64_t count = 0;
  bpf_map_lookup_elem(fd(".bss"), &zero, &count);
  return count;
}

}  // namespace xdpcap
