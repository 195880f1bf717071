// SPDX-License-Identifier: BSD-3-Clause
#include "cli/filter_listing.hpp"

#include "filter/codegen.hpp"

namespace xdpcap {

std::string list_filter(const Options& options, FilterListing listing) {
  switch (listing) {
    case FilterListing::assembly:
      return to_string(options.filter, CbpfFormat::assembly);
    case FilterListing::c_code:
      return to_string(options.filter, CbpfFormat::c_code);
    case FilterListing::decimal:
      return to_string(options.filter, CbpfFormat::decimal);
    case FilterListing::ebpf:
      break;
  }
  constexpr bool kFrags = false;
  return dump_filter(options.filter, options.filter_offsets, kFrags);
}

}  // namespace xdpcap
