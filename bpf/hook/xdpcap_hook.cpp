// SPDX-License-Identifier: BSD-3-Clause
// Written so that a C program can link it without libstdc++: no exceptions, no RTTI, only
// header-only parts of the standard library, and nothing of this project but its header.
#include "xdpcap_hook.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace {

constexpr const char* kMountHint =
    "mount it with: mount -t bpf bpf /sys/fs/bpf (not in `ip netns exec`, which hides it: use "
    "nsenter --net=/run/netns/NAME instead)";

// The kernel's limit of maps a program: MAX_USED_MAPS in bpf_verifier.h.
constexpr unsigned kMaxMapsOfAProgram = 64;

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&&) = delete;
  Fd& operator=(Fd&&) = delete;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

// Whether to append ": <text of error_number>" to the message, or whether it states the cause.
enum class Cause { Errno, Stated };

// Fills `error` and returns -error_number.
__attribute__((format(printf, 5, 6))) int fail(xdpcap_hook_error* error, int error_number,
                                               Cause cause, const char* hint, const char* format,
                                               ...) {
  if (error == nullptr) return -error_number;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  if (cause == Cause::Errno) {
    const size_t used = strlen(error->message);
    errno = error_number;
    snprintf(error->message + used, sizeof error->message - used, ": %m");
  }
  snprintf(error->hint, sizeof error->hint, "%s", hint);
  return -error_number;
}

bool map_info(int fd, bpf_map_info& info) {
  memset(&info, 0, sizeof info);
  unsigned size = sizeof info;
  return bpf_obj_get_info_by_fd(fd, &info, &size) == 0;
}

bool is_hook(uint32_t type, uint32_t key_size, uint32_t value_size) {
  return type == BPF_MAP_TYPE_PROG_ARRAY && key_size == sizeof(uint32_t) &&
         value_size == sizeof(uint32_t);
}

// The map's id, or 0 if `fd` is not a hook. The kernel's ids start at 1.
uint32_t hook_id(int fd) {
  bpf_map_info info;
  if (!map_info(fd, info) || !is_hook(info.type, info.key_size, info.value_size)) return 0;
  return info.id;
}

enum class Use { None, InUse, Unknown };

bool program_uses(int program_fd, uint32_t map_id, bpf_prog_info& info) {
  uint32_t map_ids[kMaxMapsOfAProgram] = {};
  memset(&info, 0, sizeof info);
  info.nr_map_ids = kMaxMapsOfAProgram;
  info.map_ids = reinterpret_cast<uintptr_t>(map_ids);
  unsigned size = sizeof info;
  if (bpf_obj_get_info_by_fd(program_fd, &info, &size) != 0) return false;
  for (unsigned i = 0; i < info.nr_map_ids && i < kMaxMapsOfAProgram; i++) {
    if (map_ids[i] == map_id) return true;
  }
  return false;
}

// Whether a loaded program uses the map; `user` is that program. This requires walking all
// programs: a hook's fdinfo shows that it had an owner once, not that the owner is still loaded.
Use find_use(uint32_t map_id, bpf_prog_info& user) {
  uint32_t id = 0;
  while (bpf_prog_get_next_id(id, &id) == 0) {
    const Fd program(bpf_prog_get_fd_by_id(id));
    if (!program.valid()) {
      if (errno == ENOENT) continue;  // unloaded meanwhile
      return Use::Unknown;
    }
    if (program_uses(program.get(), map_id, user)) return Use::InUse;
  }
  return errno == ENOENT ? Use::None : Use::Unknown;
}

// Failed: unknown, with errno set.
enum class Found { Nothing, Hook, Other, Failed };

// The kind of object at `path`, and the map id if it is a hook.
Found look_at(const char* path, uint32_t& id) {
  const Fd pinned(bpf_obj_get(path));
  if (pinned.valid()) {
    id = hook_id(pinned.get());
    return id == 0 ? Found::Other : Found::Hook;
  }
  if (errno == ENOENT) return Found::Nothing;
  // EACCES means that it is not a pin, or that this process may not read and write it.
  if (errno == EACCES && access(path, R_OK | W_OK) == 0) return Found::Other;
  return Found::Failed;
}

