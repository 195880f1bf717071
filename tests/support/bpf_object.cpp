// SPDX-License-Identifier: BSD-3-Clause
#include "support/bpf_object.hpp"

namespace xdpcap::test {

BpfObject::BpfObject(const std::string& path)
    : path_(path), object_(bpf_object__open_file(path.c_str(), nullptr)) {
  if (!object_) throw system_error("opening " + path, errno);
}

void BpfObject::load() {
  const int error = bpf_object__load(object_.get());
  if (error != 0) throw system_error("loading " + path_, -error);
}

bpf_program* BpfObject::find_program(const char* name) const {
  bpf_program* program = bpf_object__find_program_by_name(object_.get(), name);
  if (program == nullptr) throw Error("looking into " + path_ + ": no program " + name);
  return program;
}

bpf_map* BpfObject::find_map(const char* name) const {
  bpf_map* map = bpf_object__find_map_by_name(object_.get(), name);
  if (map == nullptr) throw Error("looking into " + path_ + ": no map " + name);
  return map;
}

}  // namespace xdpcap::test
