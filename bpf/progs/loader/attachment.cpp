// SPDX-License-Identifier: BSD-3-Clause
#include "loader/attachment.hpp"

#include <bpf/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>

#include <cerrno>
#include <utility>

#include "base/error.hpp"

namespace xdpcap::loader {
namespace {

std::string hint_for(int cause, const std::string& interface) {
  switch (cause) {
    case EBUSY:
    case EEXIST:
      return "another XDP program is there; end its loader, or, if that is gone, ip link set dev " +
             interface + " xdp off";
    case EOPNOTSUPP:
      return "the driver has no native XDP; --mode generic works with any";
    case ERANGE:
    case EINVAL:
      return "the MTU (for a veth, that of its peer) may be too large for native XDP without "
             "frags; "
             "lower it, or use --mode generic";
    case ENOSPC:
      return "native XDP needs more queues here: a veth as many to receive (ethtool -L " +
             interface +
             " rx N) as its peer has to send, other drivers one for each CPU; or use --mode "
             "generic";
    case EPERM:
      return "run it as root";
    default:
      return "";
  }
}

UniqueFd create_link(int program_fd, int ifindex, Mode mode) {
  bpf_link_create_opts options{};
  options.sz = sizeof options;
  options.flags = mode == Mode::Native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
  return UniqueFd(bpf_link_create(program_fd, ifindex, BPF_XDP, &options));
}

// Whether native mode failed for a reason that generic mode does not share.
bool generic_may_work(int cause) {
  return cause == EOPNOTSUPP || cause == EINVAL || cause == ERANGE || cause == ENOSPC;
}

}  // namespace

Attachment attach_xdp(int program_fd, const std::string& interface, Mode mode, const Netns& netns) {
  return netns.run([&]() -> Attachment {
    const std::string doing = "attaching to " + interface + netns.in();
    const auto ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
    if (ifindex == 0) throw system_error(doing, errno, "ip link show lists the interfaces");

    const Mode first = mode == Mode::Generic ? Mode::Generic : Mode::Native;
    UniqueFd link = create_link(program_fd, ifindex, first);
    if (link.valid()) return {std::move(link), interface, first};
    if (mode == Mode::Automatic && generic_may_work(errno)) {
      link = create_link(program_fd, ifindex, Mode::Generic);
      if (link.valid()) return {std::move(link), interface, Mode::Generic};
    }
    const int cause = errno;
    throw system_error(doing, cause, hint_for(cause, interface));
  });
}

const char* mode_name(Mode mode) {
  return mode == Mode::Generic ? "generic" : "native";
}

}  // namespace xdpcap::loader