int cannot_look(const char* path, xdpcap_hook_error* error) {
  return fail(error, errno, Cause::Errno, errno == EPERM ? "run it as root" : "",
              "looking at what is pinned at %s", path);
}

bool on_bpffs(const char* folder) {
  struct statfs filesystem {};
  return statfs(folder, &filesystem) == 0 &&
         static_cast<uint32_t>(filesystem.f_type) == BPF_FS_MAGIC;
}

// Removes the last name of a path, as dirname(1) does. Returns the remaining length; 0 for ".".
size_t cut_name(char* path) {
  char* slash = strrchr(path, '/');
  if (slash == nullptr) {
    strcpy(path, ".");
    return 0;
  }
  if (slash == path) slash++;
  *slash = '\0';
  return static_cast<size_t>(slash - path);
}

int refuse_dots(const char* path, xdpcap_hook_error* error) {
  return fail(error, EINVAL, Cause::Stated, "", "pinning a hook at %s: names on bpffs have no dots",
              path);
}

// Reports errno. For names with dots, the kernel's error is only "not permitted".
int cannot_make(const char* folder, xdpcap_hook_error* error) {
  const char* slash = strrchr(folder, '/');
  if (errno == EPERM && strchr(slash != nullptr ? slash : folder, '.') != nullptr) {
    return refuse_dots(folder, error);
  }
  return fail(error, errno, Cause::Errno, "", "creating the folder %s", folder);
}

// Creates the missing parent folders of `path`. The first that exists must be on bpffs, so that
// none is created anywhere else.
int make_parents(const char* path, xdpcap_hook_error* error) {
  char folder[PATH_MAX];
  if (snprintf(folder, sizeof folder, "%s", path) >= PATH_MAX) {
    return fail(error, ENAMETOOLONG, Cause::Errno, "", "pinning a hook");
  }
  const size_t parents = cut_name(folder);
  size_t there = parents;
  while (access(folder, F_OK) != 0) {
    if (errno != ENOENT || there == 0) return cannot_make(folder, error);
    there = cut_name(folder);
  }
  if (!on_bpffs(folder)) {
    return fail(error, ENOTSUP, Cause::Stated, kMountHint,
                "pinning a hook at %s: %s is not on a BPF filesystem", path, folder);
  }
  for (size_t end = there + 1; end <= parents; end++) {
    if (end < parents && path[end] != '/') continue;
    snprintf(folder, sizeof folder, "%.*s", static_cast<int>(end), path);
    if (mkdir(folder, S_IRWXU) != 0 && errno != EEXIST) return cannot_make(folder, error);
  }
  return 0;
}

// Ensures that `path` can be a pin.
int prepare(const char* path, xdpcap_hook_error* error) {
  if (const int failed = make_parents(path, error)) return failed;
  const char* slash = strrchr(path, '/');
  const bool dots = strchr(slash != nullptr ? slash : path, '.') != nullptr;
  return dots ? refuse_dots(path, error) : 0;
}

int refuse_other(const char* path, xdpcap_hook_error* error) {
  return fail(error, EEXIST, Cause::Stated, "choose another path",
              "pinning a hook at %s: what is there is not a hook", path);
}

int refuse_in_use(const char* path, Use use, const bpf_prog_info& user, xdpcap_hook_error* error) {
  if (use == Use::Unknown) {
    return fail(error, EBUSY, Cause::Stated, "remove it first if it is stale",
                "pinning a hook at %s: another hook is there, and only CAP_SYS_ADMIN may see "
                "whether a program uses it",
                path);
  }
  return fail(error, EBUSY, Cause::Stated, "choose another path, or stop that program",
              "pinning a hook at %s: program \"%s\" (id %u) uses the hook that is there", path,
              user.name, user.id);
}

// Pins a hook next to `path`, under an unused name: another thread may be doing the same, and a
// process with the same id may have been killed at this point.
int pin_beside(int hook_fd, const char* path, char (&beside)[PATH_MAX], xdpcap_hook_error* error) {
  constexpr int kNames = 1000;
  for (int i = 0; i < kNames; i++) {
    if (snprintf(beside, sizeof beside, "%s_new_%d_%d", path, getpid(), i) >= PATH_MAX) {
      return fail(error, ENAMETOOLONG, Cause::Errno, "", "pinning a hook");
    }
    if (bpf_obj_pin(hook_fd, beside) == 0) return 0;
    if (errno != EEXIST) break;
  }
  return fail(error, errno, Cause::Errno, "", "pinning a hook at %s", beside);
}

