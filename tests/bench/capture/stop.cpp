// SPDX-License-Identifier: BSD-3-Clause
#include "bench/capture/stop.hpp"

#include <csignal>

#include "base/error.hpp"

namespace xdpcap::bench {
namespace {

volatile std::sig_atomic_t stop_signal = 0;

}  // namespace

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = [](int signal) { stop_signal = signal; };
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
}

bool stopped() {
  return stop_signal != 0;
}

void throw_if_stopped() {
  if (stopped()) throw Error("measuring: stopped by a signal");
}

}  // namespace xdpcap::bench
