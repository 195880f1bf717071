// SPDX-License-Identifier: BSD-3-Clause
// Who looks after a hook beside the capture, and cleans up after one that cannot: SIGKILL, a crash,
// an empty memory.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "process/message_socket.hpp"

namespace xdpcap {

// Guardian is a copy of this process (fork) that does what must not keep this process from reading
// packets, and outlives it when it is killed. It calls setsid(2), so that no terminal and no signal
// to a process group reaches it, ignores signals, keeps no descriptors but those it is told to, and
// asks the kernel to spare it when memory is short. Neither side ever waits for the other to
// receive something.
class Guardian {
 public:
  // Report is how the guardian tells this process something. Kinds in lower case are the
  // guardian's own, as are those of orders; who starts it uses others.
  class Report {
   public:
    explicit Report(const MessageSocket& socket) : socket_(socket) {}
    // False when the other side takes nothing at the moment.
    [[nodiscard]] bool send(const Message& message) const { return socket_.send(message); }
    // For what takes long: that the guardian is at work.
    void alive() const;

   private:
    const MessageSocket& socket_;
  };

  struct Duty {
    std::string title;             // for ps
    std::vector<int> descriptors;  // to keep open
    // From watch() on, about once a second.
    std::function<void(const Report&)> look;
    // Orders of other kinds, until it cleans up.
    std::function<void(const Message& order, const Report&)> take_order;
    // What it does at once when this process is gone, or when it is told to (clean_up()); after
    // that it does not look any more. Whatever it throws becomes an answer.
    std::function<void()> clean_up;
    // What it does then, and only when this process is gone.
    std::function<void()> rescue;
  };

  enum class CleanUp : std::uint8_t { not_asked, waiting, done, failed };

  // No guardian.
  Guardian() = default;
  // Throws Error when there can be none.
  explicit Guardian(const Duty& duty);
  Guardian(Guardian&& other) noexcept;
  Guardian& operator=(Guardian&& other) noexcept;
  Guardian(const Guardian&) = delete;
  Guardian& operator=(const Guardian&) = delete;
  // Sends it away: it does nothing any more.
  ~Guardian() { dismiss(); }

  // From now on it looks.
  void watch();
  // Lets it clean up now, with the rights it still has; receive() notices how that ended.
  void clean_up();
  [[nodiscard]] CleanUp clean_up_state() const { return clean_up_; }
  // Why it failed.
  [[nodiscard]] const std::string& failure() const { return failure_; }

  // An order of another kind. It is lost where the guardian takes none at the moment.
  void order(const Message& message) { static_cast<void>(socket_.send(message)); }
  // Becomes readable when there is something to receive().
  [[nodiscard]] int fd() const { return socket_.fd(); }
  // What it has reported since, without waiting.
  std::vector<Message> receive();
  // Whether it has reported anything at all since this was asked last.
  [[nodiscard]] bool was_heard() { return std::exchange(heard_, false); }
  // Until there is something to receive(), `milliseconds` at most.
  void wait(int milliseconds) const { static_cast<void>(socket_.wait(milliseconds)); }

  // Whether somebody has killed it; true once only.
  [[nodiscard]] bool has_died();
  [[nodiscard]] bool alive();
  // Sends it away; what it has reported until then can still be received. One that is stopped and
  // may not be killed (-Z) goes when it continues.
  void dismiss() noexcept;

 private:
  pid_t pid_ = -1;
  MessageSocket socket_;  // its end is the end of this process
  CleanUp clean_up_ = CleanUp::not_asked;
  std::string failure_;
  bool heard_ = false;
};

}  // namespace xdpcap
