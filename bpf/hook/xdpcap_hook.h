/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * xdpcap_hook.h is for loaders: it creates, pins and removes the hooks that XDP programs exit
 * through (xdpcap.h). C and C++ loaders can use it; it needs libbpf and nothing else, and the
 * two files xdpcap_hook.h and xdpcap_hook.cpp can be taken into a loader's own tree.
 *
 * A loader that already has a libbpf object does one of:
 *
 *   after loading:   xdpcap_hook_pin(bpf_map__fd(skel->maps.xdpcap_hook), path, 0, &error);
 *   before loading:  xdpcap_hook_set_pin(skel->maps.xdpcap_hook, path, &error);
 *
 * and at the end   xdpcap_hook_unpin(bpf_map__fd(skel->maps.xdpcap_hook), path, &error);
 *
 * Pin before attaching, so that the first packet can be captured. Nothing here mounts bpffs; the
 * hint of the error says how where it is missing.
 *
 * Every function returns 0 or a file descriptor, or a negative errno, and then fills `error` unless
 * that is NULL. No function prints. They keep no state, so threads may call them at the same time.
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
	char hint[256];    /* what to do about it; empty where there is nothing to say */
};

enum xdpcap_hook_pin_flags {
	/* Take the place of a hook that a loaded program still uses: for a loader that hands over
	 * from one version of its program to the next. */
	XDPCAP_HOOK_REPLACE_IN_USE = 1U << 0,
};

/*
 * Creates a hook: an empty BPF_MAP_TYPE_PROG_ARRAY with a slot for each enum xdp_action.
 *
 * name   of the map, for bpftool; the kernel takes letters, digits, "_" and ".", at most 15
 *
 * Returns its file descriptor (close-on-exec), which the caller closes. EPERM without CAP_BPF.
 */
int xdpcap_hook_create(const char *name, struct xdpcap_hook_error *error);

/*
 * Pins a hook, and makes the parent folders that are missing.
 *
 * hook_fd  a hook's file descriptor; EINVAL for any other map
 * path     where, on bpffs; its last part without dots, which bpffs refuses
 * flags    of enum xdpcap_hook_pin_flags
 *
 * A hook at `path` that no loaded program uses is stale, left behind by a loader that was killed,
 * and is replaced in one step (rename), so that who opens `path` finds the one or the other. That
 * may be called again: a pin of this very hook is left as it is.
 *
 * ENOTSUP       path is not on bpffs
 * EINVAL        a name in path has a dot
 * ENAMETOOLONG  path has PATH_MAX bytes or more
 * EPERM, EACCES the rights to look at path, or to pin there, are missing
 * EEXIST        what is at path is not a hook; it is left alone
 * EBUSY         a loaded program uses the hook at path (or CAP_SYS_ADMIN is missing to find out),
 *               and flags do not say XDPCAP_HOOK_REPLACE_IN_USE
 */
int xdpcap_hook_pin(int hook_fd, const char *path, unsigned int flags,
		    struct xdpcap_hook_error *error);

/*
 * Makes `path` the pin of a map that is not loaded yet (bpf_map__set_pin_path()): loading shares
 * the hook of the loaded programs that use the one at `path`, so that one capture sees them all,
 * or else creates the hook and pins it. A stale hook is removed first; parent folders are made.
 * Sharing takes programs of the same flavour (expected attach type and frags).
 *
 * map    a map of an object that was opened and not loaded; EINVAL if it does not define a hook
 * path   as for xdpcap_hook_pin(), and the same errors, except that in use is not one
 */
int xdpcap_hook_set_pin(struct bpf_map *map, const char *path, struct xdpcap_hook_error *error);

/*
 * Removes the pin, if it is a pin of this hook: one that another loader has put in its place
 * stays. Removing what is not there succeeds. Parent folders stay.
 *
 * hook_fd  the hook that was pinned; -1 for whatever hook is there
 *
 * EEXIST         what is at path is not a hook, or not this one; it is left alone
 * EPERM, EACCES  the rights to look at path, or to remove it, are missing
 *
 * The kernel empties a hook when its last pin and its last user-side descriptor are gone.
 */
int xdpcap_hook_unpin(int hook_fd, const char *path, struct xdpcap_hook_error *error);

#ifdef __cplusplus
}
#endif

#endif /* XDPCAP_CPP_XDPCAP_HOOK_H */
