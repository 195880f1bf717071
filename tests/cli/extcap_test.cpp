// SPDX-License-Identifier: BSD-3-Clause
#include "cli/extcap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/request.hpp"

namespace xdpcap {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string answer(const std::vector<std::string>& arguments) {
  return answer_extcap(std::get<ExtcapQuery>(parse_options(arguments)));
}

TEST(Extcap, OrdinaryCommandLinesAreNotItsBusiness) {
  EXPECT_EQ(parse_extcap({"/hook", "out", "icmp"}), std::nullopt);
  EXPECT_EQ(parse_extcap({"--list"}), std::nullopt);
}

TEST(Extcap, HooksAreInterfaces) {
  const ListedHook hook = {
      "/sys/fs/bpf/x{1}",
      1,
      5,
      {{31,
        "xdp_pass",
        {{"", "eth0", 2, 31, XdpMode::native}, {"lab", "eth1", 3, 31, XdpMode::generic}}},
       {32, "other", {}}},
      {}};
  EXPECT_THAT(extcap_interfaces({hook}),
              HasSubstr("\ninterface {value=xdpcap:/sys/fs/bpf/x%7B1%7D}"
                        "{display=XDP hook: xdp_pass on eth0 and lab/eth1, other}\n"));
  EXPECT_THAT(extcap_interfaces({}), ::testing::StartsWith("extcap {version="));
}

TEST(Extcap, InterfacesAreHooks) {
  for (const char* path : {"/sys/fs/bpf/xdpcap", "/a{b}c%d e", "/100%", "/%7B"}) {
    EXPECT_EQ(hook_of_extcap_interface(extcap_interface(path)), path);
  }
  EXPECT_THROW((void)hook_of_extcap_interface("eth0"), UsageError);
}

TEST(Extcap, QueriesAreAnswered) {
  EXPECT_EQ(answer({"--extcap-dlts", "--extcap-interface", "xdpcap:/hook"}),
            "dlt {number=1}{name=EN10MB}{display=Ethernet}\n");
  EXPECT_THAT(answer({"--extcap-config", "--extcap-interface=xdpcap:/hook"}),
              HasSubstr("{call=--actions}"));
}

// Wireshark treats any output as an error.
TEST(Extcap, FiltersAreCheckedAsTheyAreTyped) {
  const auto check = [](const std::string& filter) {
    return answer({"--extcap-interface", "xdpcap:/hook", "--extcap-capture-filter", filter});
  };
  EXPECT_THAT(check("tcp port 80"), IsEmpty());
  EXPECT_THAT(check(""), IsEmpty());
  EXPECT_THAT(check("tcp port"), HasSubstr("syntax error"));
}

TEST(Extcap, ACaptureIsAnOrdinaryOne) {
  const auto options = std::get<Options>(
      parse_options({"--capture", "--extcap-interface", "xdpcap:/a%20b", "--fifo", "/tmp/fifo",
                     "--extcap-capture-filter", "tcp port 80", "--extcap-new=1", "--actions",
                     "drop,tx", "--snaplen", "0", "--ingress"}));
  EXPECT_EQ(options.sources.names, std::vector<std::string>{"/a b"});
  EXPECT_EQ(options.files.path, "/tmp/fifo");
  EXPECT_EQ(options.filter_text, "tcp port 80");
  EXPECT_THAT(*options.actions, ElementsAre(XdpAction(1), XdpAction(3)));
  EXPECT_TRUE(options.note_ingress);
  EXPECT_TRUE(options.quiet);
  const auto odd =
      std::get<Options>(parse_options({"--capture", "--extcap-interface", "xdpcap:/hook", "--fifo",
                                       "/tmp/fifo", "--extcap-capture-filter", "-5 < len"}));
  EXPECT_EQ(odd.filter_text, "-5 < len");
  EXPECT_THROW(parse_options({"--capture", "--extcap-interface", "xdpcap:/hook", "--fifo", "/f",
                              "--extcap-capture-filter", "-wother"}),
               UsageError);
  EXPECT_THROW(parse_options({"--capture", "--fifo", "/f"}), UsageError);
  EXPECT_THROW(parse_options({"--capture", "--fifo"}), UsageError);
}

// The dialog's options are options of the command line.
TEST(Extcap, TheDialogHasOptionsOfTheCommandLine) {
  const std::string dialog = answer({"--extcap-config", "--extcap-interface", "xdpcap:/hook"});
  int offered = 0;
  for (const std::string_view line : split(dialog, '\n')) {
    const std::size_t begin = line.find("{call=");
    if (begin == std::string_view::npos) continue;
    const std::string name(line.substr(begin + 6, line.find('}', begin) - begin - 6));
    bool known = false;
    for (const OptionSummary& option : option_summaries()) {
      known |= std::find(option.names.begin(), option.names.end(), name) != option.names.end();
    }
    EXPECT_TRUE(known) << name;
    ++offered;
  }
  EXPECT_EQ(offered, 8);
}

}  // namespace
}  // namespace xdpcap
