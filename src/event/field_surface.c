/* SPDX-License-Identifier: Apache-2.0 */
/* Calls on the kernel's own surface and capabilities used. Numbers are those of
 * the kernel's user headers, written out: a capture reads the same everywhere. */
#include "event/field_internal.h"

#include <inttypes.h>

struct word {
	uint64_t number;
	const char *word;
};

static bool is_call(const struct event *ev, const char *name)
{
	const char *call;
	size_t len;

	if (ev->hdr.type != EVENT_SYSCALL)
		return false;
	call = event_syscall_name(ev);
	len = strlen("io_uring:");
	if (strncmp(call, "io_uring:", len) == 0)
		call += len;
	return strcmp(call, name) == 0;
}

/* The list ends with { 0 }. */
static int give_name(struct value *ret, const struct word *words, uint64_t number)
{
	for (; words->word; words++) {
		if (words->number == number)
			return give_word(ret, words->word);
	}
	return give_printf(ret, "%" PRIu64, number);
}

/* clang-format off */
int get_bpf_cmd(const struct event *ev, struct value *ret)
{
	static const struct word words[] = {
		{ 0, "MAP_CREATE" },	{ 5, "PROG_LOAD" },	{ 6, "OBJ_PIN" },
		{ 7, "OBJ_GET" },	{ 8, "PROG_ATTACH" },	{ 9, "PROG_DETACH" },
		{ 10, "PROG_TEST_RUN" }, { 11, "PROG_GET_NEXT_ID" }, { 12, "MAP_GET_NEXT_ID" },
		{ 13, "PROG_GET_FD_BY_ID" }, { 14, "MAP_GET_FD_BY_ID" }, { 16, "PROG_QUERY" },
		{ 17, "RAW_TRACEPOINT_OPEN" }, { 18, "BTF_LOAD" }, { 19, "BTF_GET_FD_BY_ID" },
		{ 20, "TASK_FD_QUERY" }, { 22, "MAP_FREEZE" }, { 23, "BTF_GET_NEXT_ID" },
		{ 28, "LINK_CREATE" },	{ 29, "LINK_UPDATE" },	{ 30, "LINK_GET_FD_BY_ID" },
		{ 32, "ENABLE_STATS" },	{ 33, "ITER_CREATE" },	{ 34, "LINK_DETACH" },
		{ 35, "PROG_BIND_MAP" }, { 36, "TOKEN_CREATE" }, { 0 },
	};

	return is_call(ev, "bpf") ? give_name(ret, words, (uint32_t)ev->u.call.args[0]) : -ENODATA;
}

int get_bpf_prog_type(const struct event *ev, struct value *ret)
{
	static const struct word words[] = {
		{ 1, "socket_filter" },	{ 2, "kprobe" },	{ 3, "sched_cls" },
		{ 4, "sched_act" },	{ 5, "tracepoint" },	{ 6, "xdp" },
		{ 7, "perf_event" },	{ 8, "cgroup_skb" },	{ 9, "cgroup_sock" },
		{ 15, "cgroup_device" }, { 17, "raw_tracepoint" }, { 18, "cgroup_sock_addr" },
		{ 24, "raw_tracepoint_writable" }, { 26, "tracing" }, { 27, "struct_ops" },
		{ 28, "ext" },		{ 29, "lsm" },		{ 31, "syscall" },	{ 0 },
	};

	if (!is_call(ev, "bpf") || ev->u.call.args[0] != 5)
		return -ENODATA;
	return give_name(ret, words, ev->u.call.detail[0]);
}

int get_socket_family(const struct event *ev, struct value *ret)
{
	static const struct word words[] = {
		{ 3, "AX25" },	{ 4, "IPX" },	{ 5, "APPLETALK" }, { 6, "NETROM" },
		{ 8, "ATMPVC" }, { 9, "X25" },	{ 11, "ROSE" },	{ 12, "DECNET" },
		{ 15, "KEY" },	{ 16, "NETLINK" }, { 17, "PACKET" }, { 20, "ATMSVC" },
		{ 21, "RDS" },	{ 23, "IRDA" },	{ 24, "PPPOX" }, { 26, "LLC" },
		{ 27, "IB" },	{ 28, "MPLS" },	{ 29, "CAN" },	{ 30, "TIPC" },
		{ 31, "BLUETOOTH" }, { 33, "RXRPC" }, { 35, "PHONET" }, { 36, "IEEE802154" },
		{ 37, "CAIF" },	{ 38, "ALG" },	{ 39, "NFC" },	{ 40, "VSOCK" },
		{ 41, "KCM" },	{ 42, "QIPCRTR" }, { 43, "SMC" }, { 44, "XDP" }, { 45, "MCTP" },
		{ 0 },
	};

	if (!is_call(ev, "socket") && !is_call(ev, "bind"))
		return -ENODATA;
	return give_name(ret, words, (uint32_t)ev->u.call.args[0]);
}
/* clang-format on */

