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
#define HOST_ADDRESSES_MAX 4096
#define INET_PEERS_MAX 16384
#define ACCESSES_MAX 4096
#define EXE_BY_PID_MAX 65536
#define USES_MAX 8192
#define UNKNOWN_CALLS_MAX 4096
#define UNKNOWN_PER_CONTAINER 32
#define SYSCALLS_MAX 576 /* of each way into the kernel; x32 has numbers of its own up to 547 */
#define OWN_ROOTS_MAX 8192
#define WRITTEN_MAX 65536
#define WRITTEN_NAMES_MAX 16384
#define INTERPRETERS_MAX 64
#define WATCHED_NAMES_MAX 512
#define HOST_HELPERS_MAX 64

/* The seven namespaces in the order of /proc/PID/ns that brigwatch keeps. */
enum ns_kind {
	NSK_MNT,
	NSK_PID,
	NSK_NET,
	NSK_IPC,
	NSK_UTS,
	NSK_CGROUP,
	NSK_USER,
	NSK_TIME,
	NSK_MAX
};

/* The variable `config`. Written by user space before the hooks are attached; `wanted` may
 * change later. */
struct sensor_config {
	__u64 init_mnt_ns;  /* kernel address, found by raw_tp__setup */
	__u64 host_root_sb; /* superblock and root dentry of the host's root directory */
	__u64 host_root_dentry;
	__u64 wanted;	    /* bit t: some rule wants EVENT_<t> */
	__u64 wanted_plain; /* bit t: some rule wants EVENT_<t> even without any fact */
	__u32 init_ns_inum[NSK_MAX];
	__u64 wall_boot_ns; /* time of day at boot, nanoseconds since 1970 */
	__u32 agent_tgid; /* whose canary is believed */
	__u32 pad;
};

/* counters[], per CPU: what went wrong without a record of its own. */
enum counter {
	COUNTER_TAIL_CALL = 0, /* a tail call fell through */
	COUNTER_SUBJECT_FULL,  /* no task storage could be made */
	COUNTER_CONTAINERS_FULL,
	COUNTER_MNT_NS_FULL,
	COUNTER_RUNTIME_BINARIES_FULL,
	COUNTER_UNKNOWN, /* tasks first met in the middle of their life */
	COUNTER_BUDGETS_FULL,
	COUNTER_TOO_LARGE, /* records over EVENT_SIZE_MAX */
	COUNTER_DIRECT_FD, /* files that io_uring opened and that could not be found for judgement */
	COUNTER_UNKNOWN_CALL, /* system calls of containers with a number in no table */
	COUNTER_MAX = 32,
};

/* books[ring * EVENT_TYPE_MAX + type], per CPU. seen = delivered + dropped + suppressed. */
struct book {
	__u64 seen;
	__u64 delivered;  /* in the ring */
	__u64 dropped;	  /* ring full */
	__u64 suppressed; /* budget used up, folded into counts */
};

/* Identity of an inode that outlives names, mounts and renames. */
struct inode_id {
	__u64 ino;
	__u32 dev; /* s_dev, kernel encoding */
	__u32 generation;
};

/* Name of a runtime's program or of an abstract socket; zero-padded. */
struct name_key {
	char name[32];
};
struct socket_name_key {
	char name[112];
};

enum runtime_origin {
	RUNTIME_BY_PATH = 1,
	RUNTIME_BY_NAME = 2,
	RUNTIME_BY_DEED = 3,
	RUNTIME_SEALED = 4,
	REGISTER_HELPER = 5, /* not a runtime: a program that the host lets the kernel run */
};

/* container_written[]: a file that a container opened for writing, by the inode
 * that holds the data (of overlayfs the upper one). What was evicted, or written
 * before the agent, is not known: its use by the host then goes unseen. */
#define WRITTEN_OWN_LAYER (1u << 0) /* in the container's root file system, not on a volume */
#define WRITTEN_PATCHED (1u << 1)   /* held data before, and not from a container */
struct written {
	__u64 container;
	__u64 time_ns;
	__u32 flags; /* WRITTEN_* */
	__u32 told;  /* its use by the host was told since it was last written */
	__u32 told_to; /* of a file of an image (no container): parent of who used it */
	__u32 pad;
};

/* helper_setter[0]: who last wrote a setting that names a program for the kernel. */
struct helper_setter {
	__u64 container;
	__u64 time_ns;
};

