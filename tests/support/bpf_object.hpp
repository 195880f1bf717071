// SPDX-License-Identifier: BSD-3-Clause
// Programs and maps that libbpf loads: from object files, and as skeletons.
#pragma once

#include <bpf/libbpf.h>

#include <cerrno>
#include <memory>
#include <string>

#include "base/error.hpp"

namespace xdpcap::test {

struct CloseBpfObject {
  void operator()(bpf_object* object) const { bpf_object__close(object); }
};
using BpfObjectOwner = std::unique_ptr<bpf_object, CloseBpfObject>;

// BpfObject is what is in an object file.
class BpfObject {
 public:
  // Opens it. Throws Error.
  explicit BpfObject(const std::string& path);

  // Throws Error.
  void load();

  // Those of this name; throw Error when there is none.
  [[nodiscard]] bpf_program* find_program(const char* name) const;
  [[nodiscard]] bpf_map* find_map(const char* name) const;
  // Their descriptors, once loaded.
  [[nodiscard]] int program(const char* name) const { return bpf_program__fd(find_program(name)); }
  [[nodiscard]] int map(const char* name) const { return bpf_map__fd(find_map(name)); }

 private:
  std::string path_;
  BpfObjectOwner object_;
};

inline BpfObject load_bpf_object(const std::string& path) {
  BpfObject object(path);
  object.load();
  return object;
}

template <class Skeleton>
struct DestroySkeleton {
  void operator()(Skeleton* skeleton) const { Skeleton::destroy(skeleton); }
};
template <class Skeleton>
using SkeletonOwner = std::unique_ptr<Skeleton, DestroySkeleton<Skeleton>>;

// LoadedSkeleton is the programs of a skeleton, loaded.
template <class Skeleton>
class LoadedSkeleton {
 public:
  // `configure` is called with it before it is loaded.
  template <class Configure>
  explicit LoadedSkeleton(const Configure& configure) : skeleton_(Skeleton::open()) {
    if (!skeleton_) throw system_error("opening a program", errno);
    configure(*skeleton_);
    if (Skeleton::load(skeleton_.get()) != 0) throw system_error("loading a program", errno);
  }
  LoadedSkeleton() : LoadedSkeleton([](Skeleton&) {}) {}

  Skeleton* operator->() const { return skeleton_.get(); }

 private:
  SkeletonOwner<Skeleton> skeleton_;
};

}  // namespace xdpcap::test
