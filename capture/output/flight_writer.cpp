// SPDX-License-Identifier: BSD-3-Clause
#include "output/flight_writer.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include <array>
#include <cerrno>
#include <span>
#include <system_error>
#include <utility>

#include "base/error.hpp"
#include "output/batch.hpp"
#include "output/rotation.hpp"
#include "output/write_behind.hpp"
#include "process/signals.hpp"

namespace xdpcap {
namespace {

UniqueFd make_event() {
  UniqueFd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd.valid()) throw system_error("creating an eventfd", errno);
  return fd;
}

[[noreturn]] void throw_failure(Output& output, const WriteResult& result) {
  const std::string doing = "writing to " + output.name();
  if (result.end == WriteEnd::interrupted) {
    throw Error(doing + ": interrupted", "the packets that were not written are lost");
  }
  constexpr int kUntilItHasEndedMilliseconds = 1000;
  auto& compressor = output.compressor();
  if (compressor && compressor->wait(-1, kUntilItHasEndedMilliseconds) &&
      !compressor->failure().empty()) {
    throw Error(doing + ": " + compressor->failure(), "the file is truncated");
  }
  throw system_error(doing, result.error_number, "the packets that are in it are kept");
}

WriteResult write_pieces(std::span<const iovec> pieces, const Output& output, int interrupt_fd,
                         WrittenFile& done) {
  WriteBehind behind;
  behind.begin(0);
  for (const iovec& piece : pieces) {
    WriteResult result = output.write({&piece, 1}, 0, {.interrupt_fd = interrupt_fd});
    done.bytes += result.written;
    if (result.end != WriteEnd::done) return result;
    if (!output.is_file()) continue;
    result.error_number = behind.wrote(output.fd(), done.bytes);
    if (result.error_number == 0) continue;
    result.end = WriteEnd::failed;
    return result;
  }
  return {};
}

}  // namespace

FlightWriter::FlightWriter(const Output& place, std::size_t interfaces)
    : place_(place), interfaces_(interfaces), done_fd_(make_event()), stop_fd_(make_event()) {}

FlightWriter::~FlightWriter() {
  ::eventfd_write(stop_fd_.get(), 1);
  if (thread_.joinable()) thread_.join();
}

// A thread for each file, so that it runs as the user that the process has become by then (-Z).
void FlightWriter::begin(FlightFile file) {
  const auto run = [this, file = std::move(file)] {
    written_ = write(file, stop_fd_.get());
    ::eventfd_write(done_fd_.get(), 1);
  };
  try {
    thread_ = std::thread(run);
  } catch (const std::system_error&) {  // the user's limit on threads (-Z), or no memory
    run();
  }
}

std::optional<WrittenFile> FlightWriter::written() {
  eventfd_t ignored = 0;
  if (::eventfd_read(done_fd_.get(), &ignored) != 0) return std::nullopt;
  if (thread_.joinable()) thread_.join();
  return std::exchange(written_, std::nullopt);
}

void FlightWriter::wait(int stop_fd) {
  std::array<pollfd, 2> fds = {pollfd{done_fd_.get(), POLLIN, 0}, pollfd{stop_fd, POLLIN, 0}};
  while (fds[0].revents == 0) {
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
    if (fds[1].revents == 0) continue;
    ::eventfd_write(stop_fd_.get(), 1);
    fds[1].fd = -1;
  }
}

WrittenFile FlightWriter::write(const FlightFile& file, int interrupt_fd) const {
  WrittenFile done{.path = file.path,
                   .packets = std::vector<std::uint64_t>(interfaces_),
                   .compressor = {},
                   .failure = {}};
  try {
    Output output = Output::stage(file.path, place_);
    output.begin();
    output.connect();
    const WriteResult result = write_all(file, output, interrupt_fd, done);
    if (result.end != WriteEnd::done && output.is_file()) {
      static_cast<void>(output.truncate(done.bytes));
    }
    output.publish();
    if (result.end != WriteEnd::done) throw_failure(output, result);
    output.close();
    done.compressor = std::exchange(output.compressor(), std::nullopt);
  } catch (const std::exception&) {
    done.failure = std::current_exception();
  }
  return done;
}

WriteResult FlightWriter::write_all(const FlightFile& file, const Output& output, int interrupt_fd,
                                    WrittenFile& done) const {
  std::vector<iovec> pieces;
  const auto add = [&](const pcapng::Bytes& bytes) {
    pieces.push_back({const_cast<std::byte*>(bytes.data()), bytes.size()});
  };
  add(file.header);
  pieces.insert(pieces.end(), file.blocks.begin(), file.blocks.end());
  for (const pcapng::Bytes& block : file.trailer) add(block);
  const WriteResult result = write_pieces(pieces, output, interrupt_fd, done);
  if (result.end == WriteEnd::done) {
    done.packets = file.packets;
    return result;
  }
  // The file is cut after the last whole block. What is in no file is lost.
  WholeBlocks whole = whole_blocks(pieces, done.bytes, interfaces_);
  done.bytes = whole.bytes;
  done.packets = std::move(whole.packets);
  return result;
}

}  // namespace xdpcap
