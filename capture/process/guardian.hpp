// SPDX-License-Identifier: BSD-3-Clause
// A process beside another, which does slow work for it, and cleans up after it when it cannot do
// so itself: SIGKILL, a crash, out of memory.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "process/message_socket.hpp"

namespace xdpcap {

// Guardian is a fork of this process. It does what must not delay this process's reading of
// packets, and survives if this process is killed. It calls setsid(2), so that neither a terminal
// nor a signal to a process group reaches it; it blocks all signals, closes all descriptors except
// the given ones, and asks the OOM killer to spare it. Neither side blocks when it sends.
class Guardian {
 public:
  // Report sends messages from the guardian to this process. The guardian itself uses kinds in
  // lower case, for reports and orders; its user takes upper case.
  class Report {
   public:
    explicit Report(const MessageSocket& socket) : socket_(socket) {}
    // False if there is no room at the moment.
    [[nodiscard]] bool send(const Message& message) const { return socket_.send(message); }
    // A sign of life, to be sent during long operations.
    void alive() const;

   private:
    const MessageSocket& socket_;
  };

  struct Duty {
    std::string title;             // for ps
    std::vector<int> descriptors;  // to keep open
    // Called about once a second, from watch() on.
    std::function<void(const Report&)> look;
    // Orders of other kinds, until it cleans up.
    std::function<void(const Message& order, const Report&)> take_order;
    // Called immediately when this process has ended, or on an order (clean_up()); `look` is not
    // called any more after that. An exception becomes the answer.
    std::function<void()> clean_up;
    // Called after that, only if this process has ended.
    std::function<void()> rescue;
  };

  enum class CleanUp : std::uint8_t { not_asked, waiting, done, failed };

  // No guardian.
  Guardian() = default;
  // Throws Error if it cannot be started.
  explicit Guardian(const Duty& duty);
  Guardian(Guardian&& other) noexcept;
  Guardian& operator=(Guardian&& other) noexcept;
  Guardian(const Guardian&) = delete;
  Guardian& operator=(const Guardian&) = delete;
  // Ends it, without cleaning up.
  ~Guardian() { dismiss(); }

  // From now on it calls `look`.
  void watch();
  // Makes it clean up now, with the privileges it still has; receive() notices the result.
  void clean_up();
  [[nodiscard]] CleanUp clean_up_state() const { return clean_up_; }
  // Why it failed.
  [[nodiscard]] const std::string& failure() const { return failure_; }

  // An order of another kind. It is lost if there is no room at the moment.
  void order(const Message& message) { static_cast<void>(socket_.send(message)); }
  // Becomes readable when there is something to receive().
  [[nodiscard]] int fd() const { return socket_.fd(); }
  // The reports since the last call, without blocking.
  std::vector<Message> receive();
  // Whether anything has arrived since the last call.
  [[nodiscard]] bool was_heard() { return std::exchange(heard_, false); }
  // Waits until there is something to receive(), `milliseconds` at most.
  void wait(int milliseconds) const { static_cast<void>(socket_.wait(milliseconds)); }

  // Whether it has been killed; true once only.
  [[nodiscard]] bool has_died();
  [[nodiscard]] bool alive();
  // Ends it; earlier reports can still be received. If it is stopped (SIGSTOP) and may not be
  // killed (-Z), it ends when it continues.
  void dismiss() noexcept;

 private:
  pid_t pid_ = -1;
  MessageSocket socket_;  // its end is the end of this process
  CleanUp clean_up_ = CleanUp::not_asked;
  std::string failure_;
  bool heard_ = false;
};

}  // namespace xdpcap
