// SPDX-License-Identifier: BSD-3-Clause
#include "source/attached_source.hpp"

#include <bpf/bpf.h>
#include <linux/if_link.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "bpf/features.hpp"
#include "process/capabilities.hpp"
#include "process/network_namespace.hpp"

namespace xdpcap {
namespace {

constexpr XdpAction kPass{XDP_PASS};

// Returns an invalid descriptor on failure, see errno.
UniqueFd attach(int program_fd, const AttachedSource::Interface& interface, std::uint32_t mode) {
  LIBBPF_OPTS(bpf_link_create_opts, options);
  options.flags = mode;
  UniqueFd link;
  int error_number = 0;
  const auto create = [&] {
    link.reset(bpf_link_create(program_fd, static_cast<int>(interface.index), BPF_XDP, &options));
    error_number = errno;
  };
  if (interface.network_namespace.empty()) {
    create();
  } else {
    visit_named_namespace(interface.network_namespace, create);
  }
  errno = error_number;
  return link;
}

[[noreturn]] void throw_attach_error(const std::string& name, int error_number) {
  const std::string doing = "attaching a recorder to " + name;
  if (error_number == EBUSY || error_number == EEXIST) {
    throw Error(doing + ": an XDP program has just been attached to it", "try again");
  }
  const bool forbidden = error_number == EPERM || error_number == EACCES;
  throw system_error(doing, error_number, forbidden ? permission_hint() : "");
}

}  // namespace

AttachedSource::AttachedSource(SourceTitle title, Interface interface)
    : title_(std::move(title)), interface_(std::move(interface)), actions_{kPass} {}

// A driver may demand programs that take fragments (for a large MTU), and none demands the
// opposite.
void AttachedSource::load(RecorderFactory recorders) {
  const Flavour flavour{.attach_type = BPF_XDP, .frags = has_xdp_load_bytes()};
  recorder_ = load_xdp_program("xdpcap_attached", recorders.make(kPass, flavour, -1), flavour);
  recorders.note_flavour(flavour);
}

std::vector<std::string> AttachedSource::install() {
  link_ = attach(recorder_.get(), interface_, XDP_FLAGS_DRV_MODE);
  if (link_.valid()) return {};
  const int error_number = errno;
  if (error_number != EBUSY && error_number != EEXIST) {
    link_ = attach(recorder_.get(), interface_, XDP_FLAGS_SKB_MODE);
  }
  if (!link_.valid()) throw_attach_error(title_.name, errno);
  return {title_.name + ": its driver does not run the recorder (" + errno_text(error_number) +
          "), so it is attached in generic mode, which is slower"};
}

Source::Reaction AttachedSource::receive(Message report) {
  if (report.kind == kExists) exists_ = report.text == "1";
  return {};
}

void AttachedSource::look(SourceReports& reports) {
  reports.flush();
  bool exists = true;
  try {
    exists =
        find_interface(interface_.name, interface_.network_namespace).index == interface_.index;
  } catch (const Error&) {
    exists = false;
  }
  if (std::exchange(exists_, exists) == exists) return;
  reports.news(exists ? "the interface " + title_.name +
                            " is there again; if it is another one, start the capture again"
                      : "there is no interface " + title_.name +
                            " any more: renamed, it is still captured; removed, it is not");
  reports.post(kExists, exists ? "1" : "0");
  reports.flush();
}

}  // namespace xdpcap
