// SPDX-License-Identifier: BSD-3-Clause
// The loader of the example programs: how it summarises libbpf's messages. (xdp_pass_test covers
// the rest.)
#include <gtest/gtest.h>

#include "loader/libbpf_log.hpp"

namespace xdpcap::loader {
namespace {

TEST(LibbpfReason, IsTheVerifiersLastWordBeforeItsStatistics) {
  EXPECT_EQ(reason_in("libbpf: prog 'p': BPF program load failed: Permission denied\n"
                      "libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n"
                      "0: R1=ctx(off=0,imm=0) R10=fp0\n"
                      "0: (69) r0 = *(u16 *)(r1 +0)\n"
                      "invalid bpf_context access off=0 size=2\n"
                      "processed 1 insns (limit 1000000) max_states_per_insn 0\n"
                      "-- END PROG LOAD LOG --\n"
                      "libbpf: prog 'p': failed to load: -13\n"),
            "invalid bpf_context access off=0 size=2");
}

TEST(LibbpfReason, IsTwoLinesWhereTheVerdictIs) {
  EXPECT_EQ(reason_in("libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n"
                      "1: (71) r3 = *(u8 *)(r2 +12)\n"
                      "invalid access to packet, off=12 size=1, R2(id=0,off=12,r=0)\n"
                      "R2 offset is outside of the packet\n"
                      "processed 2 insns (limit 1000000)\n"
                      "-- END PROG LOAD LOG --\n"),
            "invalid access to packet, off=12 size=1, R2(id=0,off=12,r=0); "
            "R2 offset is outside of the packet");
}

TEST(LibbpfReason, IsTheFirstMessageWithoutAVerifierLog) {
  EXPECT_EQ(reason_in("libbpf: map 'm': failed to create: Operation not permitted(-1)\n"
                      "libbpf: failed to load object 'o'\n"),
            "map 'm': failed to create: Operation not permitted(-1)");
}

TEST(LibbpfReason, IsNotTheLimitThatNoLongerCounts) {
  EXPECT_EQ(reason_in("libbpf: Failed to bump RLIMIT_MEMLOCK (err = -1), you might need to\n"
                      "libbpf: map 'm': failed to create: Operation not permitted(-1)\n"),
            "map 'm': failed to create: Operation not permitted(-1)");
}

TEST(LibbpfReason, IsEmptyWithoutMessages) {
  EXPECT_EQ(reason_in(""), "");
}

}  // namespace
}  // namespace xdpcap::loader
