// SPDX-License-Identifier: BSD-3-Clause
#include "chaos/verify.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/text.hpp"
#include "chaos/stream.hpp"

namespace xdpcap::chaos {
namespace {

// The packets of one action, according to the model.
struct Counts {
  std::uint64_t must_receive = 0;
  std::uint64_t may_receive = 0;  // including those
  std::uint64_t must_match = 0;
  std::uint64_t may_match = 0;
  std::uint64_t missing = 0;             // of those that must match, not in the output
  std::uint64_t optional_in_output = 0;  // in the output, of those that need not match
};

// Consecutive packets of one action that must match, and are not in the output.
struct Gap {
  unsigned action = 0;
  std::uint64_t packets = 0;
  const Sent* first = nullptr;
  const Sent* last = nullptr;
};

class Verification {
 public:
  Verification(const Capture& capture, const std::vector<Sent>& sent, Verdict& verdict, Log& log)
      : capture_(capture),
        plan_(capture.plan()),
        sent_(sent),
        verdict_(verdict),
        log_(log),
        in_output_(sent.size()) {}

  void run() {
    read_output();
    count();
    for (const Gap& gap : gaps_) log_gap(gap);
    check_exit();
    check_reports();
    // If a full disk had no room for another file, only the summary counts its packets.
    if (has_account_ && capture_.end != End::disk_full) check_account();
    check_summary();
    for (const std::string& path : capture_.leftovers()) {
      if (capture_.end == End::both_killed) continue;
      fail("a file is left: " + path);
    }
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Failure(capture_.name() + ": " + what);
  }
  void check(bool holds, const std::string& what) const {
    if (!holds) fail(what);
  }
  void check_equal(std::uint64_t a, std::uint64_t b, const std::string& what) const {
    check(a == b, what + ": " + std::to_string(a) + " and " + std::to_string(b));
  }
  void check_at_most(std::uint64_t a, std::uint64_t b, const std::string& what) const {
    check(a <= b, what + ": " + std::to_string(a) + " > " + std::to_string(b));
  }

  // A stream is not completed if its writer was killed, or if its reader has closed it.
  [[nodiscard]] bool may_be_cut() const {
    return capture_.end == End::both_killed || capture_.end == End::reader_gone ||
           capture_.end == End::stuck || capture_.end == End::refused ||
           (plan_.is_stream() && capture_.end == End::killed);
  }
  [[nodiscard]] bool may_lack_statistics() const {
    return may_be_cut() || capture_.end == End::disk_full;
  }

  void read_output();
  void take(const StreamPacket& packet);
  void count();
  void add_to_gap(const Sent& missing, std::map<unsigned, std::size_t>& open);
  void log_gap(const Gap& gap);
  void check_exit() const;
  void check_reports() const;
  void check_account();
  void check_account(unsigned action, const Account& account);
  void check_summary() const;
  void check_json(const std::string& line) const;

