// SPDX-License-Identifier: BSD-3-Clause
#include "app/filter_listing.hpp"

#include "filter/codegen.hpp"
#include "filter/disassembler.hpp"

namespace xdpcap {
namespace {

using ebpf::Alu;
using ebpf::Assembler;
using ebpf::Label;
using ebpf::Reg;

// The filter alone, in a program that returns 1 for a match and 0 otherwise; it starts with what
// codegen.hpp promises to a filter: R7 and R8 are the packet's ends.
ebpf::Program filter_alone(const CbpfProgram& filter) {
  Assembler code;
  const Label match = code.label();
  const Label no_match = code.label();
  emit_filter(code, filter, {.match = match, .no_match = no_match});
  for (const auto& [label, result] : {std::pair{match, 1}, std::pair{no_match, 0}}) {
    if (!code.is_target(label)) continue;
    code.bind(label);
    code.note(result == 1 ? "match" : "no match");
    code.alu32(Alu::mov, Reg::r0, result);
    code.exit();
  }
  return code.assemble();
}

}  // namespace

std::string list_filter(const CbpfProgram& filter, FilterListing listing) {
  switch (listing) {
    case FilterListing::assembly:
      return to_string(filter, CbpfFormat::assembly);
    case FilterListing::c_code:
      return to_string(filter, CbpfFormat::c_code);
    case FilterListing::decimal:
      return to_string(filter, CbpfFormat::decimal);
    case FilterListing::ebpf:
      break;
  }
  return ebpf::to_string(filter_alone(filter));
}

}  // namespace xdpcap
