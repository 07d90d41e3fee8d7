/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keys and values of the maps that the sensor and the BPF programs share.
 * Unlike the wire format these may change freely: maps are pinned below a
 * directory named by the hash of the BPF object, so both sides always agree. */
#ifndef BRIGWATCH_MAPS_H
#define BRIGWATCH_MAPS_H

#include "brigwatch/event.h"

#define RING_URGENT_BYTES (8u << 20)
#define RING_BULK_BYTES (4u << 20)

#define CONTAINERS_MAX 4096
#define MNT_NS_MAX 16384
#define RUNTIME_BINARIES_MAX 1024
#define RUNTIME_SOCKETS_MAX 1024
#define RUNTIME_NAMES_MAX 64
#define BUDGETS_MAX 16384
#define EXE_BY_PID_MAX 65536
#define SYSCALLS_MAX 512

/* The seven namespaces in the order of /proc/PID/ns that brigwatch keeps. */
enum ns_kind { NSK_MNT, NSK_PID, NSK_NET, NSK_IPC, NSK_UTS, NSK_CGROUP, NSK_USER, NSK_TIME, NSK_MAX };

/* The variable `config`. Written by user space before the hooks are attached; `wanted` may
 * change later. */
struct sensor_config {
	__u64 init_mnt_ns;	/* kernel address, found by raw_tp__setup */
	__u64 host_root_sb;	/* superblock and root dentry of the host's root directory */
	__u64 host_root_dentry;
	__u64 wanted;		/* bit t: some rule wants EVENT_<t> */
	__u64 wanted_plain;	/* bit t: some rule wants EVENT_<t> even without any fact */
	__u32 init_ns_inum[NSK_MAX];
	__u32 agent_tgid;	/* whose canary is believed */
	__u32 pad;
};

/* counters[], per CPU: what went wrong without a record of its own. */
enum counter {
	COUNTER_TAIL_CALL = 0,	/* a tail call fell through */
	COUNTER_SUBJECT_FULL,	/* no task storage could be made */
	COUNTER_CONTAINERS_FULL,
	COUNTER_MNT_NS_FULL,
	COUNTER_RUNTIME_BINARIES_FULL,
	COUNTER_UNKNOWN,	/* tasks first met in the middle of their life */
	COUNTER_BUDGETS_FULL,
	COUNTER_TOO_LARGE,	/* records over EVENT_SIZE_MAX */
	COUNTER_DIRECT_FD,	/* files that io_uring opened and that could not be found for judgement */
	COUNTER_MAX = 16,
};

/* books[ring * EVENT_TYPE_MAX + type], per CPU. seen = delivered + dropped + suppressed. */
struct book {
	__u64 seen;
	__u64 delivered;	/* in the ring */
	__u64 dropped;		/* ring full */
	__u64 suppressed;	/* budget used up, folded into counts */
};

/* Identity of an inode that outlives names, mounts and renames. */
struct inode_id {
	__u64 ino;
	__u32 dev;		/* s_dev, kernel encoding */
	__u32 generation;
};

/* Name of a runtime's program or of an abstract socket; zero-padded. */
struct name_key {
	char name[32];
};
struct socket_name_key {
	char name[112];
};

enum runtime_origin { RUNTIME_BY_PATH = 1, RUNTIME_BY_NAME = 2, RUNTIME_BY_DEED = 3, RUNTIME_SEALED = 4 };

/* containers[key]; the key is the unique id of the mount namespace of birth. */
struct container_state {
	__u64 cgroup_id;
	__u64 born_ns;
	__u32 init_tgid;
	__u32 host_ns;		/* bit i: namespace i of birth is the host's */
	__u32 ns_inum[NSK_MAX];
};

/* mnt_ns[unique id] */
struct mnt_ns_state {
	__u64 container;
	__u64 seen_ns;		/* last time a task was seen in it */
};

/* budgets[]: one token bucket. */
struct budget_key {
	__u64 container;
	__u32 facts;		/* low half of the facts */
	__u16 type;
	__u16 ring;
};
struct budget {
	__u64 last_ns;
	__u64 suppressed;
	__u32 tokens;
	__u32 pad;
};

/* exe_by_pid[]: which image a process of a container runs, by its pid there, so
 * that a refused open of /proc/PID/exe can be judged. */
struct pid_key {
	__u32 pid_ns_inum;
	__u32 nr;
};

/* How a system call is handled: index into the program array, 0: not watched. */
enum handler {
	HANDLER_NONE = 0,
	HANDLER_OPEN,
	HANDLER_OPENAT,
	HANDLER_OPENAT2,
	HANDLER_OPEN_BY_HANDLE_AT,
	HANDLER_MOUNT,
	HANDLER_UMOUNT,
	HANDLER_PIVOT_ROOT,
	HANDLER_CHDIR,
	HANDLER_FCHDIR,
	HANDLER_CHROOT,
	HANDLER_SETNS,
	HANDLER_UNSHARE,
	HANDLER_CONNECT,
	HANDLER_SOCKETCALL,
	HANDLER_REFUSED_OPEN,	/* from the open handlers */
	HANDLER_MAX,
};

/* In and out of raw_tp__register_fd (see bpf/setup.bpf.c), passed as ctx. */
struct register_args {
	__u64 fd;
	__u64 origin;		/* enum runtime_origin */
};

#endif