// A pin cannot be overwritten, but another one can be renamed over it.
int pin_over(int hook_fd, const char* path, xdpcap_hook_error* error) {
  char fresh[PATH_MAX];
  if (const int failed = pin_beside(hook_fd, path, fresh, error)) return failed;
  if (rename(fresh, path) != 0) {
    const int cause = errno;
    unlink(fresh);
    return fail(error, cause, Cause::Errno, "", "replacing the stale hook at %s", path);
  }
  return 0;
}

}  // namespace

int xdpcap_hook_create(const char* name, xdpcap_hook_error* error) {
  const int fd = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, name, sizeof(uint32_t), sizeof(uint32_t),
                                XDP_REDIRECT + 1, nullptr);
  if (fd >= 0) return fd;
  return fail(error, errno, Cause::Errno, errno == EPERM ? "run it as root" : "",
              "creating the hook \"%s\"", name);
}

int xdpcap_hook_pin(int hook_fd, const char* path, unsigned int flags, xdpcap_hook_error* error) {
  const uint32_t id = hook_id(hook_fd);
  if (id == 0) {
    return fail(error, EINVAL, Cause::Stated, "", "pinning a hook at %s: the map is not a hook",
                path);
  }
  if (const int failed = prepare(path, error)) return failed;

  uint32_t found_id = 0;
  const Found found = look_at(path, found_id);
  if (found == Found::Nothing) {
    if (bpf_obj_pin(hook_fd, path) == 0) return 0;
    return fail(error, errno, Cause::Errno, "", "pinning a hook at %s", path);
  }
  if (found == Found::Failed) return cannot_look(path, error);
  if (found == Found::Other) return refuse_other(path, error);
  if (found_id == id) return 0;

  if ((flags & XDPCAP_HOOK_REPLACE_IN_USE) == 0) {
    bpf_prog_info user{};
    const Use use = find_use(found_id, user);
    if (use != Use::None) return refuse_in_use(path, use, user, error);
  }
  return pin_over(hook_fd, path, error);
}

int xdpcap_hook_set_pin(bpf_map* map, const char* path, xdpcap_hook_error* error) {
  if (!is_hook(bpf_map__type(map), bpf_map__key_size(map), bpf_map__value_size(map))) {
    return fail(error, EINVAL, Cause::Stated, "", "pinning the map \"%s\" at %s: it is not a hook",
                bpf_map__name(map), path);
  }
  if (const int failed = prepare(path, error)) return failed;

  uint32_t found_id = 0;
  const Found found = look_at(path, found_id);
  if (found == Found::Failed) return cannot_look(path, error);
  if (found == Found::Other) return refuse_other(path, error);
  bpf_prog_info user{};
  // Sharing a stale hook could keep the program from loading: it has the attach type and frags flag
  // of its old owner.
  if (found == Found::Hook && find_use(found_id, user) == Use::None && unlink(path) != 0) {
    return fail(error, errno, Cause::Errno, "", "removing the stale hook at %s", path);
  }
  if (bpf_map__set_pin_path(map, path) != 0) {
    return fail(error, errno, Cause::Errno, "", "pinning the hook \"%s\" at %s", bpf_map__name(map),
                path);
  }
  return 0;
}

int xdpcap_hook_unpin(int hook_fd, const char* path, xdpcap_hook_error* error) {
  uint32_t found_id = 0;
  const Found found = look_at(path, found_id);
  if (found == Found::Nothing) return 0;
  if (found == Found::Failed) return cannot_look(path, error);
  if (found == Found::Other) {
    return fail(error, EEXIST, Cause::Stated, "", "removing the hook at %s: it is not a hook",
                path);
  }
  if (hook_fd >= 0 && hook_id(hook_fd) != found_id) {
    return fail(error, EEXIST, Cause::Stated, "",
                "removing the hook at %s: another hook has taken its place", path);
  }
  if (unlink(path) == 0 || errno == ENOENT) return 0;
  return fail(error, errno, Cause::Errno, "", "removing the hook at %s", path);
}
