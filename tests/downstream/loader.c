/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Its loader, in C: loader OBJECT PIN. Loads the object, pins its hook, says "ready",
 * waits for a line on stdin, runs the program on some packets of 64 bytes, and unpins the hook.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <xdpcap/xdpcap_hook.h>

static int fail(const struct xdpcap_hook_error *error)
{
	fprintf(stderr, "loader: %s (%s)\n", error->message, error->hint);
	return 2;
}

int main(int argc, char **argv)
{
	unsigned char packet[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = 3);
	struct xdpcap_hook_error error;
	struct bpf_object *object;
	int hook;

	if (argc != 3)
		return 1;
	object = bpf_object__open_file(argv[1], NULL);
	if (!object || bpf_object__load(object) != 0)
		return 2;
	hook = bpf_object__find_map_fd_by_name(object, "xdpcap_hook");
	if (xdpcap_hook_pin(hook, argv[2], 0, &error) != 0)
		return fail(&error);
	puts("ready");
	fflush(stdout);
	getchar();
	if (bpf_prog_test_run_opts(bpf_program__fd(bpf_object__next_program(object, NULL)), &run) != 0)
		return 2;
	if (xdpcap_hook_unpin(hook, argv[2], &error) != 0)
		return fail(&error);
	bpf_object__close(object);
	return run.retval == 1 ? 0 : 3; /* XDP_DROP */
}
