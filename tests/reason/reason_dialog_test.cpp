// SPDX-License-Identifier: BSD-3-Clause
// The reasons that Wireshark's dialog offers.
#include <gmock/gmock.h>

#include <string>

#include "reason/reason_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;

TEST_F(ReasonTest, AreLoadedByWiresharksDialog) {
  const std::string values =
      must_run(tool({"--extcap-interface", "xdpcap:" + hook_path_, "--extcap-config",
                     "--extcap-reload-option", "reason"}));
  for (const char* text : {"first", R"(the "second" \ one)", "set rule", "first of the others"}) {
    EXPECT_THAT(values,
                HasSubstr("{value=" + std::string(text) + "}{display=" + std::string(text) + "}"));
  }
}

}  // namespace
}  // namespace xdpcap::test
