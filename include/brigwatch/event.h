/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The wire format: what the BPF programs write into the two rings and the
 * engine decodes. The only header that both compilers read.
 *
 * Rules of the format:
 *  - fixed-width members, natural alignment, padding written out and zero;
 *  - all numbers in host byte order, all times CLOCK_BOOTTIME nanoseconds;
 *  - a record is a fixed struct that begins with struct event_hdr, followed by
 *    its strings in the order in which the struct names their *_len members,
 *    each exactly that many bytes, raw, without terminating NUL;
 *  - append-only: a new type gets the next number, a new member goes to the
 *    end of the fixed part, EVENT_VERSION grows; numbers are never reused;
 *  - what could not be read is flagged: "no path" and "path not read" differ. */
#ifndef BRIGWATCH_EVENT_H
#define BRIGWATCH_EVENT_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define EVENT_VERSION 1

/* Longest path in bytes, without NUL (PATH_MAX - 1). */
#define EVENT_PATH_MAX 4095
/* Most bytes of the argument list kept; argv is cut and flagged beyond. */
#define EVENT_ARGS_MAX 4096
/* Upper bound of a whole record: fixed part and every string at its longest. */
#define EVENT_SIZE_MAX 24576

enum event_type {
	EVENT_FORK = 1,
	EVENT_EXEC = 2,
	EVENT_EXIT = 3,
	EVENT_OPEN = 4,		   /* open, creat, openat, openat2, open_by_handle_at, io_uring */
	EVENT_MOUNT = 5,	   /* mount, umount2, pivot_root; see enum mount_op */
	EVENT_CHDIR = 6,	   /* chdir, fchdir, chroot; see enum chdir_op */
	EVENT_NS = 7,		   /* setns, unshare, clone, clone3 with new namespaces */
	EVENT_CONNECT = 8,	   /* connect on AF_UNIX */
	EVENT_COMPAT = 9,	   /* first 32-bit system call of a 64-bit program */
	EVENT_CGROUP = 10,	   /* a contained task was moved to another cgroup */
	EVENT_CONTAINER = 11,	   /* a container was first seen: born, or found at start */
	EVENT_PROC = 12,	   /* snapshot of a running process: state for a fresh engine */
	EVENT_CANARY = 13,	   /* the agent's own heartbeat through the kernel */
	EVENT_LOSS = 14,	   /* made by the engine: see struct event_loss */
	EVENT_CONTAINER_INFO = 15, /* made by the engine: what a runtime's files say */
	EVENT_CHANGE =
		16, /* a tree was changed without opening: link, rename, chmod...; enum change_op */
	EVENT_ACCESS =
		17, /* another process was touched: ptrace, process_vm_*, pidfd_getfd, signals */
	EVENT_SYSCALL =
		18, /* a call on the kernel's own surface: modules, bpf, perf, keys...; see hdr.nr */
	EVENT_INET = 19,    /* a TCP connection was begun, over IPv4 or IPv6 */
	EVENT_CRED = 20,    /* credentials or namespaces changed and no call explains it */
	EVENT_CAPABLE = 21, /* an unusual capability was used for the first time in a container */
	EVENT_RATE = 22,    /* a container makes too much of something: see enum rate_kind */
	EVENT_USE =
		23, /* a descriptor was used whose file is not the container's, or was mapped as code */
	EVENT_UNKNOWN_CALL = 24, /* a system call number that is in no table of this build */
	EVENT_RULES = 25, /* made by the engine: other rules judge from here on, or were refused */
	EVENT_IDENTITY = 26, /* made by the engine: what is known of a container disagrees */
	EVENT_POSTURE = 27, /* made by the engine: what a container was given, judged */
	EVENT_TYPE_END,	  /* one past the last type */
	EVENT_TYPE_MAX = 32, /* size of tables by type; a power of two */
};

/* Which ring a record travelled in. */
enum event_ring { RING_URGENT = 0, RING_BULK = 1, RING_MAX = 2 };

/* Hooks that saw the event, best first. */
enum event_tier { TIER_LSM = 1, TIER_FENTRY = 2, TIER_TRACEPOINT = 3, TIER_USER = 4 };

/* How the task entered the kernel. */
enum event_way { WAY_NATIVE = 0, WAY_IA32 = 1, WAY_X32 = 2, WAY_IO_URING = 3, WAY_NONE = 4 };

/* Phase of the subject. PHASE_UNKNOWN is never treated as host. */
enum event_phase {
	PHASE_UNKNOWN = 0,
	PHASE_HOST = 1,
	PHASE_RUNTIME =
		2, /* host program inside a new or joined container, before its exec there */
	PHASE_CONTAINED = 3,
	PHASE_ESCAPED = 4, /* was contained, now holds namespaces or root of the host */
};

