/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every kernel type and member that brigwatch's programs read, and no more.
 *
 * Hand-kept. Offsets are not taken from here: preserve_access_index makes the
 * loader fit each access to the running kernel's BTF (CO-RE), so a struct lists
 * only the members that are read, in any order. A suffix ___v61 marks a shape
 * of another kernel version; kcompat.bpf.h is the only place that uses those.
 * Members that exist in some kernels only are asked for with
 * bpf_core_field_exists() there. */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef __s8 s8;
typedef __u8 u8;
typedef __s16 s16;
typedef __u16 u16;
typedef __s32 s32;
typedef __u32 u32;
typedef __s64 s64;
typedef __u64 u64;
typedef _Bool bool;
enum { false = 0, true = 1 };
typedef unsigned int fmode_t;
typedef unsigned short umode_t;
typedef int pid_t;

#ifndef NULL
#define NULL ((void *)0)
#endif

/* uapi/linux/bpf.h: only what the programs name. */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PROG_ARRAY = 3,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};
enum { BPF_ANY = 0, BPF_NOEXIST = 1, BPF_EXIST = 2 };
enum { BPF_F_NO_PREALLOC = 1 };
enum { BPF_LOCAL_STORAGE_GET_F_CREATE = 1 };
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };
enum { BPF_RB_AVAIL_DATA = 0 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct list_head {
	struct list_head *next, *prev;
};
struct hlist_node {
	struct hlist_node *next;
};
struct hlist_head {
	struct hlist_node *first;
};
struct rb_node {
	struct rb_node *rb_right, *rb_left;
};
struct rb_root {
	struct rb_node *rb_node;
};
typedef struct {
	int counter;
} atomic_t;

/* x86-64 (arch/x86/include/asm/ptrace.h) */
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs,
		flags, sp, ss;
};

struct thread_info {
	unsigned long syscall_work; /* bit 0: a seccomp filter is asked (5.11, 23d67a54857a) */
	u32 status;		/* TS_COMPAT: the current call came through the 32-bit gate */
};

/* ---- credentials and namespaces ---- */

typedef struct {
	u32 val;
} kuid_t;
typedef struct {
	u32 val;
} kgid_t;
typedef struct {
	u64 val;		/* u32[2] before 6.3 (f122a08b197d): only its address is used */
} kernel_cap_t;

struct ns_common {
	unsigned int inum;
	u64 ns_id;		/* 6.18 and later */
};
struct user_namespace {
	struct ns_common ns;
	int level;
	struct user_namespace *parent;
};
struct cred {
	kuid_t uid, suid, euid;
	kgid_t gid, sgid, egid;
	unsigned int securebits;
	kernel_cap_t cap_inheritable, cap_permitted, cap_effective, cap_bset;
	struct user_namespace *user_ns;
};
/* before 6.3 (f122a08b197d) */
struct kernel_cap_struct___v61 {
	u32 cap[2];
};
struct cred___v61 {
	struct kernel_cap_struct___v61 cap_inheritable, cap_permitted, cap_effective, cap_bset;
};
struct uts_namespace {
	struct ns_common ns;
};
struct ipc_namespace {
	struct ns_common ns;
};
struct net {
	struct ns_common ns;
};
struct time_namespace {
	struct ns_common ns;
};
struct cgroup_namespace {
	struct ns_common ns;
};
/* Numbers to pids: a tree of nodes with 64 slots each. */
struct xarray {
	void *xa_head;
};
struct xa_node {
	unsigned char shift;
	void *slots[64];
};
struct idr {
	struct xarray idr_rt;
};
struct pid_namespace {
	struct ns_common ns;
	struct idr idr;
	unsigned int level;
	struct task_struct *child_reaper;
};
struct mount;
struct mnt_namespace {
	struct ns_common ns;
	struct rb_root mounts;		/* 6.8 and later (2eea9ce4310d) */
};
/* before 6.18: a unique number of its own; before 6.8 a list of mounts */
struct mnt_namespace___v61 {
	u64 seq;
	struct list_head list;
};
struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns_for_children;
	struct net *net_ns;
	struct time_namespace *time_ns;
	struct cgroup_namespace *cgroup_ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};
struct pid {
	unsigned int level;
	struct hlist_head tasks[4];	/* indexed by enum pid_type */
	struct upid numbers[1];
};

/* ---- files ---- */

