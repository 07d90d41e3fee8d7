/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What all programs share: maps, the subject, the scratch buffer. */
#ifndef BW_BRIGWATCH_BPF_H
#define BW_BRIGWATCH_BPF_H

#include "vmlinux.h"

/* the headers of libbpf use its types */
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "brigwatch/event.h"
#include "brigwatch/maps.h"
#include "kcompat.bpf.h"

#define ERRNO_PERM 1
#define ERRNO_STALE 116
#define ERRNO_ACCES 13
#define ERRNO_BUSY 16
#define ERRNO_TXTBSY 26
#define ERRNO_ROFS 30
#define ERRNO_MAX 4095

#define MODE_FMT 0170000
#define MODE_SUID 04000u
#define MODE_SGID 02000u
#define MODE_SOCK 0140000
#define MODE_LNK 0120000
#define MODE_REG 0100000
#define MODE_BLK 0060000
#define MODE_DIR 0040000
#define MODE_CHR 0020000
#define MODE_FIFO 0010000

#define FMODE_READ_BIT 1u
#define FMODE_WRITE_BIT 2u
#define OPEN_ACCMODE 3u
#define OPEN_CREAT 0100u
#define OPEN_TRUNC 01000u
#define OPEN_PATH 010000000u

#define INTO_CGROUP 0x200000000ull /* of clone3 */
#define NEWNS 0x00020000u
#define NEWCGROUP 0x02000000u
#define NEWUTS 0x04000000u
#define NEWIPC 0x08000000u
#define NEWUSER 0x10000000u
#define NEWPID 0x20000000u
#define NEWNET 0x40000000u
#define NEWTIME 0x00000080u
#define NEW_ANY (NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET)

#define FAMILY_UNIX 1
#define FAMILY_INET 2
#define FAMILY_INET6 10
#define FAMILY_VSOCK 40
#define STATE_ESTABLISHED 1 /* of TCP; vsock uses the same */
#define STATE_CLOSE_WAIT 8

#define MAGIC_PROC 0x9fa0u
#define MAGIC_SYSFS 0x62656572u
#define MAGIC_CGROUP 0x27e0ebu
#define MAGIC_CGROUP2 0x63677270u
#define MAGIC_DEBUGFS 0x64626720u
#define MAGIC_TRACEFS 0x74726163u
#define MAGIC_SECURITYFS 0x73636673u
#define MAGIC_BPFFS 0xcafe4a11u
#define MAGIC_BINFMT 0x42494e4du
#define MAGIC_CONFIGFS 0x62656570u
#define MAGIC_EFIVARFS 0xde5e81e4u
#define MAGIC_PSTORE 0x6165676cu
#define MAGIC_NSFS 0x6e736673u
#define MAGIC_PIDFS 0x50494446u
#define MAGIC_TMPFS 0x01021994u
#define MAGIC_OVERLAY 0x794c7630u

#define IS_ERR_PTR(p) ((unsigned long)(p) >= (unsigned long)-ERRNO_MAX)

/* Lineage of a task: what its ancestry says of it. */
#define LINEAGE_RUNTIME (1u << 0)	/* descends from a runtime's program on the host */

#define SUBJECT_F_SEEDED (1u << 0)
#define SUBJECT_F_OUTSIDE (1u << 1)	/* counted in GAUGE_OUTSIDE */
#define SUBJECT_F_COMPAT (1u << 2)	/* 32-bit entry of this image was reported */
#define SUBJECT_F_CHANGE_TOLD (1u << 3) /* the change that this call makes was reported */
#define SUBJECT_F_CHANGE_SEEN (1u << 4) /* a file system said what this call changes */
#define SUBJECT_F_SCRIPT (1u << 5)	/* of the host, about to open its script; counted as above */

/* What renameat2(RENAME_EXCHANGE) exchanged, as far as it went. */
struct exchange {
	u64 inode; /* of the link */
	u64 dentry;
	u64 mount; /* the container's own that it lies on */
	u32 n_links;
	u32 n_others; /* neither link nor directory */
};

/* What a task may do, as its kernel objects say. Kernel addresses are only
 * compared with the task's current ones, which cannot be freed meanwhile. */
struct identity {
	u64 inheritable, permitted, effective, bounding;
	u64 user_ns;  /* address */
	u64 nsproxy;  /* address */
	u64 mnt_ns;   /* address: nsproxy may be overwritten in place */
	u64 root_mnt; /* address */
	u32 uid, euid, suid;
	u32 gid, egid, sgid;
	u32 securebits;
	u32 confined; /* CONFINED_* */
};
#define IDENTITY_WORDS (sizeof(struct identity) / sizeof(u64))
#define CONFINED_FILTER (1u << 0) /* seccomp mode 2 */
#define CONFINED_ENTRY (1u << 1)  /* and asked at each system call */
#define CONFINED_NNP (1u << 2)	  /* no_new_privs */

