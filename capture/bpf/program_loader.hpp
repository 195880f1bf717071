// SPDX-License-Identifier: BSD-3-Clause
// Loads programs and creates maps, with errors that explain the kernel's.
#pragma once

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <array>
#include <cstdint>
#include <string>

#include "base/unique_fd.hpp"
#include "ebpf/assembler.hpp"

namespace xdpcap {

// Flavour is what all programs of a PROG_ARRAY must have in common: the attach type they were
// loaded for (Linux commit 4540aed51b12) and whether they support fragments (f45d5b6ce2e8).
struct Flavour {
  std::uint32_t attach_type = 0;
  bool frags = false;

  // libbpf's section name: "xdp", "xdp.frags", "xdp/devmap", ...; or "xdp (attach type 0)".
  [[nodiscard]] std::string name() const;
  friend bool operator==(const Flavour&, const Flavour&) = default;
};

// All eight, the most common first: libbpf, bpftool and iproute2 load XDP programs as BPF_XDP.
inline constexpr std::array<Flavour, 8> kFlavours = {{{BPF_XDP, false},
                                                      {0, false},
                                                      {BPF_XDP, true},
                                                      {0, true},
                                                      {BPF_XDP_DEVMAP, false},
                                                      {BPF_XDP_CPUMAP, false},
                                                      {BPF_XDP_DEVMAP, true},
                                                      {BPF_XDP_CPUMAP, true}}};

// Loads an XDP program. `name` is truncated to the kernel's 15 characters. Throws Error with the
// verifier's message, and with a hint if a capability is missing.
UniqueFd load_xdp_program(const std::string& name, const ebpf::Program& program, Flavour flavour);

// The same for any type of program. `what` completes "loading <name> as ...".
UniqueFd load_program(bpf_prog_type type, const std::string& name, const ebpf::Program& program,
                      bpf_prog_load_opts options, const std::string& what);

// Creates a map. Throws Error.
UniqueFd create_map(bpf_map_type type, const std::string& name, std::uint32_t key_size,
                    std::uint32_t value_size, std::uint32_t max_entries, std::uint32_t flags = 0,
                    int inner_map_fd = -1);

}  // namespace xdpcap
