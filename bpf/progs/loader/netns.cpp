// SPDX-License-Identifier: BSD-3-Clause
#include "loader/netns.hpp"

#include <fcntl.h>
#include <sched.h>

#include <cerrno>
#include <cstdlib>

#include "base/error.hpp"

namespace xdpcap::loader {
namespace {

UniqueFd open_namespace(const std::string& path, const std::string& name) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.valid()) return fd;
  throw system_error("opening the network namespace " + name, errno, "ip netns list shows them");
}

}  // namespace

Netns::Netns(const std::string& name) : name_(name) {
  if (name.empty()) return;
  const bool is_path = name.find('/') != std::string::npos;
  fd_ = open_namespace(is_path ? name : "/run/netns/" + name, name);
}

Netns::Visit::Visit(const Netns& netns) {
  if (!netns.fd_.valid()) return;
  home_ = open_namespace("/proc/thread-self/ns/net", "of this thread");
  if (setns(netns.fd_.get(), CLONE_NEWNET) != 0) {
    throw system_error("entering the network namespace " + netns.name_, errno);
  }
}

Netns::Visit::~Visit() {
  // Continuing in the wrong namespace could attach to the wrong interface.
  if (home_.valid() && setns(home_.get(), CLONE_NEWNET) != 0) std::abort();
}

}  // namespace xdpcap::loader
