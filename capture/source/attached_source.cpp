// SPDX-License-Identifier: BSD-3-Clause
#include "source/attached_source.hpp"

#include <bpf/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "bpf/features.hpp"
#include "bpf/links.hpp"
#include "bpf/program_info.hpp"
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
  recorder_id_ = program_info(recorder_.get()).id;
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
  if (report.kind == kState && !report.text.empty()) state_ = static_cast<State>(report.text[0]);
  return {};
}

void AttachedSource::look(SourceReports& reports) {
  reports.flush();
  const State now = state();
  if (std::exchange(state_, now) == now) return;
  reports.news(news_of(now));
  reports.post(kState, std::string(1, static_cast<char>(now)));
  reports.flush();
}

AttachedSource::State AttachedSource::state() const {
  const auto link = index_of_link();
  const std::string name = name_now();
  const bool is_there = name == interface_.name;
  if (!link) return is_there ? State::attached : State::missing;
  if (*link != 0) return is_there ? State::attached : State::renamed;
  return name.empty() ? State::removed : State::detached;
}

// The interface that the link attaches the recorder to; 0 if it was detached. Nothing if that
// cannot be seen (CAP_SYS_ADMIN). The guardian does not have the link: the kernel would not detach
// the recorder when the capture ends.
std::optional<std::uint32_t> AttachedSource::index_of_link() const {
  for (const bpf_link_info& link : bpf_links()) {
    if (link.type == BPF_LINK_TYPE_XDP && link.prog_id == recorder_id_) return link.xdp.ifindex;
  }
  return std::nullopt;
}

// The name of the interface; empty if it is not in its network namespace any more.
std::string AttachedSource::name_now() const {
  std::array<char, IF_NAMESIZE> name{};
  const auto look = [&] { ::if_indextoname(interface_.index, name.data()); };
  try {
    interface_.network_namespace.empty()
        ? look()
        : visit_named_namespace(interface_.network_namespace, look);
  } catch (const Error&) {
    return {};
  }
  return name.data();
}

std::string AttachedSource::news_of(State state) const {
  const std::string& name = title_.name;
  switch (state) {
    case State::attached:
      return "the interface " + name + " is there again, and captured";
    case State::renamed:
      return "the interface " + name +
             " was renamed, or moved to another network namespace; it is still captured";
    case State::detached:
      return "another process detached the recorder from " + name +
             ": no packets from now on; to capture again, start again";
    case State::removed:
      return "the interface " + name +
             " was removed: no packets from now on; to capture another of this name, start again";
    case State::missing:
      break;
  }
  return "there is no interface " + name +
         " any more: renamed, it is still captured; removed, it is not";
}

}  // namespace xdpcap
