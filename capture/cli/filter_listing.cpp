// SPDX-License-Identifier: BSD-3-Clause
#include "cli/filter_listing.hpp"

#include "filter/codegen.hpp"
#include "filter/expression.hpp"
#include "filter/file_link_type.hpp"
#include "read/capture_stream.hpp"

namespace xdpcap {

std::string list_filter(const Options& options, FilterListing listing) {
  const CbpfProgram filter =
      options.read ? compile_filter(options.filter_text,
                                    link_type_of_file(first_link_type(options.read->input)))
                   : options.filter;
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
  constexpr bool kFrags = false;
  return dump_filter(filter, options.filter_offsets, kFrags);
}

}  // namespace xdpcap
