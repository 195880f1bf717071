// SPDX-License-Identifier: BSD-3-Clause
// Where a source found its hook, and where another may appear when the program is reloaded: at the
// path of its pin, or in the program that is attached to an interface.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "source/attachment_place.hpp"
#include "source/hook.hpp"

namespace xdpcap {

class HookPlace {
 public:
  HookPlace() = default;
  HookPlace(const HookPlace&) = delete;
  HookPlace& operator=(const HookPlace&) = delete;
  HookPlace(HookPlace&&) = delete;
  HookPlace& operator=(HookPlace&&) = delete;
  virtual ~HookPlace() = default;

  // The id of the map that is there now; 0 if there is none. Nothing if it cannot be found out.
  [[nodiscard]] virtual std::optional<std::uint32_t> map() const = 0;
  // Opens it. Throws Error.
  [[nodiscard]] virtual Hook open() const = 0;

  // Then packets come only while the hook is there; the pin of a hook may go.
  [[nodiscard]] virtual bool is_interface() const = 0;

  // What happened, in words for the user.
  [[nodiscard]] virtual std::string gone(bool follow) const = 0;  // the hook is no longer there
  [[nodiscard]] virtual std::string back() const = 0;             // it is there again
  [[nodiscard]] virtual std::string another() const = 0;          // there is another one
};

// The path of a pin.
std::unique_ptr<HookPlace> pin_place(std::string path);

// The program that is attached to an interface.
std::unique_ptr<HookPlace> interface_place(AttachmentPlace place);

}  // namespace xdpcap
