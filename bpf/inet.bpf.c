// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* TCP: with whom a container wants to speak, and whether it looks around.
 *
 * inet_sock_set_state and not connect(): the socket holds the kernel's own copy
 * of the address, and every way of connecting passes it (io_uring, TCP fast open,
 * a descriptor that was received, 32-bit entry). CLOSE -> SYN_SENT happens in the
 * connecting task. Other changes may come from a soft interrupt, with anyone's
 * task as the current one, and must not touch the scratch buffer. */
#include "file.bpf.h"

#define STATE_ESTABLISHED 1
#define STATE_SYN_SENT 2
#define STATE_CLOSED 7
#define STATE_LISTENING 10
#define REPORT_ATTEMPTS_MIN 8u
#define REPORT_FAILED_MIN 16u

/* A socket for both families that speaks IPv4 has its IPv4 address set. */
static __always_inline void read_peer(struct sock *sk, struct inet_peer_key *ret)
{
	u16 port = KREAD(sk, __sk_common.skc_dport);

	ret->port = __builtin_bswap16(port);
	*(u32 *)ret->addr = KREAD(sk, __sk_common.skc_daddr);
	ret->family = 4;
	if (KREAD(sk, __sk_common.skc_family) == FAMILY_INET || *(u32 *)ret->addr)
		return;
	ret->family = 6;
	bpf_probe_read_kernel(ret->addr, sizeof(ret->addr), &sk->__sk_common.skc_v6_daddr);
}

static __always_inline bool is_loopback(const struct inet_peer_key *peer)
{
	const u32 *word = (const u32 *)peer->addr;

	if (peer->family == 4)
		return peer->addr[0] == 127;
	return !word[0] && !word[1] && !word[2] && word[3] == __builtin_bswap32(1);
}

/* Does the address lead to this host? Loopback does in the host's own network
 * namespace; the others are those that the sensor found on its interfaces. */
static __always_inline bool is_host_address(const struct sensor_config *cfg, struct sock *sk,
					    const struct inet_peer_key *peer)
{
	struct inet_address address = {};

	if (is_loopback(peer))
		return KREAD(sk, __sk_common.skc_net.net, ns.inum) == cfg->init_ns_inum[NSK_NET];
	__builtin_memcpy(address.addr, peer->addr, sizeof(address.addr));
	return bpf_map_lookup_elem(&host_addresses, &address) != NULL;
}

/* The window of one container begins anew when it is over. */
static __always_inline struct inet_scan *scan_of(u64 container, u64 now)
{
	struct inet_scan *scan = bpf_map_lookup_elem(&inet_scans, &container);
	struct inet_scan fresh = { .since_ns = now };

	if (!scan) {
		bpf_map_update_elem(&inet_scans, &container, &fresh, BPF_NOEXIST);
		scan = bpf_map_lookup_elem(&inet_scans, &container);
	}
	if (scan && now - scan->since_ns > INET_SCAN_WINDOW_NS)
		*scan = fresh;
	return scan;
}

/* Count this attempt; the number of attempts to the same peer in its window. An
 * evicted peer counts as new: the scan is then overestimated by it, and tables
 * that small are only overrun by scans. */
static __always_inline u32 count_attempt(const struct inet_peer_key *key, struct inet_scan *scan, u64 now)
{
	struct inet_peer_key any_port = *key;
	struct inet_peer fresh = { .since_ns = now, .attempts = 1 };
	struct inet_peer *peer = bpf_map_lookup_elem(&inet_peers, key);

	if (peer && now - peer->since_ns <= INET_WINDOW_NS)
		return __sync_fetch_and_add(&peer->attempts, 1) + 1;
	bpf_map_update_elem(&inet_peers, key, &fresh, BPF_ANY);
	if (!scan)
		return 1;
	__sync_fetch_and_add(&scan->n_peers, 1);
	any_port.port = 0;
	peer = bpf_map_lookup_elem(&inet_peers, &any_port);
	if (!peer || now - peer->since_ns > INET_SCAN_WINDOW_NS) {
		__sync_fetch_and_add(&scan->n_addresses, 1);
		bpf_map_update_elem(&inet_peers, &any_port, &fresh, BPF_ANY);
	}
	return 1;
}