struct qstr {
	u32 len;
	const unsigned char *name;
};
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
	union {
		struct hlist_node d_alias; /* next name of the same inode */
	} d_u;
};
struct file_system_type {
	const char *name;
};
struct block_device {
	u32 bd_dev;
};
struct super_block {
	u32 s_dev;
	struct file_system_type *s_type;
	unsigned long s_flags, s_magic;
	struct dentry *s_root;
	struct block_device *s_bdev;
	struct mount *s_mounts; /* 6.18 and later */
};
/* before 6.18: a list through mount.mnt_instance */
struct super_block___v61 {
	struct list_head s_mounts;
};
struct inode {
	umode_t i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	struct super_block *i_sb;
	unsigned long i_ino;
	unsigned int i_nlink;
	u32 i_rdev;
	u32 i_generation;
	struct hlist_head i_dentry;
	long long i_size;
	void *i_private;
	s64 i_ctime_sec; /* 6.11 and later (3aa63a569c64) */
};
struct timespec64 {
	s64 tv_sec;
};
/* 6.6 to 6.10 (13bc24457850) */
struct inode___v66 {
	struct timespec64 __i_ctime;
};
struct inode___v61 {
	struct timespec64 i_ctime;
};
struct proc_inode {
	struct pid *pid;	/* whose entry of /proc it is; NULL outside of /proc/PID */
	struct inode vfs_inode;
};
struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
	int mnt_flags;
};
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct rb_node mnt_node;	/* 6.8 and later */
	struct list_head mnt_share;	/* its peers */
	struct mount *mnt_next_for_sb; /* 6.18 and later */
	struct mnt_namespace *mnt_ns;
	int mnt_t_flags;		/* 6.17 and later */
};
struct fs_context {
	struct file_system_type *fs_type;
	struct dentry *root;		/* once the superblock exists */
	const char *source;
};
/* before 6.8: linked into mnt_namespace.list; before 6.18: into super_block.s_mounts */
struct mount___v61 {
	struct list_head mnt_list;
	struct list_head mnt_instance;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct file {
	fmode_t f_mode;
	unsigned int f_flags;
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
};
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};
struct files_struct {
	struct fdtable *fdt;
};
struct fs_struct {
	struct path root;
	struct path pwd;
};
struct vm_area_struct {
	struct file *vm_file;
};
struct mm_struct {
	struct file *exe_file;
	unsigned long arg_start, arg_end;
};
struct linux_binprm {
	struct file *executable; /* the program, if an interpreter got its descriptor */
	const char *filename;
	const char *interp; /* differs from filename: a script, or binfmt_misc */
};
struct filename {
	const char *name;
};

/* ---- cgroups ---- */

struct kernfs_node {
	struct kernfs_node *__parent;	/* 6.15 and later (633488947ef6) */
	const char *name;
	u64 id;
};
struct kernfs_node___v61 {
	struct kernfs_node *parent;
};
struct cgroup {
	int level;
	struct kernfs_node *kn;
};
struct cgroup_subsys_state {
	struct cgroup *cgroup;
};
struct css_set {
	struct cgroup_subsys_state *subsys[16];
	struct cgroup *dfl_cgrp;
};
enum cgroup_subsys_id {
	memory_cgrp_id = 4,
	devices_cgrp_id = 5,
	pids_cgrp_id = 11,
};

/* ---- tasks ---- */

struct signal_struct {
	atomic_t live;
};
struct kernel_siginfo {
	int si_signo, si_code;
};
struct seccomp {
	int mode;
};
struct task_struct {
	struct thread_info thread_info;
	unsigned int flags;
	unsigned long atomic_flags; /* bit 0: no_new_privs */
	struct seccomp seccomp;
	pid_t pid, tgid;
	int exit_code;
	struct task_struct *real_parent, *group_leader;
	struct pid *thread_pid;
	struct hlist_node pid_links[4];
	u64 start_boottime;
	u64 self_exec_id;	/* u32 before 5.7 */
	struct cred *real_cred, *cred;
	char comm[16];
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct mm_struct *mm;
	struct css_set *cgroups;
};

/* ---- sockets ---- */

typedef struct {
	struct net *net;
} possible_net_t;
struct in6_addr {
	u8 bytes[16];
};
struct sock_common {
	u32 skc_daddr;
	u16 skc_dport;			/* network order */
	u16 skc_num;			/* local port, host order */
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
};
struct sock {
	struct sock_common __sk_common;
	u16 sk_protocol;
	struct pid *sk_peer_pid;
	struct cred *sk_peer_cred;
};
struct socket {
	struct sock *sk;
};
struct sockaddr_un {
	u16 sun_family;
	char sun_path[108];
};
struct unix_address {
	int len;		/* of name, family included */
	struct sockaddr_un name[0];
};
struct unix_sock {
	struct sock sk;
	struct unix_address *addr;
	struct path path;
	struct sock *peer;
};

/* ---- io_uring ---- */

struct io_rsrc_node {
	unsigned long file_ptr;		/* low bits are flags */
};
struct io_rsrc_data {
	unsigned int nr;
	struct io_rsrc_node **nodes;
};
struct io_file_table {
	struct io_rsrc_data data;	/* 6.13 and later */
};
/* before 6.13 (7029acd8a950): an array of slots */
struct io_fixed_file___v61 {
	unsigned long file_ptr;
};
struct io_file_table___v61 {
	struct io_fixed_file___v61 *files;
};
struct io_ring_ctx {
	struct io_file_table file_table;
};
struct io_kiocb {
	struct file *file;
	u8 opcode;
	struct io_ring_ctx *ctx;
};
struct io_uring_cqe {
	u64 user_data;
	s32 res;
};
struct io_splice {
	struct file *file_out;
	int splice_fd_in;
	unsigned int flags;
};
struct io_socket {
	int domain, type, protocol;
};
struct io_open {
	u32 file_slot;		/* direct descriptor: slot + 1 */
	struct filename *filename;
};

/* ---- iterators ---- */

struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
	u64 session_id;
	u64 seq_num;
};
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	u32 fd;
	struct file *file;
};
struct bpf_raw_tracepoint_args {
	__u64 args[0];
};

#pragma clang attribute pop
#endif