/* runtime_ports[port]: TCP ports of the host at which a runtime's program listens.
 * The kubelet's is apart: probes and metrics scrapers go there in good faith. */
enum runtime_port { PORT_RUNTIME = 1, PORT_KUBELET = 2 };

/* An address of this host, IPv4 in the first four bytes and the rest zero. */
struct inet_address {
	__u8 addr[16];
};

/* inet_peers[]: whom a container tried to reach, port 0: at any port. */
struct inet_peer_key {
	__u64 container;
	__u8 addr[16];
	__u16 port;		/* host order */
	__u16 family;		/* 4 or 6 */
	__u32 pad;
};
struct inet_peer {
	__u64 since_ns;
	__u32 attempts;
	__u32 pad;
};

/* inet_scans[container]: within the window that began at since_ns. */
struct inet_scan {
	__u64 since_ns;
	__u32 n_peers;
	__u32 n_addresses;
	__u32 n_failed;
	__u32 pad;
};
#define INET_WINDOW_NS 60000000000ull
#define INET_SCAN_WINDOW_NS 10000000000ull

/* containers[key]; the key is the unique id of the mount namespace of birth. */
struct container_state {
	__u64 cgroup_id;
	__u64 born_ns; /* start of its first process */
	__u32 init_tgid;
	__u32 host_ns; /* bit i: namespace i of birth is the host's */
	__u32 ns_inum[NSK_MAX];
	__u64 root_dentry; /* root of the mount that its root directory lay on at birth */
	struct inode_id main_exe; /* what its first process runs now */
	__u64 window_ns;	  /* since when forks are counted */
	__u32 main_is_shell;	  /* ... an interpreter: the container is made for a script */
	__u32 forks;		  /* processes made since then */
	__s32 alive;		  /* processes, as far as their birth was seen */
	__s32 alive_before;	  /* of these, at the start of the window */
};

/* A container's processes: told at each power of two from these on, within a
 * window. What is too much is for the rules to say. */
#define RATE_WINDOW_NS 10000000000ull
#define RATE_FORKS_MIN 4096
#define RATE_TASKS_MIN 512

/* watched_names[]: bits of a name */
#define WATCH_OPENED (1u << 0)	/* a file of that name was opened */
#define WATCH_WRITTEN (1u << 1) /* ... for writing */
#define WATCH_FOLDER (1u << 2)	/* a file in a directory of that name was opened for writing */

/* mnt_ns[unique id] */
struct mnt_ns_state {
	__u64 container;
	__u64 seen_ns; /* last time a task was seen in it */
};

/* own_roots[]: roots of mounts of one namespace, on one file system, below which
 * changes were made lately. What lies below one of them is the container's own;
 * that is checked each time, so a moved directory is no longer below. An entry is
 * believed for a short time only: the mount may go. */
struct own_roots_key {
	__u64 mnt_ns;	   /* unique id */
	__u64 super_block; /* kernel address */
};
struct own_roots {
	__u64 root[4]; /* kernel addresses of dentries, only compared */
	__u64 until_ns;
	__u32 next;
	__u32 pad;
};

/* budgets[]: one token bucket. */
struct budget_key {
	__u64 container;
	__u32 facts; /* low half of the facts */
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

/* uses[]: foreign files of which a container's use was told lately. */
struct use_key {
	__u64 container;
	struct inode_id inode;
};
struct use_state {
	__u64 since_ns;
	__u32 ops; /* bit USE_* */
	__u32 pad;
};

/* call_counts[], per CPU: calls of HANDLER_COUNT that contained tasks made. The
 * index is the number, x32's without its bit, plus SYSCALLS_MAX times this. */
enum calls_abi { CALLS_NATIVE = 0, CALLS_X32, CALLS_IA32, CALLS_MAX };

/* unknown_calls[]: how often; number ~0 holds how many numbers were told. */
struct unknown_key {
	__u64 container;
	__u32 nr;
	__u32 way;
};

/* How a system call is handled: the class of its number, and for those that make
 * an event the index into the program array. Calls with the same arguments share
 * a handler. */
enum handler {
	HANDLER_UNKNOWN = 0, /* number is in no table */
	HANDLER_IGNORE,	     /* cannot touch what is outside of the container */
	HANDLER_COUNT,	     /* counted only */

