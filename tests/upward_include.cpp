// SPDX-License-Identifier: BSD-3-Clause
// Compiled as a part of capture/ring, which may not use layers below it in capture/CMakeLists.txt:
// the compiler must refuse this.
#include "session/session.hpp"
