// SPDX-License-Identifier: BSD-3-Clause
// The output of --list, as text and as JSON.
#include "cli/list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/parsing.hpp"

namespace xdpcap {
namespace {

const ListedHook kBusy = {
    "/sys/fs/bpf/xdpcap",
    12,
    5,
    {{31,
      "xdp_pass",
      {{"", "eth0", 2, 31, XdpMode::native},
       {"lab", "eth\x1b", 3, 31, XdpMode::generic},
       {"", "", 9, 31, XdpMode::unknown}}},
     {32, "on_device", {}},
     {33, "part", {{"", "eth1", 4, 30, XdpMode::native}}, {30, "xdp_dispatcher"}}},
    {{XdpAction(1), 40, "xdpcap_drop", {{300, "xdpcap-cpp"}}},
     {XdpAction(1), 39, "xdpcap_drop", {{299, "other"}}},
     {XdpAction(2), 41, "xdpcap_pass", {{300, "xdpcap-cpp"}}},
     {XdpAction(3), 42, "xdpcap_tx", {}}}};
const ListedHook kIdle = {"/sys/fs/bpf/\"odd\\\n\xff", 13, 5, {}, {}};

TEST(ListText, TellsUsersPlacesAndCaptures) {
  EXPECT_EQ(list_as_text({{kBusy, kIdle}, {}, {}}),
            "/sys/fs/bpf/xdpcap: map 12, 5 slots\n"
            "  program 31 xdp_pass: eth0 (native), lab/eth? (generic), "
            "interface 9 of a namespace out of sight\n"
            "  program 32 on_device: attached nowhere\n"
            "  program 33 part (part of program 30 xdp_dispatcher): eth1 (native)\n"
            "  capture drop, pass: xdpcap-cpp (pid 300)\n"
            "  capture drop: other (pid 299)\n"
            "  capture tx: nobody has it open, a killed capture left it behind\n"
            "/sys/fs/bpf/\"odd\\??: map 13, 5 slots\n"
            "  no loaded XDP program uses it\n");
}

TEST(ListText, SaysThatThereIsNone) {
  EXPECT_EQ(list_as_text({}), "");
  EXPECT_THAT(note_on({}), ::testing::StartsWith("no hook is "));
  EXPECT_EQ(note_on({{kIdle}, {}, {}}), "");
}

TEST(ListJson, HoldsTheSame) {
  EXPECT_EQ(list_as_json({{kBusy, kIdle}, {}, {}}),
            R"([{"kind":"hook","path":"/sys/fs/bpf/xdpcap","map_id":12,"slots":5,"programs":[)"
            R"({"id":31,"name":"xdp_pass","dispatcher":null,"attachments":[)"
            R"({"netns":null,"interface":"eth0","ifindex":2,"mode":"native"},)"
            R"({"netns":"lab","interface":"eth\u001b","ifindex":3,"mode":"generic"},)"
            R"({"netns":null,"interface":null,"ifindex":9,"mode":"unknown"}]},)"
            R"({"id":32,"name":"on_device","dispatcher":null,"attachments":[]},)"
            R"({"id":33,"name":"part","dispatcher":{"id":30,"name":"xdp_dispatcher"},)"
            R"("attachments":[{"netns":null,"interface":"eth1","ifindex":4,"mode":"native"}]}],)"
            R"("captures":[)"
            R"({"action":"drop","slot":1,"program_id":40,"program_name":"xdpcap_drop",)"
            R"("processes":[{"pid":300,"command":"xdpcap-cpp"}]},)"
            R"({"action":"drop","slot":1,"program_id":39,"program_name":"xdpcap_drop",)"
            R"("processes":[{"pid":299,"command":"other"}]},)"
            R"({"action":"pass","slot":2,"program_id":41,"program_name":"xdpcap_pass",)"
            R"("processes":[{"pid":300,"command":"xdpcap-cpp"}]},)"
            R"({"action":"tx","slot":3,"program_id":42,"program_name":"xdpcap_tx",)"
            R"("processes":[]}]},)"
            R"({"kind":"hook","path":"/sys/fs/bpf/\"odd\\\u000a\ufffd","map_id":13,"slots":5,)"
            R"("programs":[],"captures":[]}])"
            "\n");
  EXPECT_EQ(list_as_json({}), "[]\n");
}

const Listing kHookless = {
    {},
    {{{31, "xdp_pass", {{"", "eth0", 2, 31, XdpMode::native}}},
      {{TracePoint::entry, 50, "xdpcap_entry", {{300, "xdpcap-cpp"}}},
       {TracePoint::exit, 51, "xdpcap_exit", {{300, "xdpcap-cpp"}}},
       {TracePoint::exit, 52, "xdpcap_exit", {}}}},
     {{33, "part", {{"", "eth1", 4, 30, XdpMode::native}}, {30, "xdp_dispatcher"}}, {}},
     {{}, {{TracePoint::exit, 53, "xdpcap_exit", {{301, "xdpcap-cpp"}}}}}},
    {{{"lab", "eth2", 5, 60, XdpMode::generic}, "xdpcap_attached", {{302, "xdpcap-cpp"}}}}};

TEST(ListText, TellsCapturesWithoutAHook) {
  EXPECT_EQ(list_as_text(kHookless),
            "program 31 xdp_pass: eth0 (native)\n"
            "  capture entry, exit: xdpcap-cpp (pid 300)\n"
            "  capture exit: a process out of sight\n"
            "program 33 part (part of program 30 xdp_dispatcher): eth1 (native)\n"
            "a program that the kernel does not tell before Linux 5.13\n"
            "  capture exit: xdpcap-cpp (pid 301)\n"
            "lab/eth2 (generic): a recorder, program 60 xdpcap_attached\n"
            "  capture pass: xdpcap-cpp (pid 302)\n");
}

TEST(ListJson, HoldsCapturesWithoutAHook) {
  EXPECT_EQ(list_as_json(kHookless),
            R"([{"kind":"program","path":null,"programs":[)"
            R"({"id":31,"name":"xdp_pass","dispatcher":null,"attachments":[)"
            R"({"netns":null,"interface":"eth0","ifindex":2,"mode":"native"}]}],"captures":[)"
            R"({"at":"entry","program_id":50,"program_name":"xdpcap_entry",)"
            R"("processes":[{"pid":300,"command":"xdpcap-cpp"}]},)"
            R"({"at":"exit","program_id":51,"program_name":"xdpcap_exit",)"
            R"("processes":[{"pid":300,"command":"xdpcap-cpp"}]},)"
            R"({"at":"exit","program_id":52,"program_name":"xdpcap_exit","processes":[]}]},)"
            R"({"kind":"program","path":null,"programs":[)"
            R"({"id":33,"name":"part","dispatcher":{"id":30,"name":"xdp_dispatcher"},)"
            R"("attachments":[{"netns":null,"interface":"eth1","ifindex":4,"mode":"native"}]}],)"
            R"("captures":[]},)"
            R"({"kind":"program","path":null,"programs":[],"captures":[)"
            R"({"at":"exit","program_id":53,"program_name":"xdpcap_exit",)"
            R"("processes":[{"pid":301,"command":"xdpcap-cpp"}]}]},)"
            R"({"kind":"interface","path":null,"programs":[)"
            R"({"id":60,"name":"xdpcap_attached","dispatcher":null,"attachments":[)"
            R"({"netns":"lab","interface":"eth2","ifindex":5,"mode":"generic"}]}],"captures":[)"
            R"({"action":"pass","program_id":60,"program_name":"xdpcap_attached",)"
            R"("processes":[{"pid":302,"command":"xdpcap-cpp"}]}]}])"
            "\n");
}

TEST(ListOptions, AskForAList) {
  EXPECT_FALSE(std::get<ListRequest>(parse_options({"--list"})).json);
  EXPECT_TRUE(std::get<ListRequest>(parse_options({"--list", "--json"})).json);
  EXPECT_TRUE(std::get<ListRequest>(parse_options({"-json", "-list"})).json);
  EXPECT_THROW(parse_options({"--list", "/hook", "out"}), UsageError);
  EXPECT_FALSE(std::get<ListRequest>(parse_options({"-nD"})).json);
  EXPECT_EQ(test::error({"-s96", "--list"}), "-s does not go with --list");
  EXPECT_EQ(test::error({"--fate=failed", "--list"}), "--fate does not go with --list");
  EXPECT_EQ(test::error({"--list", "-c", "5"}), "-c does not go with --list");
  EXPECT_EQ(test::error({"-d", "--list"}), "-d does not go with --list");
  EXPECT_EQ(test::error({"-w", "out", "--list", "--json"}), "-w does not go with --list");
}

}  // namespace
}  // namespace xdpcap