/* To whom the mount namespace of a file's mount belongs. */
enum mount_owner {
	OWNER_UNKNOWN = 0, /* could not be read */
	OWNER_OWN = 1,	   /* the same container */
	OWNER_HOST = 2,	   /* a namespace of the host */
	OWNER_OTHER = 3,   /* another container */
	OWNER_DETACHED =
		4, /* no namespace, or an anonymous one (fsmount, open_tree, lazy umount) */
	OWNER_INTERNAL = 5, /* kernel-internal: pipe, memfd, socket, nsfs */
};

/* Whom an act hits, as seen from the subject. */
enum boundary { BOUNDARY_NONE = 0, BOUNDARY_SAME = 1, BOUNDARY_OTHER = 2, BOUNDARY_HOST = 3 };

/* Where the file facts of a record come from. */
enum file_source {
	SOURCE_NONE = 0,     /* no object could be had; only the caller's string */
	SOURCE_KERNEL = 1,   /* the kernel's own object */
	SOURCE_MAGIC = 2,    /* failed call: a magic link resolved in the kernel */
	SOURCE_RESOLVED = 3, /* failed call: resolved by the agent later, never a fact */
};

/* event_hdr.flags */
#define EVENT_F_PATH_CUT (1u << 0) /* a path was longer than could be kept: its head is missing */
#define EVENT_F_ARGS_CUT (1u << 1) /* argument list cut at EVENT_ARGS_MAX */
#define EVENT_F_ARG_UNREAD \
	(1u << 2) /* a string of the caller could not be read (page not resident) */
#define EVENT_F_PATH_UNREAD (1u << 3)  /* a kernel path could not be read */
#define EVENT_F_SEEDED (1u << 4)       /* subject state was derived late, not seen from its birth */
#define EVENT_F_ARG_MISMATCH (1u << 5) /* caller's string does not name it; set by event_decode() */
#define EVENT_F_FAILED (1u << 6)       /* the call failed; hdr.ret holds -errno */
#define EVENT_F_FOLDED \
	(1u << 7) /* budget of this kind is exhausted: equals of this record were counted only */

/* event_hdr.facts: statements about kernel objects (docs/architecture.md). */
#define FACT_FILE_FOREIGN (1ull << 0)	  /* file's mount is the host's or another container's */
#define FACT_FILE_UNREACHABLE (1ull << 1) /* dentry is not below the root of its mount */
#define FACT_RUNTIME_BINARY (1ull << 2)	  /* file is a container runtime's program */
#define FACT_FILE_WRITE (1ull << 3)	  /* opened, or tried to be opened, for writing */
#define FACT_CWD_FOREIGN \
	(1ull << 4) /* working directory on a mount of the host or another container */
#define FACT_ROOT_FOREIGN (1ull << 5)	/* root directory likewise */
#define FACT_RUNTIME_API (1ull << 6)	/* peer is a socket held by a runtime */
#define FACT_NS_JOINED_HOST (1ull << 7) /* entered a namespace of the host */
#define FACT_ESCAPED (1ull << 8)	/* subject has escaped */
#define FACT_KERNEL_CONTROL \
	(1ull               \
	 << 9) /* control file of the kernel: procfs outside /proc/PID, sysfs, cgroupfs, debugfs... */
#define FACT_BLOCK_DEVICE (1ull << 10) /* file or mount source is a block device */
#define FACT_COMPAT (1ull << 11)       /* 32-bit entry */
#define FACT_PEER_HOST (1ull << 12)    /* socket peer was made by a task of the host */
#define FACT_HANDLE (1ull << 13)       /* opened by file handle */
#define FACT_CGROUP_LEFT (1ull << 14)  /* now outside the cgroup of its container */
#define FACT_STDIO (1ull << 15)	       /* same inode as descriptor 0, 1 or 2 at container start */
#define FACT_FIRST_EXEC (1ull << 16)   /* the exec that ended the runtime phase */
#define FACT_MOUNT_KERNEL_FS (1ull << 17) /* mount of procfs, cgroup v1, debugfs and the like */
#define FACT_FOREIGN_TASK \
	(1ull << 18) /* act on a task of the host or of another container, /proc/PID entries too */
#define FACT_FROM_CONTAINER \
	(1ull << 19) /* the host runs or maps a file that a container wrote; hdr.target_container */
#define FACT_HELPER (1ull << 20) /* run by the kernel itself: user-mode helper */
#define FACT_SETID (1ull << 21)	 /* set-id bit or file capability on a file that the host has too */
#define FACT_UNEXPLAINED \
	(1ull << 22) /* credentials or namespaces are not what they were last explained to be */
#define FACT_VOLUME \
	(1ull << 23) /* file on a mount that is not the container's root: shared with others */
#define FACT_EXE_MEMORY (1ull << 24) /* program without a file: memfd, O_TMPFILE, shared memory */
#define FACT_EXE_UPPER (1ull << 25)  /* program of the writable (upper) layer: not from the image */
#define FACT_EXE_DELETED (1ull << 26) /* program whose file has no name any more */
#define FACT_CODE_FOREIGN \
	(1ull << 27) /* interpreter or mapped code is the host's or another container's */
