// SPDX-License-Identifier: BSD-3-Clause
// A target needs a source to precompile headers.
