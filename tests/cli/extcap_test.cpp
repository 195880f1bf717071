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
#include "cli/extcap_dialog.hpp"
#include "cli/request.hpp"

namespace xdpcap {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string answer(const std::vector<std::string>& arguments) {
  return answer_extcap(std::get<ExtcapQuery>(parse_options(arguments)));
}

TEST(Extcap, OrdinaryCommandLinesAreNotItsBusiness) {
  EXPECT_EQ(parse_extcap({"/hook", "out", "icmp"}), std::nullopt);
  EXPECT_EQ(parse_extcap({"--list"}), std::nullopt);
}

TEST(Extcap, SourcesAreInterfaces) {
  const ListedHook hook = {
      "/sys/fs/bpf/x{1}",
      1,
      5,
      {{31,
        "xdp_pass",
        {{"", "eth0", 2, 31, XdpMode::native}, {"lab", "eth1", 3, 31, XdpMode::generic}}},
       {32, "other", {}}},
      {}};
  EXPECT_THAT(extcap_interfaces({available(hook), {"eth0@lab", "XDP program {a} on eth0@lab"}}),
              HasSubstr("\ninterface {value=xdpcap:/sys/fs/bpf/x%7B1%7D}"
                        "{display=XDP hook: xdp_pass on eth0 and eth1@lab, other}\n"
                        "interface {value=xdpcap:eth0@lab}"
                        "{display=XDP program (a) on eth0@lab}\n"));
  EXPECT_THAT(extcap_interfaces({}), ::testing::StartsWith("extcap {version="));
}

// A toolbar without an interface would be for nothing.
TEST(Extcap, InterfacesHaveAToolbar) {
  const std::string answer = extcap_interfaces({{"eth0", "XDP program a on eth0"}});
  EXPECT_THAT(answer, HasSubstr("\ncontrol {number=0}{type=string}"));
  EXPECT_THAT(answer, HasSubstr("\ncontrol {number=2}{type=boolean}{display=drop}{default=true}"));
  EXPECT_THAT(extcap_interfaces({}), Not(HasSubstr("control")));
}

TEST(Extcap, ACaptureHasTheToolbarsPipes) {
  std::vector<std::string> words = {"--capture", "--extcap-interface",  "xdpcap:/hook", "--fifo",
                                    "/f",        "--extcap-control-in", "/in"};
  EXPECT_THROW(parse_options(words), UsageError);
  words.insert(words.end(), {"--extcap-control-out", "/out", "--extcap-capture-filter", "icmp"});
  const auto options = std::get<Options>(parse_options(words));
  EXPECT_EQ(options.toolbar->in, "/in");
  EXPECT_EQ(options.toolbar->out, "/out");
  EXPECT_EQ(options.filter_text, "icmp");
}

TEST(Extcap, InterfacesAreSources) {
  for (const char* source : {"/sys/fs/bpf/xdpcap", "/a{b}c%d e", "/100%", "/%7B", "eth0@lab"}) {
    EXPECT_EQ(source_of_extcap_interface(extcap_interface(source)), source);
  }
  EXPECT_THROW((void)source_of_extcap_interface("eth0"), UsageError);
}

TEST(Extcap, QueriesAreAnswered) {
  EXPECT_EQ(answer({"--extcap-dlts", "--extcap-interface", "xdpcap:/hook"}),
            "dlt {number=1}{name=EN10MB}{display=Ethernet}\n");
  EXPECT_THAT(answer({"--extcap-config", "--extcap-interface=xdpcap:/hook"}),
              HasSubstr("{call=--actions}"));
  EXPECT_THROW(answer({"--extcap-config"}), UsageError);
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

TEST(Extcap, ACaptureFromASourceThatIsNoPath) {
  const auto options = std::get<Options>(
      parse_options({"--capture", "--extcap-interface", "xdpcap:eth0@lab", "--fifo", "/tmp/fifo",
                     "--extcap-capture-filter", "icmp", "--at", "entry"}));
  EXPECT_EQ(options.sources.names, std::vector<std::string>{"eth0@lab"});
  EXPECT_FALSE(options.sources.is_plain);
  EXPECT_EQ(options.sources.at, CapturePoint::entry);
  EXPECT_EQ(options.files.path, "/tmp/fifo");
  EXPECT_EQ(options.filter_text, "icmp");
}

TEST(Extcap, EmptyFieldsOfTheDialogAreLeftOut) {
  const auto options = std::get<Options>(
      parse_options({"--capture", "--extcap-interface", "xdpcap:eth0", "--fifo", "/f", "--method",
                     "", "--queue", "1", "--rate", "", "--reason", ""}));
  EXPECT_EQ(options.sources.method, Method::any);
  EXPECT_THAT(options.queues, ::testing::SizeIs(1));
  EXPECT_THAT(options.reasons, IsEmpty());
}

// What "{call=...}" names, in order.
std::vector<std::string> offered(const std::string& source) {
  const std::string dialog = answer({"--extcap-config", "--extcap-interface", "xdpcap:" + source});
  std::vector<std::string> names;
  for (const std::string_view line : split(dialog, '\n')) {
    const std::size_t begin = line.find("{call=");
    if (begin == std::string_view::npos) continue;
    EXPECT_THAT(std::string(line), HasSubstr("}{group=")) << "it has no tab";
    names.emplace_back(line.substr(begin + 6, line.find('}', begin) - begin - 6));
  }
  return names;
}

// "lo" has no XDP program.
TEST(Extcap, TheDialogSuitsTheSource) {
  EXPECT_THAT(offered("/hook"), AllOf(Contains("--actions"), Contains("--replace"),
                                      Not(Contains("--method")), Not(Contains("--at"))));
  EXPECT_THAT(offered("prog:1"),
              AllOf(Contains("--actions"), Contains("--method"), Not(Contains("--follow"))));
  EXPECT_THAT(offered("lo"), AllOf(Contains("--snaplen"), Contains("--stack"),
                                   Not(Contains("--actions")), Not(Contains("--reason"))));
}

TEST(Extcap, ReasonsAreValues) {
  const ReasonEntry plain{1, 10, "no route", "lb.c", false};
  const ReasonEntry again{2, 20, "no route", "lb.c", false};
  const ReasonEntry braces{3, 30, "not {a}", "lb.c", false};
  const std::string number = [&] {
    const std::string dialog = answer({"--extcap-config", "--extcap-interface", "xdpcap:/hook"});
    const std::string before = dialog.substr(0, dialog.find("}{call=--reason}"));
    return before.substr(before.rfind('=') + 1);
  }();
  EXPECT_EQ(values_of_reasons({plain, again, braces}),
            "value {arg=" + number + "}{value=}{display=any or none}\nvalue {arg=" + number +
                "}{value=no route}{display=no route}\nvalue {arg=" + number +
                "}{value=lb.c:30}{display=not (a)}\n");
}

// The dialog's options are options of the command line.
TEST(Extcap, TheDialogHasOptionsOfTheCommandLine) {
  for (const std::string& name : offered("prog:1")) {
    bool known = false;
    for (const OptionSummary& option : option_summaries()) {
      known |= std::find(option.names.begin(), option.names.end(), name) != option.names.end();
    }
    EXPECT_TRUE(known) << name;
  }
}

}  // namespace
}  // namespace xdpcap