#define FACT_MISPLACED \
	(1ull << 28) /* a runtime, setting up a container, wrote or bound a wrong kernel object */
#define FACT_SENSITIVE (1ull << 29)	/* file whose name is in the list of secrets */
#define FACT_LOCAL_ADDRESS (1ull << 30) /* address of this host */
#define FACT_LINK_GAME \
	(1ull << 31) /* a link on a volume was exchanged with a directory, or leads out of it */
#define FACT_HOST_ROOT \
	(1ull << 32) /* the directory is the host's root directory, or one that holds it */
#define FACT_REACHES_HOST (1ull << 33) /* the mount propagates into the host's namespace */
#define FACT_OWN_LAYER \
	(1ull << 34) /* what the host runs lies in the container's own root file system */
#define FACT_PATCHED \
	(1ull << 35) /* what the host runs held the host's data before the container changed it */
#define FACT_MAIN_PROGRAM \
	(1ull << 36) /* done by the program that the container was started for */
#define FACT_MAIN_IS_SHELL (1ull << 37) /* that program is an interpreter: it runs a script */
#define FACT_ON_CONNECTION \
	(1ull << 38) /* standard input and output of the program are one network connection */

/* Identity of a process image. exec_seq grows with each exec (self_exec_id);
 * proc id = (start_ns, tgid), exec id = all three. All zero: unknown. */
struct exec_id {
	__u64 start_ns; /* leader's start_boottime */
	__u32 tgid;	/* in the initial pid namespace */
	__u32 exec_seq;
};

struct event_hdr {
	__u32 size;   /* of the whole record, strings included */
	__u16 type;   /* enum event_type */
	__u8 version; /* EVENT_VERSION */
	__u8 tier;    /* enum event_tier */
	__u32 flags;  /* EVENT_F_* */
	__u32 cpu;
	__u64 seq; /* per CPU and ring, from 1; a gap is a loss */
	__u64 time_ns;
	__u64 facts; /* FACT_* */

	struct exec_id proc;
	struct exec_id parent; /* exec_seq as of now; zero if the parent is not known */
	__u32 tid;	       /* initial pid namespace */
	__u32 ns_tgid;	       /* in the task's own pid namespace */
	__u32 ns_tid;
	__u32 uid; /* effective ids, initial user namespace */
	__u32 gid;
	__u32 ppid; /* real parent's tgid, initial pid namespace */
	__u64 cap_effective;
	__u64 mnt_ns;	   /* unique id, not the inum */
	__u32 mnt_ns_inum; /* as in /proc/PID/ns/mnt */
	__u32 pid_ns_inum;
	__u32 net_ns_inum;
	__u32 user_ns_inum;
	__u64 cgroup_id;
	__u64 container;	/* subject's container key; 0 on the host */
	__u64 target_container; /* key of whom the act hits; 0: none or host */

	__s64 ret;     /* result of the call, -errno on failure */
	__s32 nr;      /* system call number in the ABI of `way`; -1: none */
	__u8 phase;    /* enum event_phase */
	__u8 way;      /* enum event_way */
	__u8 boundary; /* enum boundary of the target */
	__u8 ring;     /* enum event_ring */
	char comm[16]; /* NUL-padded, raw bytes chosen by the task */
};
_Static_assert(sizeof(struct event_hdr) == 184, "wire layout changed");

/* Facts about one file, from its kernel object. All zero when `source` is
 * SOURCE_NONE. */
struct event_file {
	__u64 ino;
	__u64 mount_container; /* key of the container that owns the mount; 0: host or none */
	__u32 dev;	       /* s_dev of the superblock, kernel encoding (major << 20 | minor) */
	__u32 generation;
	__u32 rdev;	/* of a device node, else 0 */
	__u32 fs_magic; /* s_magic, low 32 bits */
	__u32 nlink;
	__u32 uid;	  /* owner, initial user namespace */
	__u16 mode;	  /* i_mode */
	__u8 mount_owner; /* enum mount_owner */
	__u8 source;	  /* enum file_source */
	__u32 pad;
	char fs[16]; /* s_type->name, NUL-padded */
};
_Static_assert(sizeof(struct event_file) == 64, "wire layout changed");

struct event_fork {
	struct event_hdr hdr; /* the child is `proc`, who forked it is `parent` */
	__u64 clone_flags;    /* CLONE_* */
};
_Static_assert(sizeof(struct event_fork) == sizeof(struct event_hdr) + 8, "wire layout changed");

