// SPDX-License-Identifier: BSD-3-Clause
// The programs' results for packets, which must not depend on the compiler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "compilers/try/object.hpp"
#include "compilers/try/packets.hpp"

namespace xdpcap {

class Verdicts {
 public:
  // Programs are run on one packet in `every`.
  Verdicts(std::vector<Packet> packets, std::size_t every)
      : packets_(std::move(packets)), every_(every) {}

  // Fills the maps that decide what the examples do, from every second address of the packets.
  void fill_maps(const Object& object) const;

  // The ends of a tunnel as constants of `encap`, taken from the packets. Throws Error if none of
  // them is from a tunnel of that protocol.
  [[nodiscard]] Constants tunnel(std::uint8_t protocol) const;

  // Runs a program. Returns where it differs from the first program that was run
  // under that name, or nothing. Throws Error.
  std::string compare(const std::string& name, const std::string& clang, int program);

 private:
  struct Verdict {
    std::uint32_t action;
    std::vector<std::uint8_t> output;
    bool operator==(const Verdict&) const = default;
  };
  struct Reference {
    std::string clang;
    std::vector<Verdict> verdicts;
  };

  [[nodiscard]] std::vector<Verdict> run(int program) const;

  std::vector<Packet> packets_;
  std::size_t every_;
  std::map<std::string, Reference> references_;
};

}  // namespace xdpcap
