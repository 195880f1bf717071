// SPDX-License-Identifier: BSD-3-Clause
#include "base/shared_memory.hpp"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace xdpcap {
namespace {

// Shared memory has huge pages only where the administrator has allowed them for all of it
// (shmem_enabled, by default "never"), or in a tmpfs that is mounted with them. This one is mounted
// nowhere, and ends with its last descriptor. It needs CAP_SYS_ADMIN and Linux 5.2. Invalid if that
// is not possible.
UniqueFd create_huge_file() {
  const UniqueFd context(static_cast<int>(::syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC)));
  if (!context.valid()) return {};
  const auto configure = [&](unsigned command, const char* key, const char* value) {
    return ::syscall(SYS_fsconfig, context.get(), command, key, value, 0) == 0;
  };
  if (!configure(FSCONFIG_SET_STRING, "huge", "always")) return {};
  if (!configure(FSCONFIG_CMD_CREATE, nullptr, nullptr)) return {};
  const UniqueFd mount(static_cast<int>(::syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, 0)));
  if (!mount.valid()) return {};
  constexpr mode_t kMode = 0600;
  return UniqueFd(::openat(mount.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, kMode));
}

constexpr std::size_t kHugePage = std::size_t{2} << 20U;

// The kernel clears a huge page of shared memory at once. On a virtual machine whose host has yet
// to provide that memory, this takes up to 10 ms, in which no other thread runs on this CPU. A huge
// page of private memory is cleared in small steps. Once freed, it is the page that this CPU's next
// allocation of a huge page gets.
void provide_huge_page() {
#ifdef MADV_POPULATE_WRITE
  constexpr std::size_t kLength = 2 * kHugePage;  // a huge page lies in it at any alignment
  void* memory =
      ::mmap(nullptr, kLength, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  void* page = memory;
  std::size_t room = kLength;
  std::align(kHugePage, kHugePage, page, room);
  if (::madvise(page, kHugePage, MADV_HUGEPAGE) == 0) {
    static_cast<void>(::madvise(page, 1, MADV_POPULATE_WRITE));
  }
  ::munmap(memory, kLength);
#endif
}

}  // namespace

Mapping shared_memory(std::size_t length, const char* doing) {
  if (const UniqueFd file = create_huge_file();
      file.valid() && ::ftruncate(file.get(), static_cast<off_t>(length)) == 0) {
    try {
      return {file.get(), length, PROT_READ | PROT_WRITE, 0, doing};
    } catch (const Error&) {  // in pages of the usual size
    }
  }
  return Mapping::shared(length, doing);
}

void populate(std::byte* memory, std::size_t length) {
#ifdef MADV_POPULATE_WRITE
  std::size_t done = 0;
  for (std::size_t part = 0; done < length; done += part) {
    part = std::min(length - done, kHugePage);
    if (part == kHugePage) provide_huge_page();
    if (::madvise(memory + done, part, MADV_POPULATE_WRITE) != 0) break;
  }
  if (done == length) return;
#endif
  constexpr std::size_t kPage = 4096;  // before Linux 5.14
  for (std::size_t at = 0; at < length; at += kPage) {
    static_cast<void>(*static_cast<volatile std::byte*>(memory + at));
  }
}

}  // namespace xdpcap