/* A successful exec. Strings: path, fspath, filename, cwd, args. */
struct event_exec {
	struct event_hdr hdr;
	struct event_file file; /* mm->exe_file */
	__u64 args_total;	/* bytes of the whole argument list, NULs included */
	__u8 cwd_owner;		/* enum mount_owner */
	__u8 root_owner;	/* enum mount_owner */
	__u16 path_len;		/* exe as seen from the root of its mount namespace */
	__u16 fspath_len;	/* exe within its file system */
	__u16 filename_len;	/* as given to execve (bprm->filename) */
	__u16 cwd_len;		/* working directory, as `path` */
	__u16 args_len;		/* arguments, separated by NUL */
	__u16 pad[2];
};
_Static_assert(sizeof(struct event_exec) == sizeof(struct event_hdr) + 88, "wire layout changed");

struct event_exit {
	struct event_hdr hdr;
	__s32 exit_code; /* as wait(2) */
	__u32 pad;
};
_Static_assert(sizeof(struct event_exit) == sizeof(struct event_hdr) + 8, "wire layout changed");

/* An open that succeeded or was tried. Strings: path, fspath, arg. */
struct event_open {
	struct event_hdr hdr;
	struct event_file file;
	__u64 open_flags; /* O_* as the caller passed them (64-bit of openat2 cut to O_* range) */
	__u32 f_mode;	  /* FMODE_READ 1, FMODE_WRITE 2 of the file; from flags when it failed */
	__s32 dirfd;	  /* as passed; AT_FDCWD when the call has none */
	__u16 path_len;	  /* from the kernel object */
	__u16 fspath_len;
	__u16 arg_len; /* the caller's own string: a remark, never a verdict */
	__u16 pad;
};
_Static_assert(sizeof(struct event_open) == sizeof(struct event_hdr) + 88, "wire layout changed");

enum mount_op {
	MOUNT_MOUNT = 1,
	MOUNT_UMOUNT = 2,
	MOUNT_PIVOT_ROOT = 3,
	MOUNT_FSOPEN = 4,
	MOUNT_FSCONFIG = 5,
	MOUNT_FSMOUNT = 6,
	MOUNT_FSPICK = 7,
	MOUNT_OPEN_TREE = 8,
	MOUNT_MOVE_MOUNT = 9,
	MOUNT_SETATTR = 10,
};

/* Strings: target, source, fstype, path, point. source, target and fstype are
 * the caller's own; for pivot_root source is put_old and target new_root. For
 * the calls of the new interface fstype is the kernel's, from the file system
 * context, unless fsopen failed; for fsconfig target is the key and source the
 * value, and with FSCONFIG_CMD_CREATE source is the kernel's. */
struct event_mount {
	struct event_hdr hdr;
	struct event_file file; /* root of the mount or superblock that the call is about */
	__u64 flags;		/* MS_*, MNT_*, OPEN_TREE_*, MOVE_MOUNT_*, AT_* as passed */
	__u64 attr_set;		/* MOUNT_ATTR_*: of fsmount, open_tree_attr and mount_setattr */
	__u64 attr_clr;
	__u32 op;	 /* enum mount_op */
	__u32 bdev;	 /* s_bdev's dev_t of what was mounted, else 0 */
	__u32 cmd;	 /* FSCONFIG_* */
	__u32 mnt_flags; /* the mount's MNT_*; for fsconfig the superblock's SB_*; by the kernel */
	__u16 target_len;
	__u16 source_len;
	__u16 fstype_len;
	__u16 path_len;	 /* path of the mount's root within its file system */
	__u16 point_len; /* where it is mounted, from the kernel's object */
	__u16 pad[3];
};
_Static_assert(sizeof(struct event_mount) == sizeof(struct event_hdr) + 120, "wire layout changed");

enum chdir_op { CHDIR_CHDIR = 1, CHDIR_FCHDIR = 2, CHDIR_CHROOT = 3 };

/* Strings: path, fspath, arg. */
struct event_chdir {
	struct event_hdr hdr;
	struct event_file file; /* the directory now held */
	__u32 op;		/* enum chdir_op */
	__u16 path_len;
	__u16 fspath_len;
	__u16 arg_len;
	__u16 pad[3];
};
_Static_assert(sizeof(struct event_chdir) == sizeof(struct event_hdr) + 80, "wire layout changed");

enum ns_op { NS_SETNS = 1, NS_UNSHARE = 2, NS_CLONE = 3 };

struct event_ns {
	struct event_hdr hdr;
	__u64 flags;	   /* CLONE_NEW* asked for; for setns its nstype argument */
	__u64 changed;	   /* CLONE_NEW*: namespaces that differ from before */
	__u64 joined_host; /* CLONE_NEW*: of these, now the host's; on failure, what was aimed at */
	__u32 op;	   /* enum ns_op */
	__u32 target_inum; /* setns by nsfs descriptor: that namespace's inum */
	__u32 target_tgid; /* setns by pidfd: that process, initial pid namespace */
	__u32 pad;
};
_Static_assert(sizeof(struct event_ns) == sizeof(struct event_hdr) + 40, "wire layout changed");