  const Capture& capture_;
  const Plan& plan_;
  const std::vector<Sent>& sent_;
  Verdict& verdict_;
  Log& log_;
  std::vector<Gap> gaps_{};
  std::vector<bool> in_output_;  // by number: in the output
  std::uint64_t written_ = 0;
  std::uint64_t last_number_ = 0;
  std::uint64_t last_time_ = 0;
  std::map<unsigned, Account> account_{};        // the sum of the files' statistics
  std::map<unsigned, std::uint64_t> packets_{};  // in the output
  bool has_account_ = true;
  std::array<Counts, kActions> counts_{};
};

void Verification::read_output() {
  const std::vector<std::string> contents = capture_.contents();
  for (std::size_t i = 0; i < contents.size(); ++i) {
    const std::string file = "file " + std::to_string(i);
    const bool last = i + 1 == contents.size();
    const Stream stream = read_stream(contents[i]);
    check(!stream.cut || (last && may_be_cut()), file + " ends in the middle of a block");
    for (const StreamPacket& packet : stream.packets) take(packet);
    if (stream.statistics.empty()) {
      has_account_ = false;
      check(last && may_lack_statistics(), file + " has no statistics");
      continue;
    }
    std::map<unsigned, std::uint64_t> packets;
    for (const StreamPacket& packet : stream.packets) ++packets[packet.action];
    for (const auto& [action, account] : stream.statistics) {
      check_equal(
          account.written, packets[action],
          file + " counts as many packets of action " + std::to_string(action) + " as it has");
      account_[action] += account;
    }
  }
  if (contents.empty()) has_account_ = false;
}

void Verification::take(const StreamPacket& packet) {
  const std::uint64_t number = number_in(packet.bytes);
  check(number < sent_.size(), "a packet that was not sent");
  const std::string name = "packet " + std::to_string(number);
  const Sent& sent = sent_[number];
  check(!in_output_[number], name + " is there twice");
  check(written_ == 0 || number > last_number_,
        name + " comes after packet " + std::to_string(last_number_));
  check(packet.time >= last_time_, name + " has an earlier time than the one before it");
  check(packet.action == sent.action, name + " has another action");
  check_equal(packet.length, sent.size, name + " has its length");
  check_equal(packet.bytes.size(),
              plan_.snaplen == 0 ? sent.size : std::min<std::uint32_t>(plan_.snaplen, sent.size),
              name + " is whole");
  const auto bytes = make_packet(number, sent);
  check(std::equal(packet.bytes.begin(), packet.bytes.end(), bytes.begin()),
        name + " has other bytes");
  check(plan_.wants(sent), name + " does not match the filter");
  check(capture_.may_see(sent.lane), name + " is of another hook");
  check(sent.after >= capture_.started && sent.before <= capture_.ended,
        name + " was sent while there was no capture");
  in_output_[number] = true;
  last_number_ = number;
  last_time_ = packet.time;
  ++packets_[packet.action];
  ++written_;
  ++verdict_.written;
}

void Verification::count() {
  std::map<unsigned, std::size_t> open;  // gaps, by action
  for (std::size_t number = 0; number < sent_.size(); ++number) {
    const Sent& sent = sent_[number];
    const bool may = capture_.may_see(sent.lane) && sent.after >= capture_.started &&
                     sent.before <= capture_.ended;
    if (!may) continue;
    Counts& counts = counts_.at(sent.action);
    const bool must = !capture_.outages.covers(sent);
    ++counts.may_receive;
    if (must) ++counts.must_receive;
    if (!plan_.wants(sent)) continue;
    ++counts.may_match;
    if (must) ++counts.must_match;
    if (must && !in_output_[number]) {
      ++counts.missing;
      add_to_gap(sent, open);
    } else {
      open.erase(sent.action);
    }
    if (!must && in_output_[number]) ++counts.optional_in_output;
  }
}

void Verification::add_to_gap(const Sent& missing, std::map<unsigned, std::size_t>& open) {
  if (!open.contains(missing.action)) {
    open[missing.action] = gaps_.size();
    gaps_.push_back({.action = missing.action, .first = &missing});
  }
  Gap& gap = gaps_[open[missing.action]];
  ++gap.packets;
  gap.last = &missing;
}

// Not a failure yet: they may be among those counted as lost.
void Verification::log_gap(const Gap& gap) {
  const std::string what = "  (" + capture_.name() + " has none of " + std::to_string(gap.packets) +
                           " packets of action " + std::to_string(gap.action) + " from here";
  log_.add(what + ")", gap.first->before);
  log_.add(what + " to here)", gap.last->after);
}

void Verification::check_exit() const {
  const test::ProcessResult& result = capture_.result();
  const std::string code = "exit code " + std::to_string(result.exit_code);
  if (capture_.may_stay) return check(result.exit_code == 2, code + " with recorders left behind");
  switch (capture_.end) {
    case End::killed:
    case End::both_killed:
      return check_equal(static_cast<std::uint64_t>(result.exit_code), 128 + 9, "killed");
    case End::disk_full:
      check(capture_.reported(News::write_failed, 0), "a full disk is not reported");
      return check(result.exit_code == 2, code + " on a full disk");
    case End::refused:
      check(written_ == 0 && capture_.reported(News::error, 0), "refused, but not reported");
      return check(result.exit_code == 2, code + " when it was refused");
    case End::exhausted:
    case End::stuck:
      return check(
          result.exit_code == 0 || (result.exit_code == 2 && capture_.reported(News::error, 0)),
          code + ": " + result.err);
    default:
      return check(result.exit_code == 0, code + ": " + result.err);
  }
}

// A report about a slot is allowed only after a fault has touched it.
void Verification::check_reports() const {
  for (const Report& one : capture_.reports()) {
    const bool of_slot = one.news == News::slot_repaired || one.news == News::slot_taken;
    if (!of_slot || capture_.disturbed.contains(one.action.value_or(kActions))) continue;
    fail("it reports a slot that no fault has touched: action " +
         std::to_string(one.action.value_or(kActions)));
  }
}

void Verification::check_account() {
  for (unsigned action = 0; action < kActions; ++action) {
    if ((plan_.actions >> action & 1U) == 0) continue;
    check(account_.contains(action), "no statistics of action " + std::to_string(action));
    check_account(action, account_[action]);
  }
}

void Verification::check_account(unsigned action, const Account& account) {
  const Counts& counts = counts_.at(action);
  const std::string of = " (action " + std::to_string(action) + ")";
  check_at_most(account.written + account.lost, account.matched, "matched = written + lost" + of);
  const std::uint64_t left_out = account.matched - account.written - account.lost;
  if (!plan_.chooses_fates) check_equal(left_out, 0, "all packets are selected" + of);
  verdict_.must += counts.must_match;
  verdict_.left_out += left_out;
  verdict_.lost += account.lost;
  const std::uint64_t accounted = account.lost + left_out;
  if (counts.missing > accounted) verdict_.unaccounted += counts.missing - accounted;
  check_at_most(counts.must_receive, account.received, "packets it must have received" + of);
  check_at_most(account.received, counts.may_receive, "packets received, and sent" + of);
  check_at_most(counts.missing, accounted, "packets missing, and counted as lost" + of);
  check_at_most(counts.must_match + counts.optional_in_output, account.matched,
                "packets that it must have matched" + of);
  check_at_most(account.matched, counts.may_match, "packets matched, and sent that match" + of);
}

std::optional<std::uint64_t> json_number(const std::string& line, const std::string& name) {
  const auto at = line.find("\"" + name + "\":");
  if (at == std::string::npos) return std::nullopt;
  const auto begin = at + name.size() + 3;
  const auto end = line.find_first_not_of("0123456789", begin);
  return parse_number<std::uint64_t>(line.substr(begin, end - begin));
}

// The summary must agree with the files; for files that could not be completed, it has the only
// counts.
void Verification::check_summary() const {
  const test::ProcessResult& result = capture_.result();
  for (const std::string* text : {&result.out, &result.err}) {
    for (const std::string_view line : split(*text, '\n')) {
      if (line.starts_with("{\"type\":\"summary\"")) check_json(std::string(line));
    }
  }
}

void Verification::check_json(const std::string& line) const {
  const auto number = [&](const char* name) { return json_number(line, name).value_or(0); };
  check_equal(number("matched"), number("written") + number("left_out") + number("lost"),
              "the summary's matched = written + not selected + lost");
  if (!has_account_ && capture_.end != End::disk_full) return;
  check_equal(number("written"), written_, "the summary's written, and the packets in the output");
  if (!has_account_ || capture_.end == End::disk_full) return;
  Account sum;
  for (const auto& [action, account] : account_) sum += account;
  check_equal(number("received"), sum.received, "the summary's received, and that of the files");
  check_equal(number("matched"), sum.matched, "the summary's matched, and that of the files");
  check_equal(number("lost"), sum.lost, "the summary's lost, and that of the files");
}

}  // namespace

Verdict& Verdict::operator+=(const Verdict& other) {
  must += other.must;
  written += other.written;
  left_out += other.left_out;
  lost += other.lost;
  unaccounted += other.unaccounted;
  return *this;
}

void verify(const Capture& capture, const std::vector<Sent>& sent, Verdict& verdict, Log& log) {
  Verification(capture, sent, verdict, log).run();
}

}  // namespace xdpcap::chaos