	HANDLER_OPEN, /* open, creat */
	HANDLER_OPENAT,
	HANDLER_OPENAT2,
	HANDLER_OPEN_BY_HANDLE_AT,
	HANDLER_REFUSED_OPEN, /* from the open handlers; no call has it */
	HANDLER_IDENTITY,     /* from the base hook; no call has it */

	HANDLER_MOUNT,
	HANDLER_UMOUNT, /* umount, umount2 */
	HANDLER_PIVOT_ROOT,
	HANDLER_FSOPEN,
	HANDLER_FSCONFIG,
	HANDLER_FSMOUNT,
	HANDLER_FSPICK,
	HANDLER_OPEN_TREE, /* open_tree, open_tree_attr */
	HANDLER_MOVE_MOUNT,
	HANDLER_MOUNT_SETATTR,

	HANDLER_CHDIR,
	HANDLER_FCHDIR,
	HANDLER_CHROOT,
	HANDLER_SETNS,
	HANDLER_UNSHARE,

	HANDLER_CONNECT,
	HANDLER_SOCKETCALL, /* ia32: connect, socket, bind and more in one */

	HANDLER_LINK,
	HANDLER_LINKAT,
	HANDLER_SYMLINK,
	HANDLER_SYMLINKAT,
	HANDLER_RENAME,
	HANDLER_RENAMEAT, /* renameat, renameat2 */
	HANDLER_UNLINK,	  /* unlink, rmdir */
	HANDLER_UNLINKAT,
	HANDLER_MKDIR,
	HANDLER_MKDIRAT,
	HANDLER_MKNOD,
	HANDLER_MKNODAT,
	HANDLER_TRUNCATE,
	HANDLER_FTRUNCATE, /* ftruncate, fallocate */
	HANDLER_CHMOD,
	HANDLER_FCHMOD,
	HANDLER_FCHMODAT, /* fchmodat, fchmodat2 */
	HANDLER_CHOWN,	  /* chown, lchown */
	HANDLER_FCHOWN,
	HANDLER_FCHOWNAT,
	HANDLER_SETXATTR,   /* setxattr, lsetxattr, removexattr, lremovexattr */
	HANDLER_FSETXATTR,  /* fsetxattr, fremovexattr */
	HANDLER_SETXATTRAT, /* setxattrat, removexattrat */
	HANDLER_UTIME,	    /* utime, utimes */
	HANDLER_UTIMENSAT,  /* utimensat, futimesat */

	HANDLER_PTRACE,
	HANDLER_VM_ACCESS, /* process_vm_readv, process_vm_writev */
	HANDLER_PIDFD_GETFD,
	HANDLER_PIDFD_OPEN,
	HANDLER_MADVISE, /* process_madvise, process_mrelease */
	HANDLER_KCMP,
	HANDLER_KILL,	/* kill, tkill, rt_sigqueueinfo */
	HANDLER_TGKILL, /* tgkill, rt_tgsigqueueinfo */
	HANDLER_PIDFD_SIGNAL,

	HANDLER_SURFACE, /* any use of it in a container is worth a look: modules, kexec, keys... */
	HANDLER_BPF,
	HANDLER_PERF,
	HANDLER_SOCKET,
	HANDLER_BIND,
	HANDLER_SPLICE, /* splice, vmsplice, tee, sendfile */
	HANDLER_IOCTL,
	HANDLER_FANOTIFY, /* fanotify_init, fanotify_mark */

	HANDLER_CRED, /* may change credentials: set*id, setgroups, capset, prctl, seccomp */
	HANDLER_USE,  /* args[0] is a descriptor to read from, write to or list */
	HANDLER_MMAP,
	HANDLER_OLD_MMAP, /* ia32: mmap with its arguments in memory */
	HANDLER_MPROTECT,

	/* From the base hook, for a runtime that sets a container up; no call has them. */
	HANDLER_RUNTIME_OPEN,
	HANDLER_RUNTIME_MOUNT,
	HANDLER_HOST_MAP,    /* mmap by a task of the host, as code; no call has it */
	HANDLER_SCRIPT_OPEN, /* open by a task of the host that runs a script; no call has it */
	HANDLER_MAX,
};

/* In and out of raw_tp__register_fd (see bpf/setup.bpf.c), passed as ctx. */
struct register_args {
	__u64 fd;
	__u64 origin; /* enum runtime_origin */
};

#endif