/* connect(2) on AF_UNIX. Strings: path, arg. */
struct event_connect {
	struct event_hdr hdr;
	struct event_file file; /* inode of the socket the peer is bound to */
	__u32 peer_tgid;	/* who called listen() (SO_PEERCRED), initial pid namespace */
	__u32 peer_uid;
	__u16 path_len; /* of the peer's inode; abstract names start with NUL, in `path` too */
	__u16 arg_len;	/* sun_path as passed */
	__u8 abstract;	/* 1: abstract name */
	__u8 pad[3];
};
_Static_assert(sizeof(struct event_connect) == sizeof(struct event_hdr) + 80,
	       "wire layout changed");

struct event_compat {
	struct event_hdr hdr; /* nr is the 32-bit number */
};

/* Strings: path. */
struct event_cgroup {
	struct event_hdr hdr;
	__u64 old_id; /* cgroup of the container */
	__u64 new_id;
	__u16 path_len; /* new cgroup's path in its hierarchy */
	__u16 pad[3];
};
_Static_assert(sizeof(struct event_cgroup) == sizeof(struct event_hdr) + 24, "wire layout changed");

/* Birth or first sight of a container; `proc` is the first process seen in it.
 * Strings: cgroup, rootpath. */
struct event_container {
	struct event_hdr hdr;
	__u64 key;
	__u32 init_tgid;
	__u32 seeded; /* 1: it ran before the agent */
	__u64 init_start_ns;
	__u32 ns_inum[8];   /* mnt, pid, net, ipc, uts, cgroup, user, time */
	__u32 host_ns;	    /* bit i: ns_inum[i] is the host's own */
	__u16 cgroup_len;   /* path in the hierarchy that cgroup_id belongs to */
	__u16 rootpath_len; /* root directory, path within its file system */
};
_Static_assert(sizeof(struct event_container) == sizeof(struct event_hdr) + 64,
	       "wire layout changed");

/* Snapshot of one running process. Strings: path, args. */
struct event_proc {
	struct event_hdr hdr;
	struct event_file file;
	__u16 path_len;
	__u16 args_len;
	__u32 pad;
};
_Static_assert(sizeof(struct event_proc) == sizeof(struct event_hdr) + 72, "wire layout changed");

struct event_canary {
	struct event_hdr hdr;
	__u64 nonce;
};
_Static_assert(sizeof(struct event_canary) == sizeof(struct event_hdr) + 8, "wire layout changed");

enum change_op {
	CHANGE_LINK = 1,
	CHANGE_SYMLINK = 2,
	CHANGE_RENAME = 3,
	CHANGE_UNLINK = 4, /* rmdir too */
	CHANGE_MKDIR = 5,
	CHANGE_MKNOD = 6,
	CHANGE_TRUNCATE = 7,
	CHANGE_CHMOD = 8,
	CHANGE_CHOWN = 9,
	CHANGE_SETXATTR = 10, /* removexattr too */
	CHANGE_UTIME = 11,
	CHANGE_OTHER = 12, /* the kernel dirtied an inode; which call did it is not known */
};

/* What `file` of a change is. */
enum change_object {
	OBJECT_NONE = 0,
	OBJECT_FILE = 1, /* what was changed */
	OBJECT_PARENT =
		2, /* the directory that a name was added to or taken from, or that it is relative to */
};

/* Strings: path, fspath, arg, arg2. arg is the caller's path (the new one of
 * link, symlink and rename), arg2 the old path, the link's text or the name of
 * the extended attribute. */
struct event_change {
	struct event_hdr hdr;
	struct event_file file;
	__u64 flags;	 /* as passed: RENAME_*, AT_* */
	__u32 op;	 /* enum change_op */
	__u32 mode;	 /* mknod, mkdir, chmod: as passed */
	__u32 object;	 /* enum change_object */
	__s32 dirfd;	 /* as passed; AT_FDCWD when the call has none */
	__u32 mnt_flags; /* of the container's own mount it lies on: MNT_NOSUID and so on; 0: none */
	__u32 rdev;	 /* mknod: the device, kernel encoding */
	__u16 path_len;
	__u16 fspath_len;
	__u16 arg_len;
	__u16 arg2_len;
};
_Static_assert(sizeof(struct event_change) == sizeof(struct event_hdr) + 104,
	       "wire layout changed");

enum access_op {
	ACCESS_PTRACE = 1,
	ACCESS_VM_READ = 2,
	ACCESS_VM_WRITE = 3,
	ACCESS_GETFD = 4, /* `file` is what was received */
	ACCESS_SIGNAL = 5,
	ACCESS_MADVISE = 6,
	ACCESS_KCMP = 7,
	ACCESS_PIDFD_OPEN = 8,
	ACCESS_PROC_OPEN = 9, /* an entry of /proc/PID that takes a right over the process */
};

