// SPDX-License-Identifier: BSD-3-Clause
#include "filter/expression.hpp"

#include <pcap/pcap.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/text.hpp"
#include "filter/file_link_type.hpp"
#include "filter/pcap_handle.hpp"

namespace xdpcap {
namespace {

// tcpdump's default, the `ret` of a matching packet. To a recorder only "not 0" matters, but -d
// should print the same programs as tcpdump.
constexpr int kSnaplen = 262144;

// tcpdump's netmask when it reads a savefile and has no interface to ask: `ip broadcast` then
// means 0.0.0.0 or 255.255.255.255. With PCAP_NETMASK_UNKNOWN it would be refused.
constexpr bpf_u_int32 kNetmask = 0;

// Before libpcap 1.8, pcap_compile() was not thread-safe: its state was static.
std::mutex pcap_compile_mutex;

struct FreeCode {
  void operator()(bpf_program* program) const { pcap_freecode(program); }
};

// `inbound` and `outbound` load metadata of an skb, which XDP packets do not have; in libpcap's
// interpreter such a filter would match nothing.
constexpr std::uint32_t kSocketMetadata = 0xFFFFF000;  // SKF_AD_OFF of linux/filter.h
void refuse_socket_metadata(const CbpfProgram& program) {
  const bool asks = std::any_of(program.begin(), program.end(), [](const CbpfInstruction& insn) {
    return BPF_CLASS(insn.code) == BPF_LD && BPF_MODE(insn.code) == BPF_ABS &&
           insn.k >= kSocketMetadata;
  });
  if (!asks) return;
  throw UsageError("inbound and outbound are unknown to XDP: every packet has just come in",
                   "remove the word from the filter");
}

CbpfProgram compile_expression(const std::string& expression, LinkType link_type) {
  const std::scoped_lock lock(pcap_compile_mutex);
  const PcapHandle pcap = link_type.is_of_file
                              ? open_empty_file(file_link_type(link_type))
                              : PcapHandle(pcap_open_dead(link_type.dlt, kSnaplen));
  if (!pcap) throw Error("compiling the filter: out of memory");

  constexpr int kOptimise = 1;
  bpf_program compiled{};
  if (pcap_compile(pcap.get(), &compiled, expression.c_str(), kOptimise, kNetmask) != 0) {
    throw UsageError(pcap_geterr(pcap.get()));
  }
  const std::unique_ptr<bpf_program, FreeCode> owner(&compiled);

  CbpfProgram program;
  program.reserve(compiled.bf_len);
  for (unsigned i = 0; i < compiled.bf_len; ++i) {
    const bpf_insn& insn = compiled.bf_insns[i];
    program.push_back({insn.code, insn.jt, insn.jf, insn.k});
  }
  refuse_socket_metadata(program);
  return program;
}

// Quotes the filter for a message: filters from files can be long, and contain anything.
std::string quoted(std::string_view filter) {
  constexpr std::size_t kMost = 200;
  std::string text = printable(std::string(filter.substr(0, kMost)));
  if (filter.size() > kMost) text += "...";
  return '"' + text + '"';
}

// "<length>,..." is never an expression: neither a lone number nor a comma is a primitive.
bool looks_raw(std::string_view text) {
  const std::size_t comma = text.find(',');
  return comma != std::string_view::npos &&
         parse_number<std::uint32_t>(trim(text.substr(0, comma))).has_value();
}

CbpfInstruction parse_instruction(std::string_view text, std::size_t position) {
  std::vector<std::string_view> fields;
  for (const std::string_view field : split(text, ' ')) {
    if (!field.empty()) fields.push_back(field);
  }
  if (fields.size() == 4) {
    const auto code = parse_number<std::uint16_t>(fields[0]);
    const auto jt = parse_number<std::uint8_t>(fields[1]);
    const auto jf = parse_number<std::uint8_t>(fields[2]);
    const auto k = parse_number<std::uint32_t>(fields[3]);
    if (code && jt && jf && k) return {*code, *jt, *jf, *k};
  }
  throw UsageError("instruction " + std::to_string(position) + " of the filter: " + quoted(text) +
                   " is not \"code jt jf k\"");
}

CbpfProgram parse_raw(std::string_view text) {
  std::vector<std::string_view> fields = split(text, ',');
  if (trim(fields.back()).empty()) fields.pop_back();  // tr '\n' ',' leaves a comma at the end
  const std::size_t count = fields.size() - 1;
  if (parse_number<std::uint32_t>(trim(fields.front())) != count) {
    throw UsageError("the filter declares " + std::string(trim(fields.front())) +
                     " instructions and has " + std::to_string(count));
  }
  CbpfProgram program;
  program.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    program.push_back(parse_instruction(trim(fields[i + 1]), i));
  }
  return program;
}

}  // namespace

LinkType parse_link_type(std::string_view text) {
  const std::string name(trim(text));
  if (const auto number = parse_number<int>(name); number && *number >= 0) return {*number};
  std::string bare = name;
  if (to_lower(bare).starts_with("dlt_")) bare.erase(0, 4);
  const int dlt = pcap_datalink_name_to_val(bare.c_str());
  if (dlt < 0) {
    throw UsageError(
        "unknown link type \"" + name + "\"",
        "names are libpcap's (EN10MB, RAW, LINUX_SLL, ...); a DLT number is accepted, too");
  }
  return {dlt};
}

std::string link_type_text(LinkType type) {
  const char* name = pcap_datalink_val_to_name(type.dlt);
  const char* description = pcap_datalink_val_to_description(type.dlt);
  if (name == nullptr || description == nullptr) return std::to_string(type.dlt);
  return std::string(name) + " (" + description + ")";
}

std::vector<std::string> link_type_names() {
  constexpr int kHighest =
      400;  // DLT_HIGH_MATCHING_MAX is below 300, and grows by one or two a year
  std::vector<std::string> names;
  for (int dlt = 0; dlt < kHighest; ++dlt) {
    if (const char* name = pcap_datalink_val_to_name(dlt)) names.emplace_back(name);
  }
  return names;
}

std::vector<std::uint32_t> parse_offsets(std::string_view text) {
  std::vector<std::uint32_t> offsets;
  for (const std::string_view field : split(text, ',')) {
    const auto offset = parse_number<std::uint16_t>(trim(field));
    if (!offset) {
      throw UsageError("offset \"" + std::string(trim(field)) +
                       "\" is not a number from 0 to 65535");
    }
    offsets.push_back(*offset);
  }
  return offsets;
}

CbpfProgram compile_filter(std::string_view text, LinkType link_type) {
  const std::string_view filter = trim(text);
  return with_context("filter " + quoted(filter), [&] {
    CbpfProgram program =
        looks_raw(filter) ? parse_raw(filter) : compile_expression(std::string(filter), link_type);
    validate(program);
    return program;
  });
}

}  // namespace xdpcap
