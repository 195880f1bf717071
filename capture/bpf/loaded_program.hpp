// SPDX-License-Identifier: BSD-3-Clause
// XDP programs that other processes have loaded.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/unique_fd.hpp"
#include "bpf/program_info.hpp"

namespace xdpcap {

// LoadedProgram holds a reference to one of them, which keeps it loaded.
class LoadedProgram {
 public:
  // Finds it by its id, by the path where it is pinned (with a slash in it), or by its name, which
  // the kernel truncates to 15 characters. Throws Error if there is none, if it is of another type,
  // if several have that name, or if it is of type EXT: a part of another program, which cannot be
  // run by itself.
  static LoadedProgram find(const std::string& text);
  // The same, but takes programs of type EXT, too.
  static LoadedProgram find_any(const std::string& text);

  [[nodiscard]] ProgramInfo info() const;

  [[nodiscard]] int fd() const { return fd_.get(); }
  // "program 12 (xdp_pass)"
  [[nodiscard]] std::string text() const;

 private:
  LoadedProgram(UniqueFd fd, std::uint32_t id, std::string name)
      : fd_(std::move(fd)), id_(id), name_(std::move(name)) {}
  static LoadedProgram describe(UniqueFd fd);
  static LoadedProgram by_id(std::uint32_t id);
  static LoadedProgram by_path(const std::string& path);
  static LoadedProgram by_name(const std::string& name);
  void require_entry() const;

  UniqueFd fd_;
  std::uint32_t id_;
  std::string name_;
};

}  // namespace xdpcap
