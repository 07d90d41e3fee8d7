/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* connect() on AF_UNIX: who is at the other end, whatever the socket is called. */
#ifndef BW_CONNECT_BPF_H
#define BW_CONNECT_BPF_H

#include "file.bpf.h"

struct peer {
	struct file_view file;		/* inode that the peer is bound to; dentry NULL: abstract or unnamed */
	struct unix_address *addr;
	u32 tgid, uid;			/* who called listen() */
	bool is_host;			/* that task is outside all containers */
	bool is_runtime;		/* it runs a runtime's program */
};

/* The client's socket carries the pid of whoever called listen() on the other
 * side (unix_stream_connect: copy_peercred). */
static __always_inline void read_listener(const struct sensor_config *cfg, struct sock *sk, struct peer *ret)
{
	struct pid *pid = KREAD(sk, sk_peer_pid);
	struct task_struct *task;
	struct mnt_namespace *ns;
	struct inode *exe;
	void *link;
	u64 id;

	if (!pid)
		return;
	bpf_probe_read_kernel(&ret->tgid, sizeof(ret->tgid),
			      (char *)pid + bpf_core_field_offset(struct pid, numbers) +
				      bpf_core_field_offset(struct upid, nr));
	ret->uid = KREAD(sk, sk_peer_cred, euid.val);
	link = KREAD(pid, tasks[1].first);	/* PIDTYPE_TGID */
	if (!link)
		return;		/* gone; a socket-activated daemon's inode is known by other means */
	task = (struct task_struct *)((char *)link - bpf_core_field_offset(struct task_struct, pid_links[1]));
	ns = KREAD(task, nsproxy, mnt_ns);
	if (!ns)
		return;
	id = kcompat_mnt_ns_id(ns);
	ret->is_host = (u64)ns == cfg->init_mnt_ns || !bpf_map_lookup_elem(&mnt_ns, &id);
	exe = KREAD(task, mm, exe_file, f_inode);
	if (exe && ret->is_host)
		ret->is_runtime = is_runtime_inode(exe);
}

static __always_inline bool is_runtime_socket(const struct peer *peer)
{
	struct socket_name_key name = {};
	struct inode_id id = {};
	u64 len;

	if (peer->file.dentry) {
		inode_id_of(peer->file.inode, &id);
		return bpf_map_lookup_elem(&runtime_sockets, &id) != NULL;
	}
	if (!peer->addr)
		return false;
	/* The family is counted too. Checked behind the barrier, and as 64 bits: the
	 * verifier has to see the bound on what it is used with. */
	len = (u64)KREAD(peer->addr, len) - 2;
	barrier_var(len);
	if (!len || len > 108)
		return false;
	bpf_probe_read_kernel(name.name, len,
			      (char *)peer->addr +
				      bpf_core_field_offset(struct unix_address, name) + 2);
	return bpf_map_lookup_elem(&runtime_abstract, &name) != NULL;
}

static __always_inline void emit_refused_connect(struct scratch *s, struct task_struct *task,
						 const struct subject *sub, u64 addr)
{
	struct event_connect *ev;
	u16 family = 0;

	bpf_probe_read_user(&family, sizeof(family), (const void *)addr);
	if (family != FAMILY_UNIX)
		return;
	ev = record_begin(s, sizeof(*ev));
	fill_header(s, EVENT_CONNECT, task, sub);
	fill_call(s);
	ev->arg_len = put_user_string(s, addr + 2);
	record_end(RING_URGENT);
}

static __always_inline void judge_connected(const struct sensor_config *cfg, struct scratch *s,
					    struct task_struct *task, const struct subject *sub, struct sock *sk,
					    u64 addr)
{
	struct event_connect *ev;
	struct peer peer = {};
	struct path path = {};
	struct sock *other;
	u64 facts = 0;
	u32 len;

	other = KREAD((struct unix_sock *)sk, peer);
	if (!other)
		return;
	bpf_probe_read_kernel(&path, sizeof(path), &((struct unix_sock *)other)->path);
	if (path.dentry) {
		/* The mount is the one that bind() was made on. */
		view_of_path(cfg, task, sub, path.mnt, path.dentry, KREAD(path.dentry, d_inode), &peer.file);
		if (peer.file.owner == OWNER_OWN)
			return;
	}
	peer.addr = KREAD((struct unix_sock *)other, addr);
	read_listener(cfg, sk, &peer);
	if (peer.is_runtime || is_runtime_socket(&peer))
		facts |= FACT_RUNTIME_API;
	if (peer.is_host || peer.file.owner == OWNER_HOST)
		facts |= FACT_PEER_HOST;
	if (!facts && !(cfg->wanted_plain & (1ull << EVENT_CONNECT)))
		return;

	ev = record_begin(s, sizeof(*ev));
	fill_header(s, EVENT_CONNECT, task, sub);
	fill_call(s);
	ev->hdr.facts |= facts;
	ev->peer_tgid = peer.tgid;
	ev->peer_uid = peer.uid;
	if (facts)
		ev->hdr.boundary = BOUNDARY_HOST;
	if (path.dentry) {
		fill_file(&ev->file, &peer.file, SOURCE_KERNEL);
		ev->path_len = put_path_of(s, path.mnt, path.dentry);
	} else if (peer.addr) {
		len = KREAD(peer.addr, len);
		ev->abstract = 1;
		if (len > 2 && len <= 110)
			ev->path_len = put_bytes(s, (char *)peer.addr +
							    bpf_core_field_offset(struct unix_address, name) + 2,
						 len - 2);
	}
	if (addr)
		ev->arg_len = put_user_string(s, addr + 2);
	record_end((facts & FACT_RUNTIME_API) ? RING_URGENT : RING_BULK);
}

/* `file` is the connecting socket's, `addr` the user address of the sockaddr. */
static __always_inline void judge_connect(const struct sensor_config *cfg, struct scratch *s,
					  struct task_struct *task, const struct subject *sub, struct file *file,
					  u64 addr)
{
	struct socket *sock;
	struct sock *sk;
	s64 err = -s->call.ret;

	if (s->call.ret < 0) {
		if (addr && (err == ERRNO_ACCES || err == ERRNO_PERM))
			emit_refused_connect(s, task, sub, addr);
		return;
	}
	if (!file || (KREAD(file, f_inode, i_mode) & MODE_FMT) != MODE_SOCK)
		return;
	sock = KREAD(file, private_data);
	sk = KREAD(sock, sk);
	if (!sk || KREAD(sk, __sk_common.skc_family) != FAMILY_UNIX)
		return;
	judge_connected(cfg, s, task, sub, sk, addr);
}

#endif
