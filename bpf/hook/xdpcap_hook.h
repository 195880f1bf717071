/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * xdpcap_hook.h is for loaders: it creates, pins and removes the hooks that XDP programs exit
 * through (xdpcap.h). It works in C and C++ loaders and needs only libbpf. The two files
 * xdpcap_hook.h and xdpcap_hook.cpp can be copied into a loader's own tree.
 *
 * A loader that already has a libbpf object does one of:
 *
 *   after loading:   xdpcap_hook_pin(bpf_map__fd(skel->maps.xdpcap_hook), path, 0, &error);
 *   before loading:  xdpcap_hook_set_pin(skel->maps.xdpcap_hook, path, &error);
 *
 * and at the end   xdpcap_hook_unpin(bpf_map__fd(skel->maps.xdpcap_hook), path, &error);
 *
 * Pin before attaching, so that the first packet can be captured. No function mounts bpffs; if it
 * is missing, the error's hint says how to mount it.
 *
 * Every function returns 0 or a file descriptor, or else a negative errno, and then fills `error`
 * unless that is NULL. No function prints. They have no state, so they are thread-safe.
 */
#ifndef XDPCAP_CPP_XDPCAP_HOOK_H
#define XDPCAP_CPP_XDPCAP_HOOK_H

#ifdef __cplusplus
extern "C" {
#endif

struct bpf_map; /* libbpf's */

/* Why a call failed, as text: one line each, without a newline. */
struct xdpcap_hook_error {
	char message[512]; /* "doing X: cause" */
	char hint[256];    /* what to do about it; may be empty */
};

enum xdpcap_hook_pin_flags {
	/* Replace a hook that a loaded program still uses: for a loader that replaces one version
	 * of its program by the next. */
	XDPCAP_HOOK_REPLACE_IN_USE = 1U << 0,
};

/*
 * Creates a hook: an empty BPF_MAP_TYPE_PROG_ARRAY with a slot for each enum xdp_action.
 *
 * name   of the map, for bpftool; at most 15 letters, digits, "_" and "."
 *
 * Returns its file descriptor (close-on-exec), which the caller closes. EPERM without CAP_BPF.
 */
int xdpcap_hook_create(const char *name, struct xdpcap_hook_error *error);

/*
 * Pins a hook, and creates missing parent folders.
 *
 * hook_fd  a hook's file descriptor; EINVAL for any other map
 * path     on bpffs, which refuses names with dots
 * flags    of enum xdpcap_hook_pin_flags
 *
 * A hook at `path` that no loaded program uses is stale (its loader was killed), and is replaced
 * atomically (rename), so that `path` always exists. If this hook is already pinned at `path`,
 * nothing changes, so the function may be called again.
 *
 * ENOTSUP       path is not on bpffs
 * EINVAL        a name in path has a dot
 * ENAMETOOLONG  path has PATH_MAX bytes or more
 * EPERM, EACCES permission to access path, or to pin there, is missing
 * EEXIST        there is something else than a hook at path; it stays
 * EBUSY         a loaded program uses the hook at path (or CAP_SYS_ADMIN is missing to find out),
 *               and XDPCAP_HOOK_REPLACE_IN_USE is not set in flags
 */
int xdpcap_hook_pin(int hook_fd, const char *path, unsigned int flags,
		    struct xdpcap_hook_error *error);

/*
 * Sets `path` as the pin path of a map that is not loaded yet (bpf_map__set_pin_path()). If loaded
 * programs use a hook at `path`, loading will share it, so that one capture sees all of them;
 * otherwise it will create and pin the hook. A stale hook is removed first, and missing parent
 * folders are created. Programs that share a hook must have the same expected attach type and
 * frags flag.
 *
 * map    a map of an object that was opened but not loaded; EINVAL if it does not define a hook
 * path   as for xdpcap_hook_pin(), and the same errors, except EBUSY for a hook in use
 */
int xdpcap_hook_set_pin(struct bpf_map *map, const char *path, struct xdpcap_hook_error *error);

/*
 * Removes the pin if it is a pin of this hook. Succeeds if there is nothing at path. Parent folders
 * stay.
 *
 * hook_fd  the hook that was pinned; -1 for any hook
 *
 * EEXIST         there is something else at path, such as the hook of another loader; it stays
 * EPERM, EACCES  permission to access path, or to remove it, is missing
 *
 * The kernel empties a hook when its last pin and its last user-side descriptor are gone.
 */
int xdpcap_hook_unpin(int hook_fd, const char *path, struct xdpcap_hook_error *error);

#ifdef __cplusplus
}
#endif

#endif /* XDPCAP_CPP_XDPCAP_HOOK_H */