static __always_inline void begin_connection(const struct sensor_config *cfg, struct sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct inet_peer_key key = {};
	u64 now, sock = (u64)sk, facts = 0;
	struct event_inet *ev;
	struct inet_scan *scan;
	struct subject *sub;
	struct scratch *s;
	u32 attempts, *origin, port;

	if ((u64)task->nsproxy->mnt_ns == cfg->init_mnt_ns && !n_outside)
		return;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub || (sub->phase != PHASE_CONTAINED && sub->phase != PHASE_ESCAPED))
		return;
	read_peer(sk, &key);
	key.container = sub->container;
	now = bpf_ktime_get_boot_ns();
	scan = scan_of(sub->container, now);
	attempts = count_attempt(&key, scan, now);
	bpf_map_update_elem(&inet_pending, &sock, &sub->container, BPF_ANY);

	if (is_host_address(cfg, sk, &key)) {
		facts |= FACT_LOCAL_ADDRESS;
		port = key.port;
		origin = bpf_map_lookup_elem(&runtime_ports, &port);
		if (origin)
			facts |= *origin == PORT_RUNTIME ? FACT_RUNTIME_API | FACT_PEER_HOST : FACT_PEER_HOST;
	}
	/* Once per peer and window, then at each doubling: a client without
	 * keep-alive is no news, a count is. */
	if (attempts > 1 && !(is_power_of_two(attempts) && attempts >= REPORT_ATTEMPTS_MIN) &&
	    !(scan && is_power_of_two(scan->n_failed) && scan->n_failed >= REPORT_FAILED_MIN))
		return;

	s = scratch_get();
	if (!s || !is_wanted(cfg, EVENT_INET))
		return;
	ev = record_begin(s, sizeof(*ev));
	fill_header(s, EVENT_INET, task, sub);
	ev->hdr.facts |= facts;
	if (facts & FACT_PEER_HOST)
		ev->hdr.boundary = BOUNDARY_HOST;
	__builtin_memcpy(ev->addr, key.addr, sizeof(ev->addr));
	ev->port = key.port;
	ev->family = key.family;
	ev->protocol = kcompat_sk_protocol(sk);
	ev->attempts = attempts;
	if (scan) {
		ev->n_peers = scan->n_peers;
		ev->n_addresses = scan->n_addresses;
		ev->n_failed = scan->n_failed;
	}
	record_end((facts & FACT_RUNTIME_API) ? RING_URGENT : RING_BULK);
}

/* Any context. A socket that is freed before this is evicted in time; a stranger
 * at its address counts one failure too many. */
static __always_inline void end_attempt(struct sock *sk, bool has_failed)
{
	u64 sock = (u64)sk, *container = bpf_map_lookup_elem(&inet_pending, &sock);
	struct inet_scan *scan;

	if (!container)
		return;
	if (has_failed) {
		scan = bpf_map_lookup_elem(&inet_scans, container);
		if (scan)
			__sync_fetch_and_add(&scan->n_failed, 1);
	}
	bpf_map_delete_elem(&inet_pending, &sock);
}

/* A program of a runtime opens a port on the host. */
static __always_inline void learn_listener(const struct sensor_config *cfg, struct sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct inode *exe;

	if ((u64)task->nsproxy->mnt_ns != cfg->init_mnt_ns)
		return;
	exe = KREAD(task, mm, exe_file, f_inode);
	if (exe && is_runtime_inode(exe))
		runtime_port_add(task, sk);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tp_btf__inet_sock_set_state, struct sock *sk, int old, int now)
{
	const struct sensor_config *cfg = sensor_config();

	if (now == STATE_SYN_SENT)
		begin_connection(cfg, sk);
	else if (old == STATE_SYN_SENT)
		end_attempt(sk, now == STATE_CLOSED);
	else if (now == STATE_LISTENING)
		learn_listener(cfg, sk);
	return 0;
}
