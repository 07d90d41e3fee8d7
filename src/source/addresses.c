/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of the host, for the kernel side: which connections stay here? */
#include <bpf/bpf.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include "source/live.h"

static bool read_address(const struct sockaddr *sa, struct inet_address *ret)
{
	*ret = (struct inet_address){ { 0 } };
	if (sa && sa->sa_family == AF_INET) {
		memcpy(ret->addr, &((const struct sockaddr_in *)sa)->sin_addr, 4);
		return true;
	}
	if (sa && sa->sa_family == AF_INET6) {
		memcpy(ret->addr, &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
		return true;
	}
	return false;
}

static void drop_unseen(int fd, __u32 round)
{
	struct inet_address key, next;
	__u32 seen;
	int r;

	r = bpf_map_get_next_key(fd, NULL, &next);
	while (r == 0) {
		key = next;
		r = bpf_map_get_next_key(fd, &key, &next);
		if (bpf_map_lookup_elem(fd, &key, &seen) == 0 && seen != round)
			bpf_map_delete_elem(fd, &key);
	}
}

int live_scan_addresses(struct live *live)
{
	static __u32 round;
	struct inet_address address;
	struct ifaddrs *list, *it;
	int fd = live_map_fd(live, "host_addresses"), r = 0;

	if (fd < 0)
		return fd;
	if (getifaddrs(&list) < 0)
		return -errno;
	round++;
	for (it = list; it; it = it->ifa_next) {
		/* A loopback address is the host's in the host's network namespace only. */
		if (!read_address(it->ifa_addr, &address) || (it->ifa_flags & IFF_LOOPBACK))
			continue;
		if (bpf_map_update_elem(fd, &address, &round, BPF_ANY) < 0)
			r = -errno;
	}
	freeifaddrs(list);
	drop_unseen(fd, round);
	return r;
}