/* event_access.flags */
#define ACCESS_F_SHARED_PID_NS \
	(1u << 0) /* actor and target share a pid namespace that is not the host's: one pod */

/* An act on another process; whom it hits is also in hdr.boundary and
 * hdr.target_container. Strings: path, fspath (of `file`), arg (path as passed). */
struct event_access {
	struct event_hdr hdr;
	struct event_file file; /* what pidfd_getfd received, the entry of /proc/PID */
	struct exec_id target;	/* all zero: not known */
	__u64 request;		/* PTRACE_*, the signal, the descriptor asked for... */
	__u32 op;		/* enum access_op */
	__u32 target_uid;	/* effective, initial user namespace */
	__u32 target_arg;	/* pid or pidfd as passed */
	__u32 flags;		/* ACCESS_F_* */
	char target_comm[16];
	__u16 path_len;
	__u16 fspath_len;
	__u16 arg_len;
	__u16 pad;
};
_Static_assert(sizeof(struct event_access) == sizeof(struct event_hdr) + 128,
	       "wire layout changed");

/* Strings: path, fspath (of `file`, if an argument is a descriptor), arg (a
 * string argument, if there is one worth telling). */
struct event_syscall {
	struct event_hdr hdr;
	struct event_file file;
	__u64 args[6];	 /* as passed */
	__u64 detail[2]; /* read from the caller's memory: by call, see bpf/surface.bpf.h */
	__u16 path_len;
	__u16 fspath_len;
	__u16 arg_len;
	__u16 pad;
};
_Static_assert(sizeof(struct event_syscall) == sizeof(struct event_hdr) + 136,
	       "wire layout changed");

/* From the socket itself, not from the caller's memory. */
struct event_inet {
	struct event_hdr hdr;
	__u8 addr[16];		/* peer; IPv4 in the first four bytes, network order */
	__u32 attempts;		/* to this address and port by this container within INET_WINDOW_NS */
	__u32 n_peers;		/* distinct addresses and ports it tried within INET_SCAN_WINDOW_NS */
	__u32 n_addresses;	/* distinct addresses, likewise */
	__u32 n_failed;		/* attempts that were refused or given up, likewise */
	__u16 port;		/* host order */
	__u16 protocol;		/* IPPROTO_TCP, IPPROTO_MPTCP... */
	__u8 family;		/* 4 or 6 */
	__u8 pad[3];
};
_Static_assert(sizeof(struct event_inet) == sizeof(struct event_hdr) + 40, "wire layout changed");

/* event_cred.changed */
#define DRIFT_UID (1u << 0)
#define DRIFT_GID (1u << 1)
#define DRIFT_CAP_PERMITTED (1u << 2)
#define DRIFT_CAP_EFFECTIVE (1u << 3)
#define DRIFT_CAP_BOUNDING (1u << 4)
#define DRIFT_USER_NS (1u << 5)
#define DRIFT_NAMESPACES (1u << 6) /* any other; `ns_changed` tells which */
#define DRIFT_SECCOMP (1u << 7)	   /* a filter was there and is gone */
#define DRIFT_SECUREBITS (1u << 8)
#define DRIFT_ROOT (1u << 9) /* root directory */
#define DRIFT_CGROUP (1u << 10)
#define DRIFT_NO_NEW_PRIVS (1u << 11)

enum drift_at { DRIFT_AT_SYSCALL = 1, DRIFT_AT_EXEC = 2, DRIFT_AT_FORK = 3, DRIFT_AT_SWEEP = 4 };

struct event_cred {
	struct event_hdr hdr;
	__u64 changed;	      /* DRIFT_* */
	__u64 ns_changed;     /* CLONE_NEW* */
	__u64 ns_joined_host; /* CLONE_NEW*: of these, now the host's */
	__u64 old_permitted, new_permitted;
	__u64 old_effective, new_effective;
	__u64 old_bounding, new_bounding;
	__u32 old_uid, new_uid; /* effective, initial user namespace */
	__u32 old_gid, new_gid;
	__u32 at; /* enum drift_at */
	__u32 pad;
};
_Static_assert(sizeof(struct event_cred) == sizeof(struct event_hdr) + 96, "wire layout changed");

struct event_capable {
	struct event_hdr hdr;
	__u32 cap; /* CAP_* */
	__u32 pad;
};
_Static_assert(sizeof(struct event_capable) == sizeof(struct event_hdr) + 8, "wire layout changed");

enum rate_kind {
	RATE_FORKS = 1, /* processes made within the window */
	RATE_TASKS = 2, /* tasks alive, after they grew by that many within the window */
};

struct event_rate {
	struct event_hdr hdr;
	__u64 count;
	__u32 kind; /* enum rate_kind */
	__u32 window_ms;
};
_Static_assert(sizeof(struct event_rate) == sizeof(struct event_hdr) + 16, "wire layout changed");