int get_socket_protocol(const struct event *ev, struct value *ret)
{
	return is_call(ev, "socket") ? give_uint(ret, (uint32_t)ev->u.call.args[2]) : -ENODATA;
}

int get_crypto_type(const struct event *ev, struct value *ret)
{
	if (!is_call(ev, "bind"))
		return -ENODATA;
	memcpy(ret->scratch, &ev->u.call.detail[0], sizeof(uint64_t));
	return give_nonempty(ret, slice_from_field(ret->scratch, sizeof(uint64_t)));
}

int get_crypto_name(const struct event *ev, struct value *ret)
{
	return is_call(ev, "bind") ? give_caller(ev, ret, ev->arg) : -ENODATA;
}

int get_perf_pid(const struct event *ev, struct value *ret)
{
	return is_call(ev, "perf_event_open") ? give_int(ret, (int32_t)ev->u.call.args[1]) :
						-ENODATA;
}

int get_perf_cpu(const struct event *ev, struct value *ret)
{
	return is_call(ev, "perf_event_open") ? give_int(ret, (int32_t)ev->u.call.args[2]) :
						-ENODATA;
}

int get_splice_into(const struct event *ev, struct value *ret)
{
	if (!is_call(ev, "splice") && !is_call(ev, "sendfile") && !is_call(ev, "sendfile64"))
		return -ENODATA;
	return give_word(ret, ev->u.call.detail[0] & 2 ? "crypto" : "pipe");
}

static bool splice_has(const struct event *ev, uint64_t flag)
{
	struct value tmp;

	return get_splice_into(ev, &tmp) == 0 && (ev->u.call.detail[0] & flag);
}

int get_splice_not_writable(const struct event *ev, struct value *ret)
{
	return give_bool(ret, splice_has(ev, 4));
}

int get_splice_is_setid(const struct event *ev, struct value *ret)
{
	return give_bool(ret, splice_has(ev, 8));
}

int get_fanotify_scope(const struct event *ev, struct value *ret)
{
	if (!is_call(ev, "fanotify_mark"))
		return -ENODATA;
	return give_word(ret, ev->u.call.args[1] & 0x100 ? "filesystem" :
			      ev->u.call.args[1] & 0x10	 ? "mount" :
							   "inode");
}

int get_keys_op(const struct event *ev, struct value *ret)
{
	static const struct word words[] = {
		{ 6, "DESCRIBE" }, { 8, "LINK" }, { 10, "SEARCH" }, { 11, "READ" }, { 0 },
	};

	return is_call(ev, "keyctl") ? give_name(ret, words, ev->u.call.args[0]) : -ENODATA;
}

/* The initial pid namespace has a number of its own (PROC_PID_INIT_INO). */
int get_proc_in_host_pid_ns(const struct event *ev, struct value *ret)
{
	return give_bool(ret, ev->hdr.pid_ns_inum == 0xeffffffc);
}

int get_cap_name(const struct event *ev, struct value *ret)
{
	/* linux/capability.h */
	static const char *const names[] = {
		"CHOWN",
		"DAC_OVERRIDE",
		"DAC_READ_SEARCH",
		"FOWNER",
		"FSETID",
		"KILL",
		"SETGID",
		"SETUID",
		"SETPCAP",
		"LINUX_IMMUTABLE",
		"NET_BIND_SERVICE",
		"NET_BROADCAST",
		"NET_ADMIN",
		"NET_RAW",
		"IPC_LOCK",
		"IPC_OWNER",
		"SYS_MODULE",
		"SYS_RAWIO",
		"SYS_CHROOT",
		"SYS_PTRACE",
		"SYS_PACCT",
		"SYS_ADMIN",
		"SYS_BOOT",
		"SYS_NICE",
		"SYS_RESOURCE",
		"SYS_TIME",
		"SYS_TTY_CONFIG",
		"MKNOD",
		"LEASE",
		"AUDIT_WRITE",
		"AUDIT_CONTROL",
		"SETFCAP",
		"MAC_OVERRIDE",
		"MAC_ADMIN",
		"SYSLOG",
		"WAKE_ALARM",
		"BLOCK_SUSPEND",
		"AUDIT_READ",
		"PERFMON",
		"BPF",
		"CHECKPOINT_RESTORE",
	};
	uint32_t cap;

	if (ev->hdr.type != EVENT_CAPABLE)
		return -ENODATA;
	cap = ev->u.capable.cap;
	return cap < ARRAY_SIZE(names) ? give_word(ret, names[cap]) :
					 give_printf(ret, "%" PRIu32, cap);
}
