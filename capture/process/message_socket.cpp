// SPDX-License-Identifier: BSD-3-Clause
#include "process/message_socket.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>

#include "base/error.hpp"

namespace xdpcap {
namespace {

constexpr std::size_t kHeadBytes = 2;  // kind and channel
constexpr std::size_t kMostText = std::size_t{32} * 1024;
constexpr std::size_t kMostDescriptors = 253;  // SCM_MAX_FD

// The ancillary data that descriptors take (cmsg(3)).
struct Ancillary {
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(kMostDescriptors * sizeof(int))> bytes{};
};

void attach(msghdr& header, Ancillary& room, std::span<const int> descriptors) {
  if (descriptors.empty()) return;
  header.msg_control = room.bytes.data();
  header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
  cmsghdr* first = CMSG_FIRSTHDR(&header);
  first->cmsg_level = SOL_SOCKET;
  first->cmsg_type = SCM_RIGHTS;
  first->cmsg_len = CMSG_LEN(descriptors.size_bytes());
  std::memcpy(CMSG_DATA(first), descriptors.data(), descriptors.size_bytes());
}

std::vector<UniqueFd> descriptors_in(msghdr& header) {
  std::vector<UniqueFd> received;
  for (cmsghdr* one = CMSG_FIRSTHDR(&header); one != nullptr; one = CMSG_NXTHDR(&header, one)) {
    if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (one->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(one) + i * sizeof(int), sizeof(fd));
      received.emplace_back(fd);
    }
  }
  return received;
}

}  // namespace

std::array<MessageSocket, 2> MessageSocket::make_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
    throw system_error("connecting two processes", errno);
  }
  return {MessageSocket(UniqueFd(ends[0])), MessageSocket(UniqueFd(ends[1]))};
}

bool MessageSocket::send(const Message& message) const {
  if (!fd_.valid() || message.descriptors.size() > kMostDescriptors) return false;
  std::array<char, kHeadBytes> head = {message.kind, static_cast<char>(message.channel)};
  std::array<iovec, 2> pieces = {
      iovec{head.data(), head.size()},
      iovec{const_cast<char*>(message.text.data()), std::min(message.text.size(), kMostText)}};
  msghdr header{};
  header.msg_iov = pieces.data();
  header.msg_iovlen = pieces.size();
  Ancillary room;
  attach(header, room, message.descriptors);
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(fd_.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return sent > 0;
}

std::optional<Message> MessageSocket::receive() {
  if (!fd_.valid() || ended_) return std::nullopt;
  std::array<char, kHeadBytes> head{};
  std::array<char, kMostText> text{};
  std::array<iovec, 2> pieces = {iovec{head.data(), head.size()}, iovec{text.data(), text.size()}};
  msghdr header{};
  header.msg_iov = pieces.data();
  header.msg_iovlen = pieces.size();
  Ancillary room;
  header.msg_control = room.bytes.data();
  header.msg_controllen = room.bytes.size();
  ssize_t count = 0;
  do {
    count = ::recvmsg(fd_.get(), &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  if (count < 0 && errno == EAGAIN) return std::nullopt;
  ended_ = std::cmp_less(count, head.size());
  if (ended_) return std::nullopt;
  return Message{.kind = head[0],
                 .channel = static_cast<std::uint8_t>(head[1]),
                 .text = {text.data(), static_cast<std::size_t>(count) - head.size()},
                 .received = descriptors_in(header)};
}

bool MessageSocket::wait(int milliseconds) const {
  pollfd other{fd_.get(), POLLIN, 0};
  return ::poll(&other, 1, milliseconds) > 0;
}

}  // namespace xdpcap
