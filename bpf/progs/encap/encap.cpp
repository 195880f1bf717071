// SPDX-License-Identifier: BSD-3-Clause
// The control plane of encap: sets the ends of the tunnel and the inner network, prints counters.
#include <arpa/inet.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "encap.skel.h"
#include "encap/encap.h"
#include "loader/counter_line.hpp"
#include "loader/forwarding.hpp"
#include "loader/loader.hpp"

namespace {

using xdpcap::UniqueFd;
using xdpcap::UsageError;

in_addr_t parse_address(const std::string& option, const std::string& text) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) {
    throw UsageError(option + " " + text + ": not an IPv4 address");
  }
  return address.s_addr;
}

struct Network {
  in_addr_t address;  // both in network byte order
  in_addr_t mask;
};

Network parse_network(const std::string& text) {
  const auto slash = text.find('/');
  Network network{parse_address("--inner", text.substr(0, slash)), 0xffffffff};
  if (slash != std::string::npos) {
    const auto length = xdpcap::parse_number<unsigned>(std::string_view(text).substr(slash + 1));
    if (!length || *length > 32) throw UsageError("--inner " + text + ": bad length");
    network.mask = *length == 0 ? 0 : htonl(0xffffffffU << (32 - *length));
  }
  if ((network.address & ~network.mask) != 0) {
    throw UsageError("--inner " + text + ": host bits set");
  }
  return network;
}

// Neighbour keeps the next hop towards the remote end resolved. The program cannot resolve it, and
// nothing else on this machine may send there: a datagram to the discard port makes the kernel do
// it.
class Neighbour {
 public:
  Neighbour(in_addr_t remote, const xdpcap::loader::Netns& netns)
      : socket_(netns.run([] { return ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); })) {
    if (!socket_.valid()) throw xdpcap::system_error("opening a socket", errno);
    remote_.sin_family = AF_INET;
    remote_.sin_port = htons(9);
    remote_.sin_addr.s_addr = remote;
  }
  // Errors are ignored: if there is no route, the counters show it.
  void refresh() const {
    sendto(socket_.get(), nullptr, 0, MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&remote_),
           sizeof remote_);
  }

 private:
  UniqueFd socket_;
  sockaddr_in remote_{};
};

struct TunnelOptions {
  std::string local, remote, inner;
  std::string type = "ipip";
};

void add_options(CLI::App& app, TunnelOptions& options) {
  app.add_option("--local", options.local, "this end of the tunnel")->required()->type_name("IPV4");
  app.add_option("--remote", options.remote, "the other end")->required()->type_name("IPV4");
  app.add_option("--inner", options.inner, "what goes through it, such as 10.99.0.0/24")
      ->required()
      ->type_name("PREFIX");
  app.add_option("--type", options.type, "ipip or gre")
      ->check(CLI::IsMember({"ipip", "gre"}).description(""))
      ->type_name("TYPE")
      ->capture_default_str();
}

}  // namespace

int main(int argc, char** argv) {
  xdpcap::loader::Loader loader("encap", "One end of an IPv4 tunnel, IPIP or GRE.");
  TunnelOptions options;
  add_options(loader.app(), options);
  xdpcap::loader::Forwarding forwarding(loader);

  return loader.run(argc, argv, [&] {
    const in_addr_t local = parse_address("--local", options.local);
    const in_addr_t remote = parse_address("--remote", options.remote);
    const Network inner = parse_network(options.inner);
    if ((remote & inner.mask) == inner.address) {
      throw UsageError("--remote lies in --inner: the tunnel would go through itself");
    }
    const auto skeleton = loader.load<encap_bpf>([&](encap_bpf& program) {
      program.rodata->local_end = local;
      program.rodata->remote_end = remote;
      program.rodata->inner_network = inner.address;
      program.rodata->inner_mask = inner.mask;
      program.rodata->use_gre = options.type == "gre" ? 1 : 0;
    });
    const Neighbour neighbour(remote, loader.netns());
    neighbour.refresh();
    forwarding.prepare_peers(skeleton->progs.receive);
    loader.pin_hook(skeleton->maps.xdpcap_hook);
    loader.attach(skeleton->progs.encap);
    forwarding.warn("ipv4");
    xdpcap::loader::CounterLine counters(
        skeleton->maps.statistics, {"encapsulated", "decapsulated", "too long", "without a route"});
    const auto print_changed = [&] {
      neighbour.refresh();
      counters.print_if_changed();
    };
    loader.run_until_stopped({.every_second = print_changed});
    print_changed();
  });
}
