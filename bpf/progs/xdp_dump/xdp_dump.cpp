// SPDX-License-Identifier: BSD-3-Clause
// The control plane of xdp_dump: prints each SYN as it happens.
#include "xdp_dump/xdp_dump.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <span>
#include <string>

#include "loader/loader.hpp"
#include "xdp_dump.skel.h"

namespace {

std::string endpoint(const __u8 (&address)[16], int ip_version, unsigned port) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(ip_version == 4 ? AF_INET : AF_INET6, &address[0], text.data(), text.size());
  const std::string host = ip_version == 4 ? text.data() : "[" + std::string(text.data()) + "]";
  return host + ":" + std::to_string(port);
}

// "00000010  45 00 00 3c ...  E..<": as hexdump -C prints it.
void print_hex(std::span<const __u8> bytes) {
  constexpr std::size_t kRow = 16;
  for (std::size_t at = 0; at < bytes.size(); at += kRow) {
    std::string hex, ascii;
    for (const __u8 byte : bytes.subspan(at, std::min(kRow, bytes.size() - at))) {
      std::array<char, 4> pair{};
      std::snprintf(pair.data(), pair.size(), "%02x ", byte);
      hex += pair.data();
      ascii += std::isprint(byte) != 0 ? static_cast<char>(byte) : '.';
    }
    std::printf("%08zx  %-48s |%s|\n", at, hex.c_str(), ascii.c_str());
  }
}

// Shorter records are ignored.
int print_event(void*, void* data, std::size_t size) {
  if (size < sizeof(syn_event)) return 0;
  const auto& event = *static_cast<const syn_event*>(data);
  std::printf("TCP: %s -> %s\n",
              endpoint(event.source, event.ip_version, event.source_port).c_str(),
              endpoint(event.destination, event.ip_version, event.destination_port).c_str());
  print_hex(std::span(event.bytes).first(std::min<std::size_t>(event.captured, SYN_BYTES_MAX)));
  return 0;
}

struct RingFree {
  void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
};

}  // namespace

int main(int argc, char** argv) {
  xdpcap::loader::Loader loader("xdp_dump", "Prints each TCP SYN.");
  return loader.run(argc, argv, [&] {
    const auto skeleton = loader.load<xdp_dump_bpf>();
    const std::unique_ptr<ring_buffer, RingFree> ring(
        ring_buffer__new(bpf_map__fd(skeleton->maps.events), print_event, nullptr, nullptr));
    if (ring == nullptr) throw xdpcap::system_error("opening the ring buffer", errno);
    loader.pin_hook(skeleton->maps.xdpcap_hook);
    loader.attach(skeleton->progs.xdp_dump);
    const auto print_all = [&] { ring_buffer__consume(ring.get()); };
    loader.run_until_stopped({.fd = ring_buffer__epoll_fd(ring.get()), .on_input = print_all});
    print_all();
    std::printf("xdp_dump: %llu SYNs lost\n", skeleton->bss->lost);
  });
}
