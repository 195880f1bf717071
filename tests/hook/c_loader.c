/* SPDX-License-Identifier: BSD-3-Clause */
/* A C loader, built by the C compiler and linked without libstdc++: c_loader FOLDER_ON_BPFFS. */
#include <bpf/bpf.h>
#include <stdio.h>
#include <unistd.h>
#include <xdpcap_hook.h>

static int report(const struct xdpcap_hook_error *error)
{
	fprintf(stderr, "c_loader: %s (%s)\n", error->message, error->hint);
	return 2;
}

int main(int argc, char **argv)
{
	struct xdpcap_hook_error error;
	char path[256];
	int hook, pinned;

	if (argc != 2)
		return 1;
	snprintf(path, sizeof(path), "%s/c_loader_%d/hook", argv[1], (int)getpid());

	hook = xdpcap_hook_create("c_loader", &error);
	if (hook < 0 || xdpcap_hook_pin(hook, path, 0, &error) != 0)
		return report(&error);
	pinned = bpf_obj_get(path);
	if (xdpcap_hook_unpin(hook, path, &error) != 0)
		return report(&error);
	*__builtin_strrchr(path, '/') = '\0';
	rmdir(path);
	return pinned >= 0 ? 0 : 3;
}
