// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/program_loader.hpp"

#include <bpf/bpf.h>

#include <cerrno>
#include <cstddef>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "process/capabilities.hpp"

namespace xdpcap {
namespace {

// bpf_ktime_get_ns and bpf_probe_read_kernel are for GPL-compatible programs.
constexpr const char* kLicense = "Dual BSD/GPL";
constexpr std::size_t kNameLength = BPF_OBJ_NAME_LEN - 1;
constexpr std::uint32_t kHasFrags = 1U << 5;  // BPF_F_XDP_HAS_FRAGS, Linux 5.18

// The verifier's error is in the last lines of its log, before the statistics.
std::string verifier_error(std::string_view log) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(log, '\n')) {
    const bool statistics = line.starts_with("processed ") || line.starts_with("verification time");
    if (!trim(line).empty() && line.front() != '\0' && !statistics) {
      lines.emplace_back(trim(line));
    }
  }
  constexpr std::size_t kKept = 2;
  if (lines.size() > kKept) lines.erase(lines.begin(), lines.end() - kKept);
  return join(lines, "; ");
}

int try_load(bpf_prog_type type, const std::string& name, const ebpf::Program& program,
             bpf_prog_load_opts options, std::vector<char>& log) {
  if (!log.empty()) {
    options.log_buf = log.data();
    options.log_size = static_cast<std::uint32_t>(log.size());
    options.log_level = 1;
  }
  return bpf_prog_load(type, name.c_str(), kLicense, program.code.data(), program.code.size(),
                       &options);
}

}  // namespace

std::string Flavour::name() const {
  std::string name = frags ? "xdp.frags" : "xdp";
  if (attach_type == BPF_XDP_DEVMAP) name += "/devmap";
  if (attach_type == BPF_XDP_CPUMAP) name += "/cpumap";
  if (attach_type == 0) name += " (attach type 0)";
  return name;
}

UniqueFd load_xdp_program(const std::string& name, const ebpf::Program& program, Flavour flavour) {
  LIBBPF_OPTS(bpf_prog_load_opts, options);
  options.expected_attach_type = static_cast<bpf_attach_type>(flavour.attach_type);
  options.prog_flags = flavour.frags ? kHasFrags : 0;
  return load_program(BPF_PROG_TYPE_XDP, name, program, options, flavour.name());
}

UniqueFd load_program(bpf_prog_type type, const std::string& name, const ebpf::Program& program,
                      bpf_prog_load_opts options, const std::string& what) {
  const std::string short_name = name.substr(0, kNameLength);
  std::vector<char> log;
  UniqueFd fd(try_load(type, short_name, program, options, log));
  if (fd.valid()) return fd;

  const int error_number = errno;
  const std::string doing = "loading " + short_name + " as " + what;
  // EACCES may come from the verifier as well as from a missing permission; only the log shows
  // which.
  log.assign(std::size_t{1} << 20, '\0');
  fd.reset(try_load(type, short_name, program, options, log));
  const std::string words = verifier_error(log.data());
  if (!words.empty()) {
    // Without CAP_PERFMON the verifier is stricter, so a missing capability may be the cause.
    const bool able = missing_capabilities(effective_capabilities()).empty();
    throw Error(doing + ": the verifier refused it: " + words, able ? "" : permission_hint());
  }
  const bool forbidden = error_number == EPERM || error_number == EACCES;
  throw system_error(doing, error_number, forbidden ? permission_hint() : "");
}

UniqueFd create_map(bpf_map_type type, const std::string& name, std::uint32_t key_size,
                    std::uint32_t value_size, std::uint32_t max_entries, std::uint32_t flags,
                    int inner_map_fd) {
  LIBBPF_OPTS(bpf_map_create_opts, options);
  options.map_flags = flags;
  if (inner_map_fd >= 0) options.inner_map_fd = static_cast<std::uint32_t>(inner_map_fd);
  UniqueFd fd(bpf_map_create(type, name.substr(0, kNameLength).c_str(), key_size, value_size,
                             max_entries, &options));
  if (fd.valid()) return fd;
  const int error_number = errno;
  std::string hint;
  if (error_number == EPERM) hint = permission_hint();
  if (error_number == ENOMEM) hint = "use a smaller --buffer, or raise the memory limit";
  throw system_error("creating the BPF map " + name, error_number, hint);
}

}  // namespace xdpcap