enum use_op {
	USE_READ = 1,
	USE_WRITE = 2,
	USE_LIST = 3, /* getdents */
	USE_MAP = 4,
	USE_MAP_EXEC = 5, /* mmap or mprotect with PROT_EXEC */
	USE_RECEIVE = 6,  /* a descriptor that came from elsewhere */
	USE_IOCTL = 7,
	USE_SCRIPT = 8, /* opened by an interpreter of the host to be run */
};

/* Strings: path, fspath. */
struct event_use {
	struct event_hdr hdr;
	struct event_file file;
	__s32 fd; /* -1: none */
	__u32 op; /* enum use_op */
	__u32 f_mode;
	__u16 path_len;
	__u16 fspath_len;
};
_Static_assert(sizeof(struct event_use) == sizeof(struct event_hdr) + 80, "wire layout changed");

struct event_unknown_call {
	struct event_hdr hdr; /* nr and way tell */
};

enum loss_kind {
	LOSS_RING_FULL = 1,  /* the kernel could not place records */
	LOSS_GAP = 2,	     /* sequence numbers are missing that no counter explains */
	LOSS_CANARY = 3,     /* the agent's own act did not come back */
	LOSS_MALFORMED = 4,  /* a record could not be decoded */
	LOSS_SUPPRESSED = 5, /* a container used up a budget; hdr.container names it */
	LOSS_STATE = 6,	     /* a state table was full, or state could not be had */
	LOSS_TAIL_CALL = 7,  /* a tail call fell through */
	LOSS_HOOK = 8,	     /* a hook is no longer attached, or its pin was taken away */
	LOSS_MISSED_RUN = 9, /* a hook's program did not run: it was running on that CPU already */
	LOSS_OUTPUT = 10,    /* no event: alerts that found no room in an output's queue */
};

/* Made in user space, in the stream like any other record. */
struct event_loss {
	struct event_hdr hdr;
	__u64 count;
	__u32 kind;	  /* enum loss_kind */
	__u32 event_type; /* what was lost, 0: mixed or unknown */
};
_Static_assert(sizeof(struct event_loss) == sizeof(struct event_hdr) + 16, "wire layout changed");

/* What a runtime's own files say of container `hdr.container`. Made in user
 * space. Strings: id, name, image, runtime, and since they are read pod, pod_ns, pod_uid,
 * sandbox, image_id, digest, each of at most EVENT_NAME_MAX bytes. Captures
 * that are older end behind runtime_len and have the first four. */
struct event_container_info {
	struct event_hdr hdr;
	__u16 id_len;
	__u16 name_len;
	__u16 image_len;
	__u16 runtime_len;
	__u16 pod_len;	    /* Kubernetes' name of the pod */
	__u16 pod_ns_len;   /* and its namespace */
	__u16 pod_uid_len;
	__u16 sandbox_len;  /* full id of the container that holds the pod's namespaces */
	__u16 image_id_len; /* as the runtime counts it, "sha256:..." or bare digits */
	__u16 digest_len;   /* "sha256:..." of the manifest */
	__u16 info_flags;   /* INFO_* */
	__u16 pad;	    /* zero */
};
#define EVENT_NAME_MAX 1023
/* Without a flag it is an answer, the empty one too: the files were looked for
 * and not found. Until then the alerts of the container are pending. */
#define INFO_LATE (1u << 0) /* not an answer: none came in time */
#define INFO_HINT (1u << 1) /* not an answer: said by the arguments of who made the container */
#define INFO_UNANSWERED (1u << 2) /* final and empty: nobody was there to look */
#define INFO_BY_NAME (1u << 3) /* files of that name; no state file names the container's init */
#define EVENT_CONTAINER_INFO_OLD_SIZE (sizeof(struct event_hdr) + 8)
_Static_assert(sizeof(struct event_container_info) == sizeof(struct event_hdr) + 24,
	       "wire layout changed");

/* What is judged of a container: numbers of bits. Append only; their words are
 * in src/event/symbols.c, all else is told in src/enrich/posture_table.c. */
