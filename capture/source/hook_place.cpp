// SPDX-License-Identifier: BSD-3-Clause
#include "source/hook_place.hpp"

#include <bpf/bpf.h>

#include <cerrno>
#include <utility>

#include "bpf/map_info.hpp"
#include "bpf/program_info.hpp"
#include "source/certain_hooks.hpp"

namespace xdpcap {
namespace {

class PinPlace final : public HookPlace {
 public:
  explicit PinPlace(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] std::optional<std::uint32_t> map() const override {
    const UniqueFd fd(bpf_obj_get(path_.c_str()));
    if (!fd.valid()) return errno == ENOENT ? std::optional<std::uint32_t>(0) : std::nullopt;
    const auto info = is_map(fd.get()) ? map_info(fd.get()) : std::nullopt;
    return info ? std::optional(info->id) : std::nullopt;
  }
  [[nodiscard]] Hook open() const override { return Hook::open(path_); }

  [[nodiscard]] bool is_interface() const override { return false; }
  [[nodiscard]] std::string gone(bool follow) const override {
    return "the hook was unpinned from " + path_ + ": continuing with it" +
           (follow ? " until another is pinned there" : "");
  }
  [[nodiscard]] std::string back() const override {
    return "the hook is pinned at " + path_ + " again";
  }
  [[nodiscard]] std::string another() const override {
    return "another hook was pinned at " + path_;
  }

 private:
  std::string path_;
};

class InterfacePlace final : public HookPlace {
 public:
  explicit InterfacePlace(AttachmentPlace place) : place_(std::move(place)) {}

  // Of several hooks the first.
  [[nodiscard]] std::optional<std::uint32_t> map() const override {
    const auto id = place_.program();
    if (!id || *id == 0) return id;
    const auto program = find_program(*id);
    if (!program) return std::nullopt;
    const auto hooks = certain_hooks(*program);
    return hooks.empty() ? 0 : hooks.front();
  }
  [[nodiscard]] Hook open() const override { return Hook::open_by_id(map().value_or(0)); }

  [[nodiscard]] bool is_interface() const override { return true; }
  [[nodiscard]] std::string gone(bool follow) const override {
    return "no program with a hook is attached to " + place_.text +
           " any more: continuing with the previous hook" +
           (follow ? " until one is attached" : "");
  }
  [[nodiscard]] std::string back() const override {
    return "a program with the hook is attached to " + place_.text + " again";
  }
  [[nodiscard]] std::string another() const override {
    return "a program with another hook was attached to " + place_.text;
  }

 private:
  AttachmentPlace place_;
};

}  // namespace

std::unique_ptr<HookPlace> pin_place(std::string path) {
  return std::make_unique<PinPlace>(std::move(path));
}

std::unique_ptr<HookPlace> interface_place(AttachmentPlace place) {
  return std::make_unique<InterfacePlace>(std::move(place));
}

}  // namespace xdpcap