/* One record per task, inherited at fork. Absent: host in the initial mount
 * namespace, or not yet met; see subject_get(). */
struct subject {
	u64 container;		/* key, 0 on the host */
	u64 mnt_ns;		/* unique id as last explained */
	u64 own_mnt_ns;		/* its kernel address if it is the container's own: only compared with
				 * the task's current one, which cannot be freed meanwhile; else 0 */
	u32 ns_inum[NSK_MAX];	/* as last explained */
	struct identity id;	/* as last explained; see cred.bpf.h */
	u64 cred;    /* address of the credentials that were last found to be as explained */
	u64 suspect; /* seen by the last sweep: mark of an identity that nothing explained yet */
	struct inode_id stdio[3];	/* descriptors 0 to 2 when the container's first image started */
	struct inode_id runtime_exe;	/* program that entered the runtime phase: a runtime by deed */
	u64 change_inode; /* last one told of, and when: io_uring has no exit of the call */
	u64 change_ns;
	struct exchange exchange;
	u32 flags;		/* SUBJECT_F_* */
	u32 script_hash;	/* SUBJECT_F_SCRIPT: of the script's name, 0: any */
	u8 phase;		/* enum event_phase */
	u8 lineage;		/* LINEAGE_* */
	u8 script_opens;	/* SUBJECT_F_SCRIPT: how many opens it may still take */
	u8 pad[5];
};

/* What is known of the moment at which a change of identity was found. */
struct occasion {
	u32 at;	      /* enum drift_at */
	u32 exe_mode; /* exec: i_mode of the program, set-id bits count */
	u32 is_cred;  /* a successful set*id, capset, prctl... */
	u32 is_ns;    /* a successful setns, unshare, or a clone into new namespaces */
	u32 is_made;  /* ... where the namespaces are new */
	u32 is_root;  /* a successful chroot or pivot_root */
};

/* What became of a task's namespaces since they were last explained. */
struct ns_change {
	u64 changed;	 /* CLONE_NEW* */
	u64 joined_host; /* of these, now the host's */
	u64 other;	 /* key of the other container whose mount namespace was entered */
};

/* A system call at its exit, the same for every way of entry. */
struct call {
	u64 args[6];
	s64 ret;
	s32 nr;
	u8 way;
	u8 handler;
};

/* The arguments of an open, the same for every way of opening. */
struct open_call {
	u64 path;		/* user address of the caller's string, 0: none */
	u64 flags;
	s32 dirfd;
	u32 by_handle;		/* 1: open_by_handle_at */
};

/* A change of a tree, the same for every way of asking for it. */
struct change_call {
	u64 path, path2; /* user addresses; see struct event_change */
	u64 flags;
	u32 op; /* enum change_op, 0: none */
	u32 mode;
	u32 rdev;
	s32 dirfd;
	s32 fd; /* descriptor of the object itself, -1: none */
	u32 pad;
};

/* Which mounts show a dentry; see find_mounts(). */
struct mount_search {
	u64 cursor, end;
	u64 dentry;
	u64 own_ns, init_ns, container;
	u64 own, foreign; /* struct mount */
	u64 foreign_container;
	u32 found;  /* SEEN_* */
	u32 enough; /* SEEN_*: one of these ends the search */
	u32 second;
	u32 pad;
};

/* One act on another process; see is_access_repeated(). */
struct access_key {
	u64 container;
	u64 request;
	u64 inode;
	u32 actor_tgid;
	u32 target_tgid;
	u32 op;
	u32 failed;
};

/* Where a record is built before it goes to a ring. One per CPU: tracing
 * programs run with preemption off, and none of the hooks nests in another. The
 * kernel allows 32 KiB a CPU (PCPU_MIN_UNIT_SIZE). */
#define SCRATCH_PATH 4352	/* PATH_MAX and one name */
/* A walk from a name to the root, see path.bpf.c. Addresses, so that they are
 * numbers to the verifier. */
struct walk {
	u64 dentry;   /* or the kernfs node of a cgroup */
	u64 mnt_root; /* 0: walk to the root of the file system */
	u64 mnt;
	u32 pos;	   /* in scratch.path, which is filled backwards from WALK_END */
	u8 is_named;	   /* collect the names, go on beyond the mount */
	u8 is_cut;	   /* longer than PATH_MAX: its head is missing */
	u8 is_unreachable; /* the root of the file system came before the root of the mount */
	u8 pad;
};

