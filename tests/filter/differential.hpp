// SPDX-License-Identifier: BSD-3-Clause
// Compares one filter, in all its forms, with libpcap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "filter/cbpf.hpp"
#include "filter/copy_map.hpp"
#include "filter/kernel_program.hpp"
#include "filter/oracle.hpp"

namespace xdpcap::test {

// Whether the filters run in the kernel beside the interpreter.
enum class Where { interpreter, kernel };

// Tally counts verdicts, to show that both occurred.
struct Tally {
  std::size_t matches = 0;
  std::size_t others = 0;
};

// CompiledFilter is one filter, compiled for linear packets, for packets in fragments, and for
// programs without packet pointers.
class CompiledFilter {
 public:
  // With `offsets`, as emit_filter_at() says. Throws Error when the filter does not compile, or the
  // verifier refuses it.
  CompiledFilter(CbpfProgram filter, Where where, std::vector<std::uint32_t> offsets = {});

  // Empty when every form says what libpcap says about `packet`; otherwise what differs. The frags
  // form sees the packet with several lengths of the linear part.
  [[nodiscard]] std::string mismatch(std::span<const std::uint8_t> packet, Tally& tally) const;

  // The larger of the two programs', 0 where the kernel does not say.
  [[nodiscard]] std::uint32_t verified_instructions() const;

 private:
  // A program that has no packet pointers, in both places.
  struct Probing {
    std::uint32_t prefix;
    ebpf::Program program;
    std::optional<KernelProgram> kernel = {};
  };

  void add_probing(std::uint32_t prefix, Where where);
  [[nodiscard]] bool expected_for(std::span<const std::uint8_t> packet, std::string& wrong) const;
  [[nodiscard]] std::string check(const char* form, std::uint32_t result, bool expected,
                                  std::span<const std::uint8_t> packet) const;

  CbpfProgram filter_;
  std::vector<std::uint32_t> offsets_;
  ebpf::Program linear_;
  ebpf::Program frags_;
  std::optional<KernelProgram> kernel_linear_;
  std::optional<KernelProgram> kernel_frags_;
  std::vector<Probing> probing_;
};

}  // namespace xdpcap::test
