// SPDX-License-Identifier: BSD-3-Clause
#include "reason/entries.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "recorder/record.h"

namespace xdpcap {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Section {
 public:
  void add(std::uint32_t id, const std::string& text, const std::string& file, std::uint32_t line,
           std::uint16_t flags = 0) {
    const std::string texts = text + '\0' + file + '\0';
    const std::size_t size = (20 + texts.size() + 7) / 8 * 8;
    put(XDPCAP_REASON_MAGIC);
    put(static_cast<std::uint16_t>(size));
    put(flags);
    put(std::uint64_t{id});
    put(line);
    for (const char c : texts) bytes_.push_back(static_cast<std::byte>(c));
    bytes_.resize((bytes_.size() + 7) / 8 * 8);
  }
  void pad(std::size_t words) { bytes_.resize(bytes_.size() + 8 * words); }
  std::vector<std::byte>& bytes() { return bytes_; }
  [[nodiscard]] std::vector<ReasonEntry> parsed() const { return parse_reasons(bytes_); }

 private:
  template <class Number>
  void put(Number number) {
    const auto* begin = reinterpret_cast<const std::byte*>(&number);
    bytes_.insert(bytes_.end(), begin, begin + sizeof(number));
  }
  std::vector<std::byte> bytes_;
};

ReasonEntry entry(std::uint32_t id, const std::string& text, std::uint32_t line,
                  bool has_number = false) {
  ReasonEntry made;
  made.id = id;
  made.line = line;
  made.text = text;
  made.file = "lb.bpf.c";
  made.has_number = has_number;
  return made;
}

TEST(ReasonEntries, AreParsedInOrderOfTheirIds) {
  Section section;
  section.add(7, "no route", "lb.bpf.c", 12);
  section.pad(3);
  section.add(2, "", "lb.bpf.c", 3);
  section.add(3, "rule", "lb.bpf.c", 4, 1);
  EXPECT_THAT(section.parsed(),
              ElementsAre(entry(2, "", 3), entry(3, "rule", 4, true), entry(7, "no route", 12)));
}

// Of the same header in two files that were linked: the same entry is no conflict.
TEST(ReasonEntries, WithTheSameIdAreLeftOut) {
  Section section;
  section.add(1, "one", "lb.bpf.c", 1);
  section.add(2, "two", "lb.bpf.c", 2);
  section.add(1, "another", "lb.bpf.c", 1);
  section.add(2, "two", "lb.bpf.c", 2);
  section.add(1, "one", "lb.bpf.c", 1);
  EXPECT_THAT(section.parsed(), ElementsAre(entry(2, "two", 2)));
}

// Wherever the section is cut, and whatever else is in it, nothing outside it is read.
TEST(ReasonEntries, MayBeDamaged) {
  Section section;
  section.add(1, "one", "lb.bpf.c", 1);
  section.add(2, "two", "lb.bpf.c", 2);
  for (std::size_t size = 0; size < section.bytes().size(); ++size) {
    std::vector<std::byte> cut = section.bytes();
    cut.resize(size);
    EXPECT_LT(parse_reasons(cut).size(), 2U) << size;
  }
  std::vector<std::byte> longer = section.bytes();
  const std::uint16_t size = 0xffff;
  std::memcpy(&longer[4], &size, sizeof(size));
  EXPECT_THAT(parse_reasons(longer), ElementsAre(entry(2, "two", 2)));
  const std::uint16_t shorter = 19;
  std::memcpy(&longer[4], &shorter, sizeof(shorter));
  EXPECT_THAT(parse_reasons(longer), ElementsAre(entry(2, "two", 2)));
  EXPECT_THAT(parse_reasons(std::vector<std::byte>(100)), IsEmpty());
}

TEST(ReasonEntries, AreChosenByTextOrPlace) {
  const ReasonEntry one = entry(1, "no route", 12);
  for (const char* wanted : {"no route", "lb.bpf.c:12", "src/lb.bpf.c:12", "/a/b/lb.bpf.c:12"}) {
    EXPECT_TRUE(one.is(wanted)) << wanted;
  }
  for (const char* wanted :
       {"", "no", "no route ", "lb.bpf.c:1", "lb.bpf.c", "xlb.bpf.c:12", "12"}) {
    EXPECT_FALSE(one.is(wanted)) << wanted;
  }
}

TEST(ReasonEntries, AreDescribed) {
  EXPECT_EQ(describe(entry(1, "no route", 12), 9), R"(reason="no route" at=lb.bpf.c:12)");
  EXPECT_EQ(describe(entry(1, R"(a "b" \c)", 1, true), 4294967295),
            R"(reason="a \"b\" \\c" at=lb.bpf.c:1 rule=4294967295)");
}

TEST(ReasonEntries, AreNotTooLongForABlock) {
  Section section;
  section.add(1, std::string(2000, '"'), std::string(2000, 'f'), 1);
  ASSERT_EQ(section.parsed().size(), 1U);
  const std::string described = describe(section.parsed().front(), 0);
  EXPECT_GT(described.size(), 1000U);
  EXPECT_LT(described.size(), 3000U);
}

TEST(ReasonEntries, HaveNoTerminalEscapes) {
  Section section;
  section.add(1, "\x1b[31mred", "lb.bpf.c", 1);
  EXPECT_THAT(section.parsed(), ElementsAre(entry(1, "?[31mred", 1)));
}

}  // namespace
}  // namespace xdpcap