enum posture_check {
	POSTURE_PRIVILEGED,
	POSTURE_HOST_PID,
	POSTURE_HOST_NET,
	POSTURE_HOST_IPC,
	POSTURE_HOST_UTS,
	POSTURE_HOST_CGROUP,
	POSTURE_HOST_USER,
	POSTURE_ENGINE_SOCKET,
	POSTURE_MOUNT_ROOT_RW,
	POSTURE_MOUNT_ROOT_RO,
	POSTURE_MOUNT_ETC_RW,
	POSTURE_MOUNT_KERNEL_RW,
	POSTURE_MOUNT_DEV_RW,
	POSTURE_MOUNT_HOME_RW,
	POSTURE_MOUNT_STATE_RW,
	POSTURE_MOUNT_RUN_RW,
	POSTURE_MOUNT_PROGRAMS_RW,
	POSTURE_MOUNT_SENSITIVE_RO,
	POSTURE_CAPABILITIES,
	POSTURE_SECCOMP_OFF,
	POSTURE_LSM_OFF,
	POSTURE_NEW_PRIVILEGES,
	POSTURE_PATHS_UNMASKED,
	POSTURE_DEVICES,
	POSTURE_SHARED_MOUNT,
	POSTURE_SECRET_NAMES,
	POSTURE_NO_MEMORY_LIMIT,
	POSTURE_NO_PIDS_LIMIT,
	POSTURE_NO_CPU_LIMIT,
	POSTURE_ROOT_WRITABLE,
	POSTURE_ROOT_ON_VOLUME,
	POSTURE_PRIVILEGED_PORT,
	POSTURE_PORT_ANY_ADDRESS,
	POSTURE_RESTART_ALWAYS,
	POSTURE_DEFAULT_BRIDGE,
	POSTURE_CGROUP_PARENT,
	POSTURE_NO_HEALTH_CHECK,
	POSTURE_ENGINE_TCP,
	POSTURE_NO_RLIMITS,
	POSTURE_HOST_CAPABILITIES,
	POSTURE_HOST_DEVICES,
	POSTURE_N,
};

enum posture_severity {
	POSTURE_INFORMATIONAL,
	POSTURE_NOTICE,
	POSTURE_WARNING,
	POSTURE_CRITICAL,
};

/* What container `hdr.container` was given that helps it to reach the host.
 * Made in user space, when its files were read. Strings: reason ("it runs
 * privileged", empty if nothing leads to the host), details (about what, as
 * "host-pid", or "devices: /dev/sda", separated by NULs, the gravest first,
 * those that are only informational left out). */
struct event_posture {
	struct event_hdr hdr;
	__u64 findings; /* 1 << enum posture_check */
	__u32 severity; /* enum posture_severity, the highest */
	__u32 posture_flags; /* POSTURE_F_* */
	__u16 reason_len;
	__u16 details_len;
	__u16 pad[2]; /* zero */
};
#define POSTURE_F_NO_FILES (1u << 0) /* no file was found: judged by /proc alone */
#define POSTURE_F_NO_PROC (1u << 1)  /* its init, or the host's, could not be looked at: judged by files */
#define POSTURE_F_BY_NAME (1u << 3)  /* its files were found by its name alone: they may be another's */
#define POSTURE_F_CUT (1u << 2)	     /* more mounts or details than are kept */
_Static_assert(sizeof(struct event_posture) == sizeof(struct event_hdr) + 24, "wire layout changed");

/* Rules were read again. EVENT_F_FAILED: they were refused, those before stay.
 * Strings: hash (of the rules that judge now), before (of those that did until
 * now, empty if they are the same), error (why they were refused). */
struct event_rules {
	struct event_hdr hdr;
	__u16 hash_len;
	__u16 before_len;
	__u16 error_len;
	__u16 pad;
};
_Static_assert(sizeof(struct event_rules) == sizeof(struct event_hdr) + 8, "wire layout changed");

/* What disagrees. */
enum identity_kind {
	IDENTITY_CGROUP = 1, /* the cgroup it was born in bears another id than its runtime gave it */
	IDENTITY_TAKEN = 2, /* nobody vouches for it, and the id claimed for it is a living container's */
	IDENTITY_MOVED = 3, /* a process of it is in a cgroup that is another's, or bears another's id */
	IDENTITY_INNER = 4, /* an engine in it calls a container of its own as the host calls another */
};

/* Who says whose it is. */
enum identity_source {
	IDENTITY_BY_NOBODY = 0, /* nothing but its cgroup, whose number it is called by */
	IDENTITY_BY_STATE = 1,	/* a state file of a runtime that names its init, number and start */
	IDENTITY_BY_ARGS = 2,	/* the arguments of the runtime on the host that made it */
	IDENTITY_BY_NAME = 3,	/* its cgroup's path, which nothing contradicted before */
};

/* What is said of the container `hdr.container` disagrees; hdr.target_container
 * is the living one whose id is claimed, 0 if there is none. The rest of hdr is
 * of the record at which it was seen. Made in user space, once per container and
 * kind. Strings: claimed (the id that was claimed), actual (the container's id
 * as it is told), path (the cgroup's). */
struct event_identity {
	struct event_hdr hdr;
	__u16 kind;	   /* enum identity_kind */
	__u16 source;	   /* enum identity_source: of `actual` */
	__u16 claimed_len; /* at most EVENT_NAME_MAX, as actual_len */
	__u16 actual_len;
	__u16 path_len;
	__u16 pad[3]; /* zero */
};
_Static_assert(sizeof(struct event_identity) == sizeof(struct event_hdr) + 16,
	       "wire layout changed");

#endif
