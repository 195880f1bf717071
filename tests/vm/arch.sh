# shellcheck shell=bash disable=SC2034 # for the scripts that source it
# SPDX-License-Identifier: BSD-3-Clause
#
# Sourced: what is different from processor to processor. From XDPCAP_VM_ARCH, a processor by Debian's
# name (this machine's, if not set), it makes:
#
#   arch, machine       Debian's name, and the kernel's (uname -m)
#   qemu, qemu_package  the emulator; qemu_options is the machine it is to be
#   boot_options        what the kernel is told at its start
#   console, output     serial ports: where the kernel's messages go, the device of the command's output
#   build               where the project is built for it
#   sysroot             where its programs and libraries lie; empty: they are this machine's own
#   emulator            runs its programs on this machine; empty: nothing is needed for it
#   list_libraries      ldd
#   strip
#   kernels             those of --all
native_arch=$(dpkg --print-architecture)
arch=${XDPCAP_VM_ARCH:-$native_arch}
build=build sysroot='' emulator=() list_libraries=(ldd) strip=strip

case $arch in
  amd64)
    machine=x86_64
    qemu_package="qemu-system-x86"
    # No cx16: QEMU 7.2 returns wrong flags from cmpxchg16b now and then, and since 6.12 the slab
    # allocator is built on it, so that every other boot crashed. Without, the kernel has another way.
    #
    # One thread for all processors: with several, QEMU 7.2 may go on executing code that a kernel has
    # replaced meanwhile. Kernels change a jump by an int3 in its place, and panic on one that comes when
    # they have no change under way. Each packet test run changes such jumps (the dispatcher of XDP), and
    # each update of a tail call. The test of Wireshark's toolbar ended so in three runs of four; with
    # one thread it passed each time, and takes as long.
    qemu_options=(-accel "tcg,thread=single" -cpu "max,cx16=off")
    # So a kernel that finds its clock unstable, because the emulator was delayed, does not switch to
    # another one, which changes code, too.
    boot_options="tsc=reliable"
    console=ttyS0
    output=/dev/ttyS1
    second_port=(-serial chardev:output)
    kernels=(5.10 6.1 6.12 newest)
    ;;
  arm64)
    machine=aarch64
    qemu_package="qemu-system-arm"
    # With the real algorithm for signed pointers, they are most of what is emulated.
    qemu_options=(-accel "tcg,thread=multi" -M virt -cpu "max,pauth-impdef=on")
    boot_options=
    console=ttyAMA0
    output=/dev/ttyS0 # the board has one port of its own, the other is on PCI
    second_port=(-device "pci-serial,chardev=output")
    kernels=(6.1 6.12 newest) # recorders need atomic exchanges
    ;;
  *)
    echo "tests/vm: no machine for '$arch': amd64 and arm64 are known" >&2
    exit 125
    ;;
esac
qemu=qemu-system-$machine

# Another processor than this machine's: ../arm64 builds for it.
if [[ $arch != "$native_arch" ]]; then
  [[ $arch == arm64 ]] || { echo "tests/vm: $arch needs a machine that is one" >&2; exit 125; }
  build=build/$arch
  strip=$machine-linux-gnu-strip
  sysroot=$("$(dirname "${BASH_SOURCE[0]}")/../$arch/sysroot") || exit 125
  emulator=("qemu-$machine-static" -L "$sysroot")
  list_libraries=("${emulator[@]}" "$sysroot/lib/ld-linux-$machine.so.1" --list)
fi

# Where a program lies that the machine is to have.
program_path() { # NAME
  local path=$PATH
  [[ ! $sysroot ]] || path=$sysroot/usr/bin:$sysroot/usr/sbin
  PATH=$build/bin:$path type -P -- "$1"
}

# Kernels of this machine's processor have no more than their name, as they had before there were others.
kernel_folder() { # KERNEL
  local folder=${XDG_CACHE_HOME:-$HOME/.cache}/xdpcap-vm/$1
  if [[ $arch == amd64 ]]; then echo "$folder"; else echo "$folder-$arch"; fi
}