struct scratch {
	struct call call;
	struct walk walk;
	struct identity id;  /* as it is now */
	struct identity old; /* as last explained */
	struct occasion occasion;
	u64 drift; /* DRIFT_* */
	struct ns_change ns;
	struct subject child; /* of a fork */
	struct open_call open;
	struct change_call change;
	struct mount_search search;
	struct access_key access;
	u64 facts;		/* kept here and not in a register: see forget() */
	u64 code_facts;		/* of what the host has begun to run, see consume.bpf.h */
	u64 code_container;	/* and who wrote it */
	struct container_state born;	/* being told, too large for the stack */
	struct written written;		/* likewise */
	struct name_key name;
	char head[64];		/* of a link's text */
	u32 len;		/* bytes of data in use */
	u32 pad;
	char path[SCRATCH_PATH];
	char data[EVENT_SIZE_MAX];
};

#define MAP_OF(type_, key_, value_, entries_)		\
	{						\
		__uint(type, type_);			\
		__type(key, key_);			\
		__type(value, value_);			\
		__uint(max_entries, entries_);		\
	}

struct map_counters MAP_OF(BPF_MAP_TYPE_PERCPU_ARRAY, u32, u64, COUNTER_MAX);
struct map_books MAP_OF(BPF_MAP_TYPE_PERCPU_ARRAY, u32, struct book, RING_MAX * EVENT_TYPE_MAX);
struct map_sequences MAP_OF(BPF_MAP_TYPE_PERCPU_ARRAY, u32, u64, RING_MAX);
struct map_scratches MAP_OF(BPF_MAP_TYPE_PERCPU_ARRAY, u32, struct scratch, 1);
struct map_calls MAP_OF(BPF_MAP_TYPE_ARRAY, u32, u8, SYSCALLS_MAX);
struct map_call_counts MAP_OF(BPF_MAP_TYPE_PERCPU_ARRAY, u32, u64, CALLS_MAX * SYSCALLS_MAX);
struct map_unknown_calls MAP_OF(BPF_MAP_TYPE_LRU_HASH, struct unknown_key, u64, UNKNOWN_CALLS_MAX);
struct map_containers MAP_OF(BPF_MAP_TYPE_HASH, u64, struct container_state, CONTAINERS_MAX);
struct map_mnt_ns MAP_OF(BPF_MAP_TYPE_HASH, u64, struct mnt_ns_state, MNT_NS_MAX);
struct map_runtime_binaries MAP_OF(BPF_MAP_TYPE_LRU_HASH, struct inode_id, u32, RUNTIME_BINARIES_MAX);
struct map_runtime_names MAP_OF(BPF_MAP_TYPE_HASH, struct name_key, u32, RUNTIME_NAMES_MAX);
struct map_runtime_sockets MAP_OF(BPF_MAP_TYPE_LRU_HASH, struct inode_id, u32, RUNTIME_SOCKETS_MAX);
struct map_runtime_abstract MAP_OF(BPF_MAP_TYPE_LRU_HASH, struct socket_name_key, u32, RUNTIME_SOCKETS_MAX);
struct map_runtime_ports MAP_OF(BPF_MAP_TYPE_LRU_HASH, u32, u32, RUNTIME_SOCKETS_MAX);
struct map_host_addresses MAP_OF(BPF_MAP_TYPE_HASH, struct inet_address, u32, HOST_ADDRESSES_MAX);
struct map_inet_peers MAP_OF(BPF_MAP_TYPE_LRU_HASH, struct inet_peer_key, struct inet_peer, INET_PEERS_MAX);
struct map_inet_scans MAP_OF(BPF_MAP_TYPE_LRU_HASH, u64, struct inet_scan, CONTAINERS_MAX);
struct map_inet_pending MAP_OF(BPF_MAP_TYPE_LRU_HASH, u64, u64, INET_PEERS_MAX);
struct map_budgets MAP_OF(BPF_MAP_TYPE_LRU_HASH, struct budget_key, struct budget, BUDGETS_MAX);
struct map_container_written MAP_OF(BPF_MAP_TYPE_LRU_HASH, struct inode_id, struct written, WRITTEN_MAX);
struct map_written_names MAP_OF(BPF_MAP_TYPE_LRU_HASH, struct name_key, u32, WRITTEN_NAMES_MAX);
struct map_interpreters MAP_OF(BPF_MAP_TYPE_HASH, struct name_key, u32, INTERPRETERS_MAX);
struct map_watched_names MAP_OF(BPF_MAP_TYPE_HASH, struct name_key, u32, WATCHED_NAMES_MAX);
struct map_host_helpers MAP_OF(BPF_MAP_TYPE_LRU_HASH, struct inode_id, u32, HOST_HELPERS_MAX);
struct map_helper_setter MAP_OF(BPF_MAP_TYPE_ARRAY, u32, struct helper_setter, 1);
struct map_exe_by_pid MAP_OF(BPF_MAP_TYPE_LRU_HASH, struct pid_key, struct inode_id, EXE_BY_PID_MAX);
struct map_own_roots MAP_OF(BPF_MAP_TYPE_LRU_HASH, struct own_roots_key, struct own_roots, OWN_ROOTS_MAX);
struct map_accesses MAP_OF(BPF_MAP_TYPE_LRU_HASH, struct access_key, u64, ACCESSES_MAX);
struct map_uses MAP_OF(BPF_MAP_TYPE_LRU_HASH, struct use_key, struct use_state, USES_MAX);

