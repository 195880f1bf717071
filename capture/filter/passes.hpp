// SPDX-License-Identifier: BSD-3-Clause
// The passes over a filter's graph. Each is correct by itself and preserves the filter's result for
// every packet. Their order is in codegen.cpp.
#pragma once

#include "filter/ir.hpp"

namespace xdpcap::ir {

// Skips empty blocks, and merges a block with its only successor if that has no other predecessor.
void simplify_cfg(Graph& graph);

// Removes dead operations, and sends packets that can no longer match straight to kNoMatch. Of a
// load whose value is dead, the check of the packet's length remains.
void remove_dead_code(Graph& graph);

// Fuses two tests of adjacent bytes with the same targets into one load and one comparison:
// protocol and fragment offset, source and destination port.
void fuse_tests(Graph& graph);

// Keeps a value in network byte order if it is only tested for equality or for bits: the constant
// is swapped at compile time instead of the value at run time.
void choose_byte_order(Graph& graph);

// Scrubs a variable (makes the verifier lose its bounds) where the bounds depend on too many paths
// through the filter, each of which the verifier would have to explore, and where its bounds of X
// may have become contradictory before X is used in an address.
void scrub_bounds(Graph& graph);

// Inserts the bounds checks that the verifier requires before loads: as early as every matching
// packet has to pass them, for as many bytes as it will need, and as few checks as possible. Loads
// relative to X become relative to the cursor. This is the last pass: it models what the verifier
// derives from the emitted code.
void guard_packet(Graph& graph);

}  // namespace xdpcap::ir
