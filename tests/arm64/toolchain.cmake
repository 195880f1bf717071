# SPDX-License-Identifier: BSD-3-Clause
# Builds for arm64 with Debian's cross compiler, against the folder that ./sysroot makes
# (-DXDPCAP_SYSROOT=FOLDER). Tests are run by qemu-user. BPF programs are the same on every machine:
# this machine's clang and bpftool make them.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static -L ${XDPCAP_SYSROOT})
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES XDPCAP_SYSROOT)

set(CMAKE_SYSROOT ${XDPCAP_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${XDPCAP_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR}
    ${XDPCAP_SYSROOT}/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/pkgconfig:${XDPCAP_SYSROOT}/usr/share/pkgconfig)