struct map_subjects {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct subject);
};
struct map_ring_urgent {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_URGENT_BYTES);
};
struct map_ring_bulk {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BULK_BYTES);
};
struct map_handlers {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
	__uint(max_entries, HANDLER_MAX);
};

/* Plain variables, in maps of their own: one load on the hot path. */
extern struct sensor_config config;
/* Tracked tasks that live in the initial mount namespace: contained by birth, or
 * about to open a script that a container wrote. While there are any, the hot
 * path looks at that namespace's tasks. */
extern __u64 n_outside;

extern struct map_counters counters SEC(".maps");
extern struct map_books books SEC(".maps");
extern struct map_sequences sequences SEC(".maps");
extern struct map_scratches scratches SEC(".maps");
extern struct map_calls calls_native SEC(".maps");
extern struct map_calls calls_x32 SEC(".maps");
extern struct map_calls calls_ia32 SEC(".maps");
extern struct map_call_counts call_counts SEC(".maps");
extern struct map_unknown_calls unknown_calls SEC(".maps");
extern struct map_containers containers SEC(".maps");
extern struct map_mnt_ns mnt_ns SEC(".maps");
extern struct map_runtime_binaries runtime_binaries SEC(".maps");
extern struct map_runtime_names runtime_names SEC(".maps");
extern struct map_runtime_sockets runtime_sockets SEC(".maps");
extern struct map_runtime_abstract runtime_abstract SEC(".maps");
extern struct map_runtime_ports runtime_ports SEC(".maps");
extern struct map_host_addresses host_addresses SEC(".maps");
extern struct map_inet_peers inet_peers SEC(".maps");
extern struct map_inet_scans inet_scans SEC(".maps");
extern struct map_inet_pending inet_pending SEC(".maps");
extern struct map_budgets budgets SEC(".maps");
extern struct map_exe_by_pid exe_by_pid SEC(".maps");
extern struct map_own_roots own_roots SEC(".maps");
extern struct map_accesses accesses SEC(".maps");
extern struct map_container_written container_written SEC(".maps");
extern struct map_written_names written_names SEC(".maps");
extern struct map_interpreters interpreters SEC(".maps");
extern struct map_watched_names watched_names SEC(".maps");
extern struct map_host_helpers host_helpers SEC(".maps");
extern struct map_helper_setter helper_setter SEC(".maps");
extern struct map_uses uses SEC(".maps");
extern struct map_subjects subjects SEC(".maps");
extern struct map_ring_urgent ring_urgent SEC(".maps");
extern struct map_ring_bulk ring_bulk SEC(".maps");
extern struct map_handlers handlers SEC(".maps");

/* The verifier follows each combination of known bits as a state of its own
 * (800,000 instructions for one open). A round trip through memory makes the
 * value unknown to it, and a typed kernel pointer a plain number. */
static __always_inline u64 forget(struct scratch *s, u64 value)
{
	*(volatile u64 *)&s->facts = value;
	return *(volatile u64 *)&s->facts;
}

static __always_inline bool is_word(const char *p, const char *word, u32 len)
{
	u32 i, different = 0;

	/* No branch inside: the verifier walks one path only. */
	for (i = 0; i < len; i++)
		different |= p[i] ^ word[i];
	return !different;
}

static __always_inline const struct sensor_config *sensor_config(void)
{
	return &config;
}

static __always_inline struct scratch *scratch_get(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&scratches, &zero);
}

static __always_inline bool is_power_of_two(u32 n)
{
	return n && !(n & (n - 1));
}

static __always_inline void count(u32 counter)
{
	u64 *n = bpf_map_lookup_elem(&counters, &counter);

	if (n)
		*n += 1;
}

#endif
