// SPDX-License-Identifier: BSD-3-Clause
#include "source/survey.hpp"

#include <algorithm>
#include <iterator>

#include "bpf/program_extensions.hpp"

namespace xdpcap {
namespace {

ProgramName dispatcher_of(const ProgramInfo& program, const Survey& survey) {
  const auto target = survey.targets.find(program.id);
  if (!program.is_extension() || target == survey.targets.end()) return {};
  const auto info = find_program(target->second);
  return {target->second, info ? info->name : ""};
}

}  // namespace

Survey make_survey() {
  Survey survey{loaded_programs(), extended_programs(), xdp_attachments()};
  std::erase_if(survey.programs, [](const ProgramInfo& program) {
    return !program.is_xdp() && !program.is_extension();
  });
  return survey;
}

PlacedProgram place(const ProgramInfo& program, const Survey& survey) {
  PlacedProgram placed{program.id, program.name, {}, dispatcher_of(program, survey)};
  const std::uint32_t attached = placed.dispatcher.id != 0 ? placed.dispatcher.id : placed.id;
  std::copy_if(survey.attachments.begin(), survey.attachments.end(),
               std::back_inserter(placed.attachments),
               [&](const XdpAttachment& one) { return one.program_id == attached; });
  return placed;
}

}  // namespace xdpcap
