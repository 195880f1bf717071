// SPDX-License-Identifier: BSD-3-Clause
#include "support/network.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <exception>
#include <thread>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "support/process.hpp"

namespace xdpcap::test {

Namespace::Namespace() {
  static std::atomic<int> counter = 0;
  name_ = "xct" + std::to_string(::getpid()) + "n" + std::to_string(counter++);
  must_run({"ip", "netns", "add", name_});
  run({"ip", "link", "set", "lo", "up"});
}

Namespace::~Namespace() {
  test::run({"ip", "netns", "del", name_});
}

// nsenter rather than "ip netns exec", which mounts a new /sys and so hides the bpffs.
std::vector<std::string> Namespace::inside(const std::vector<std::string>& command) const {
  std::vector<std::string> whole = {"nsenter", "--net=/run/netns/" + name_};
  whole.insert(whole.end(), command.begin(), command.end());
  return whole;
}

void Namespace::run(const std::vector<std::string>& command) const {
  must_run(inside(command));
}

void Namespace::enter() const {
  const UniqueFd fd(::open(("/run/netns/" + name_).c_str(), O_RDONLY | O_CLOEXEC));
  if (::setns(fd.get(), CLONE_NEWNET) != 0) throw system_error("entering " + name_, errno);
}

void Namespace::call(const std::function<void()>& action) const {
  std::exception_ptr error;
  std::thread([&] {
    try {
      enter();
      action();
    } catch (...) {
      error = std::current_exception();
    }
  }).join();
  if (error) std::rethrow_exception(error);
}

int Namespace::interface_index(const std::string& interface) const {
  // "7: veth0@if6: <...": begins with the index.
  const std::string line = must_run(inside({"ip", "-o", "link", "show", "dev", interface}));
  return parse_number<int>(split(line, ':').front()).value();
}

void join(const Namespace& a, const std::string& a_interface, const std::string& a_address,
          const Namespace& b, const std::string& b_interface, const std::string& b_address) {
  must_run({"ip", "link", "add", a_interface, "netns", a.name(), "type", "veth", "peer", "name",
            b_interface, "netns", b.name()});
  a.run({"ip", "addr", "add", a_address, "dev", a_interface});
  b.run({"ip", "addr", "add", b_address, "dev", b_interface});
  a.run({"ip", "link", "set", a_interface, "up"});
  b.run({"ip", "link", "set", b_interface, "up"});
}

}  // namespace xdpcap::test
