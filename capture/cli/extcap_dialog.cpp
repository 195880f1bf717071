// SPDX-License-Identifier: BSD-3-Clause
#include "cli/extcap_dialog.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "bpf/xdp_attachments.hpp"
#include "reason/program_reasons.hpp"
#include "source/find_sources.hpp"
#include "source/source_name.hpp"

namespace xdpcap {
namespace {

// What may be captured. Some options are for a part of it only.
enum Kind : std::uint8_t { kHook = 1, kProgram = 2, kPlain = 4 };  // kPlain: without XDP program
constexpr int kXdp = kHook | kProgram;
constexpr int kAny = kXdp | kPlain;

struct Choice {
  std::string_view value;
  std::string_view text;
  bool is_default = false;
};

struct Field {
  std::string_view call;
  int kinds;
  std::string_view tab;
  std::string_view sentence;  // the rest of it
  std::vector<Choice> choices = {};
};

constexpr std::string_view kPackets = "Packets";
constexpr std::string_view kContents = "Contents";
constexpr std::string_view kRecording = "Recording";
constexpr const char* kReason = "--reason";

#define RANGES "{validation=^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$}"

// Wireshark 4.0 lays a tab out badly if it has no field to type in: so there is one in each.
std::vector<Field> packet_fields() {
  return {
      {"--actions",
       kXdp,
       kPackets,
       "{display=Actions}{type=multicheck}"
       "{tooltip=Capture only packets with these actions. None ticked: all.}",
       {{"aborted", "aborted"},
        {"drop", "drop"},
        {"pass", "pass"},
        {"tx", "tx"},
        {"redirect", "redirect"}}},
      {kReason,
       kXdp,
       kPackets,
       "{display=Reason}{type=selector}{reload=true}{placeholder=Load reasons}"
       "{tooltip=Capture only packets for which the program gave this reason. The button loads the "
       "reasons that the program can give.}",
       {{"", "any or none", true}}},
      {"--only-failed", kAny, kPackets,
       "{display=Only failed packets}{type=boolflag}"
       "{tooltip=Capture only what the kernel dropped or the program aborted, and note why.}"},
      {"--queue", kAny, kPackets,
       "{display=Receive queues}{type=string}" RANGES
       "{tooltip=Capture only packets from these receive queues: 0-3,5. Empty: all.}"},
      {"--cpu", kAny, kPackets,
       "{display=CPUs}{type=string}" RANGES
       "{tooltip=Capture only packets that are processed on these CPUs: 2,4-7. Empty: all.}"},
      {"--offset", kAny, kPackets,
       "{display=Filter at offsets}{type=string}{validation=^[0-9]+(,[0-9]+)*$}"
       "{tooltip=For tunnels: bytes at which the IP header may begin that the filter is for. "
       "14,34 is IP in Ethernet, and IP in IPv4.}"},
  };
}

std::vector<Field> content_fields() {
  return {
      {"--snaplen", kAny, kContents,
       "{display=Snapshot length}{type=unsigned}{range=0,262144}{default=0}"
       "{tooltip=Bytes of each packet that are copied in the kernel. 0: all.}"},
      {"--ingress", kAny, kContents,
       "{display=Note the ingress interface}{type=boolflag}{tooltip=In a comment on each packet.}"},
      {"--fate", kAny, kContents,
       "{display=Note fates}{type=boolflag}"
       "{tooltip=In a comment on each packet: what the kernel did with a redirect or XDP_TX.}"},
      {"--stack", kAny, kContents,
       "{display=Follow passed packets}{type=boolflag}"
       "{tooltip=Through the network stack: note whether they were delivered, forwarded or "
       "dropped, and why.}"},
  };
}

std::vector<Field> recording_fields() {
  return {
      {"--sample", kAny, kRecording,
       "{display=Record one packet in}{type=unsigned}{range=1,1000000000}{default=1}"
       "{tooltip=Of the packets that match, chosen at random in the kernel. 1: all.}"},
      {"--rate", kAny, kRecording,
       "{display=Packets a second, at most}{type=string}{validation=^[1-9][0-9]*$}"
       "{tooltip=What is not recorded is counted. Empty: no limit.}"},
      {"--buffer", kAny, kRecording,
       "{display=Ring buffer of each CPU}{type=string}{validation=^[0-9]+([KMG](iB)?)?$}"
       "{tooltip=In bytes, or with a unit: 64K, 16M. Empty: a small part of the memory.}"},
  };
}

std::vector<Field> source_fields() {
  return {
      {"--follow", kXdp, kRecording,
       "{display=Follow reloads}{type=boolflag}"
       "{tooltip=Continue when another hook is pinned at the path, or another program is attached "
       "to the interface.}"},
      {"--replace", kHook, kRecording,
       "{display=Replace other captures}{type=boolflag}"
       "{tooltip=Take over slots that another capture uses, instead of sharing them.}"},
      {"--method",
       kProgram,
       kRecording,
       "{display=Capture}{type=selector}{tooltip=How to capture from the program.}",
       {{"", "by its hook, or else by tracing it", true},
        {"hook", "by its hook"},
        {"trace", "by tracing it"}}},
      {"--at",
       kProgram,
       kRecording,
       "{display=Capture packets}{type=selector}"
       "{tooltip=Only tracing can capture packets as they enter the program.}",
       {{"exit", "as they leave the program", true},
        {"entry", "as they enter it"},
        {"both", "as they enter and as they leave it"}}},
  };
}

#undef RANGES

std::string choice_text(std::size_t number, const Choice& choice) {
  return "value {arg=" + std::to_string(number) + "}{value=" + std::string(choice.value) +
         "}{display=" + std::string(choice.text) + "}" +
         (choice.is_default ? "{default=true}" : "") + "\n";
}

std::string field_text(std::size_t number, const Field& field) {
  std::string text = "arg {number=" + std::to_string(number) + "}{call=" + std::string(field.call) +
                     "}" + std::string(field.sentence) + "{group=" + std::string(field.tab) + "}\n";
  for (const Choice& choice : field.choices) text += choice_text(number, choice);
  return text;
}

std::vector<Field> all_fields() {
  std::vector<Field> all;
  for (const auto& fields :
       {packet_fields(), content_fields(), recording_fields(), source_fields()}) {
    all.insert(all.end(), fields.begin(), fields.end());
  }
  return all;
}

Kind kind_of(const std::string& source) {
  const SourceName name = parse_source(source);
  if (name.kind == SourceName::Kind::path || name.kind == SourceName::Kind::map) return kHook;
  if (name.kind == SourceName::Kind::program) return kProgram;
  try {
    const auto found = find_interface(name.name, name.network_namespace);
    return found.attachments.empty() ? kPlain : kProgram;
  } catch (const Error&) {
    return kProgram;  // gone or out of sight: the capture will say so
  }
}

// What is not a pinned hook does not become another one: a program has no place to look at.
bool makes_sense(const Field& field, Kind kind, const std::string& source) {
  const bool is_program = source.starts_with("prog:");
  return (field.kinds & kind) != 0 && !(is_program && field.call == "--follow");
}

}  // namespace

std::string without_braces(std::string text) {
  std::replace(text.begin(), text.end(), '{', '(');
  std::replace(text.begin(), text.end(), '}', ')');
  return text;
}

// The numbers are those of all fields, so that an option has the same one for each source.
std::string extcap_dialog(const std::string& source) {
  const Kind kind = kind_of(source);
  const std::vector<Field> all = all_fields();
  std::string text;
  for (std::size_t number = 0; number < all.size(); ++number) {
    if (makes_sense(all[number], kind, source)) text += field_text(number, all[number]);
  }
  return text;
}

// A text with braces cannot be a value; its place can. Several places may give the same text.
std::string values_of_reasons(const std::vector<ReasonEntry>& reasons) {
  const std::vector<Field> all = all_fields();
  const auto field =
      std::find_if(all.begin(), all.end(), [](const Field& one) { return one.call == kReason; });
  const auto number = static_cast<std::size_t>(field - all.begin());
  std::vector<std::pair<std::string, std::string>> choices = {{"", "any or none"}};
  for (const ReasonEntry& reason : reasons) {
    const bool has_braces = reason.text.find_first_of("{}") != std::string::npos;
    const std::string value = has_braces ? reason.place() : reason.text;
    const std::pair choice = {value, without_braces(reason.text)};
    if (std::find(choices.begin(), choices.end(), choice) == choices.end()) {
      choices.push_back(choice);
    }
  }
  std::string text;
  for (const auto& [value, shown] : choices) text += choice_text(number, {value, shown});
  return text;
}

std::string extcap_values(const std::string& source, const std::string& option) {
  if (("--" + option).find(kReason) == std::string::npos) return {};
  try {
    SourceOptions options;
    options.names = {source};
    std::vector<ReasonEntry> entries;
    for (const auto& one : find_sources(options, std::nullopt, -1).sources) {
      for (const ProgramReasons& found : find_reasons(one->programs())) {
        entries.insert(entries.end(), found.entries.begin(), found.entries.end());
      }
    }
    return values_of_reasons(entries);
  } catch (const Error&) {
    return values_of_reasons({});
  }
}

}  // namespace xdpcap
