// SPDX-License-Identifier: BSD-3-Clause
// Compiled as a part of capture/ring, which uses no layer below it in capture/CMakeLists.txt: the
// compiler has to refuse this.
#include "session/session.hpp"
