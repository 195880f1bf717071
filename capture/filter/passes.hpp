// SPDX-License-Identifier: BSD-3-Clause
// The passes over a filter's graph. Each is correct by itself and keeps what the filter says about
// every packet; codegen.cpp has their order.
#pragma once

#include "filter/ir.hpp"

namespace xdpcap::ir {

// Goes around blocks that do nothing, and joins blocks that only follow one another.
void thread_jumps(Graph& graph);

// Drops what nobody reads, and sends a packet that can no longer match straight to kNoMatch. A load
// that nobody reads stays as a demand on the packet's length.
void remove_dead_code(Graph& graph);

// Makes one load and one comparison of two that look at neighbouring bytes and lead to the same
// blocks: protocol and fragment offset, source and destination port.
void fuse_tests(Graph& graph);

// Compares in the order in which the bytes lie in the packet, where a value is only tested for
// equality or for bits: the constant is swapped at compile time instead of the value at run time.
void choose_byte_order(Graph& graph);

// Makes the verifier forget what it knows of a variable where that depends on too many ways through
// the filter, and it would have to walk on for each of them, or where it is confused about an X
// that an address is to be made of.
void forget_variants(Graph& graph);

// Inserts the bounds checks that the verifier wants before each load: as early as every matching
// packet would have to pass them, for as many bytes as it will need, and as few as possible. Loads
// behind X are then relative to the cursor. Comes last: it knows what the emitted code tells the
// verifier about each variable.
void guard_packet(Graph& graph);

}  // namespace xdpcap::ir
