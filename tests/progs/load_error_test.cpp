// SPDX-License-Identifier: BSD-3-Clause
// The loader's message for a program that the verifier refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "progs/lab.hpp"

namespace xdpcap::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(LoadError, IsOneLineWithTheVerifiersReason) {
  const Output output = output_of({BROKEN, "-i", "lo"});
  EXPECT_EQ(output.exit_code, 2);
  EXPECT_THAT(output.text,
              AllOf(testing::StartsWith("broken: loading the program: invalid access to packet"),
                    testing::EndsWith(" (-v shows all of the log)\n")));
  EXPECT_EQ(std::count(output.text.begin(), output.text.end(), '\n'), 1) << output.text;
}

// The flag of many examples, which are written in Go.
TEST(Options, IfaceIsTheInterface) {
  EXPECT_THAT(output_of({BROKEN, "-iface", "lo"}).text, HasSubstr("broken: loading the program: "));
}

TEST(LoadError, IsTheWholeLogWhenVerbose) {
  const Output output = output_of({BROKEN, "-i", "lo", "-v"});
  EXPECT_EQ(output.exit_code, 2);
  // The log from its first instruction to its statistics, with the C source in between.
  EXPECT_THAT(output.text,
              AllOf(HasSubstr("-- BEGIN PROG LOAD LOG --"), HasSubstr("R1=ctx"),
                    HasSubstr("; return xdpcap_exit(ctx, &xdpcap_hook, ethernet->h_proto"),
                    HasSubstr("offset is outside of the packet"), HasSubstr("processed "),
                    HasSubstr("-- END PROG LOAD LOG --"),
                    HasSubstr("broken: loading the program: invalid access to packet")));
}

}  // namespace
}  // namespace xdpcap::test
