// SPDX-License-Identifier: BSD-3-Clause
#include "reason/reasons.hpp"

#include <linux/bpf.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <utility>

#include "base/error.hpp"
#include "bpf/program_loader.hpp"
#include "output/pcapng.hpp"

namespace xdpcap {
namespace {

// Programs give numbers of any kind with their reasons.
constexpr std::size_t kMostComments = 16384;

std::size_t whole_pages(std::size_t size) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return (size + page - 1) / page * page;
}

}  // namespace

Reasons::Reasons(std::vector<std::vector<ProgramReasons>> found,
                 std::vector<CaptureInterface> interfaces, std::uint32_t cpus,
                 const std::vector<std::string>& wanted)
    : found_(std::move(found)),
      interfaces_(std::move(interfaces)),
      cpus_(cpus),
      words_(found_.size()) {
  for (std::size_t source = 0; source < found_.size(); ++source) {
    for (const ProgramReasons& reasons : found_[source]) add(source, reasons);
  }
  choose(wanted);
  const std::uint32_t bytes = reason_counts_bytes(spec(0), cpus);
  map_ = create_map(BPF_MAP_TYPE_ARRAY, "xdpcap_reasons", sizeof(std::uint32_t), bytes, 1,
                    BPF_F_MMAPABLE);
  memory_ = Mapping(map_.get(), whole_pages(bytes), PROT_READ | PROT_WRITE, 0,
                    "mapping the counts of reasons");
}

// Programs of several sources may be from one object file; then their reasons have the same rows.
void Reasons::add(std::size_t source, const ProgramReasons& reasons) {
  const auto before = static_cast<std::uint32_t>(rows_.size()) - 1;
  const auto [place, is_new] = before_.try_emplace(reasons.words_id, before);
  const std::uint32_t room =
      XDPCAP_MOST_REASONS - 1 - std::min(place->second, XDPCAP_MOST_REASONS - 1);
  const std::uint32_t ids = std::min(reasons.entries.back().id, room);
  if (is_new) rows_.resize(rows_.size() + ids, nullptr);
  for (const ReasonEntry& entry : reasons.entries) {
    if (entry.id <= ids) rows_[place->second + entry.id] = &entry;
  }
  words_[source].push_back({.fd = reasons.words.get(), .ids = ids, .before = place->second});
}

void Reasons::choose(const std::vector<std::string>& wanted) {
  for (const std::string& one : wanted) choose(one);
}

void Reasons::choose(const std::string& wanted) {
  const std::size_t before = chosen_.size();
  std::vector<std::string> others;
  for (std::uint32_t row = 1; row < rows_.size(); ++row) {
    if (rows_[row] == nullptr) continue;
    if (rows_[row]->is(wanted)) chosen_.push_back({row, row});
    others.push_back("\"" + rows_[row]->text + "\" (" + rows_[row]->place() + ")");
  }
  if (chosen_.size() > before) return;
  constexpr std::size_t kMostShown = 20;
  std::string hint = "they give:";
  for (std::size_t i = 0; i < std::min(others.size(), kMostShown); ++i) {
    hint += (i == 0 ? " " : ", ") + others[i];
  }
  if (others.size() > kMostShown) hint += ", ...";
  throw UsageError("--reason: the captured programs do not give the reason \"" + wanted + "\"",
                   hint);
}

ReasonSpec Reasons::spec(std::size_t source) const {
  return {.words = words_.at(source),
          .chosen = chosen_,
          .counts_fd = map_.get(),
          .rows = static_cast<std::uint32_t>(rows_.size()),
          .recorders = static_cast<std::uint32_t>(interfaces_.size())};
}

void Reasons::remove_old() const {
  for (const auto& of_source : found_) {
    for (const ProgramReasons& reasons : of_source) remove_old_reasons(reasons);
  }
}

// A source without reasons at the start has no room for them in its blocks. The entries are never
// freed, as rows refer to them.
bool Reasons::replace(std::size_t source, std::vector<ProgramReasons> found) {
  if (words_[source].empty()) return false;
  std::vector<ReasonWords> words;
  std::vector<ProgramReasons> taken;
  for (ProgramReasons& reasons : found) {
    const ReasonWords* const former = former_words(reasons);
    if (former == nullptr) continue;
    remove_old_reasons(reasons);
    words.push_back({.fd = reasons.words.get(), .ids = former->ids, .before = former->before});
    taken.push_back(std::move(reasons));
  }
  const bool are_all = words.size() == found.size();
  if (words.empty()) return false;
  words_[source] = std::move(words);
  std::ranges::move(taken, std::back_inserter(found_[source]));
  return are_all;
}

// Those of the same object file, as it was loaded before.
const ReasonWords* Reasons::former_words(const ProgramReasons& reasons) const {
  for (std::size_t source = 0; source < found_.size(); ++source) {
    for (const ProgramReasons& former : found_[source]) {
      if (former.entries != reasons.entries) continue;
      const auto its = std::ranges::find(words_[source], former.words.get(), &ReasonWords::fd);
      if (its != words_[source].end()) return &*its;
    }
  }
  return nullptr;
}

bool Reasons::are_read(std::size_t source, const std::vector<ProgramReasons>& found) const {
  return std::ranges::all_of(found, [&](const ProgramReasons& one) {
    return std::ranges::any_of(found_[source], [&](const ProgramReasons& known) {
      return known.words_id == one.words_id;
    });
  });
}

std::vector<int> Reasons::descriptors() const {
  std::vector<int> all = {map_.get()};
  for (const auto& of_source : words_) {
    for (const ReasonWords& words : of_source) all.push_back(words.fd);
  }
  return all;
}

std::span<const std::byte> Reasons::comment(const xdpcap_reason& reason) {
  const ReasonEntry* entry = reason.row < rows_.size() ? rows_[reason.row] : nullptr;
  if (entry == nullptr) return {};
  const std::uint32_t number = entry->has_number ? reason.number : 0;
  const std::uint64_t key = (std::uint64_t{reason.row} << 32U) | number;
  auto place = comments_.find(key);
  if (place == comments_.end()) {
    place = comments_.emplace(key, pcapng::comment_option(describe(*entry, number))).first;
  }
  return place->second;
}

void Reasons::clear_if_large() {
  if (comments_.size() >= kMostComments) comments_.clear();
}

std::uint64_t Reasons::count(std::uint32_t interface_id, std::uint32_t row) const {
  const std::size_t per_cpu = reason_counts_per_cpu(spec(0));
  const std::size_t counter = (interface_id * rows_.size() + row) * sizeof(__u64);
  std::uint64_t sum = 0;
  for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) {
    auto& one = *reinterpret_cast<__u64*>(memory_.at(per_cpu * cpu + counter));
    sum += std::atomic_ref(one).load(std::memory_order_relaxed);
  }
  return sum;
}

std::vector<ReasonCount> Reasons::counts(const std::vector<InterfaceStatistics>& statistics) const {
  std::vector<ReasonCount> all;
  for (std::uint32_t id = 0; id < interfaces_.size(); ++id) {
    if (!are_in(id)) continue;
    std::uint64_t with_reason = 0;
    for (std::uint32_t row = 1; row < rows_.size(); ++row) {
      const std::uint64_t packets = rows_[row] == nullptr ? 0 : count(id, row);
      with_reason += packets;
      if (packets > 0) all.push_back({interfaces_[id], rows_[row], packets, row});
    }
    const std::uint64_t received = statistics.at(id).counts.received;
    if (received > with_reason) all.push_back({interfaces_[id], nullptr, received - with_reason});
  }
  return all;
}

}  // namespace xdpcap
