/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of the host, for the kernel side: which connections stay here? */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

static bool in_net_of_init(void)
{
	struct stat own, init;

	return stat("/proc/self/ns/net", &own) < 0 || stat("/proc/1/ns/net", &init) < 0 ||
	       (own.st_ino == init.st_ino && own.st_dev == init.st_dev);
}

static int scan_own(int fd, __u32 round)
{
	struct inet_address address;
	struct ifaddrs *list, *it;
	int r = 0;

	if (getifaddrs(&list) < 0)
		return -errno;
	for (it = list; it; it = it->ifa_next) {
		/* A loopback address is the host's in the host's network namespace only. */
		if (!read_address(it->ifa_addr, &address) || (it->ifa_flags & IFF_LOOPBACK))
			continue;
		if (bpf_map_update_elem(fd, &address, &round, BPF_ANY) < 0)
			r = -errno;
	}
	freeifaddrs(list);
	return r;
}

/* "           |-- 192.0.2.7", and in the next line "/32 host LOCAL": an address of
 * that namespace. Exported for the tests, like the other. */
bool live_read_fib_line(const char *line, char last[INET_ADDRSTRLEN], struct inet_address *ret)
{
	struct in_addr in;

	if (sscanf(line, " |-- %15[0-9.]", last) == 1)
		return false;
	if (!last[0] || !strstr(line, "/32 host LOCAL") || inet_pton(AF_INET, last, &in) != 1 ||
	    (ntohl(in.s_addr) >> 24) == 127)
		return false;
	*ret = (struct inet_address){ { 0 } };
	memcpy(ret->addr, &in, sizeof(in));
	return true;
}

/* "fe800000000000000042acfffe110002 05 40 20 80     eth0" */
bool live_read_inet6_line(const char *line, struct inet_address *ret)
{
	struct inet_address address = { { 0 } };

	if (strlen(line) < 33)
		return false;
	for (size_t i = 0; i < 16; i++) {
		char digits[3] = { line[2 * i], line[2 * i + 1] }, *end;

		address.addr[i] = (unsigned char)strtoul(digits, &end, 16);
		if (end != digits + 2)
			return false;
	}
	if (line[32] != ' ' || !memcmp(address.addr, &in6addr_loopback, 16))
		return false;
	*ret = address;
	return true;
}

/* A pod has a network of its own. With the host's pid namespace, the host's
 * addresses stand in /proc of its first process: setns() would take CAP_SYS_ADMIN. */
static int scan_init(int fd, __u32 round)
{
	static const char *const files[] = { "/proc/1/net/fib_trie", "/proc/1/net/if_inet6" };
	char line[256], last[INET_ADDRSTRLEN] = "";
	struct inet_address address;
	int r = 0;

	for (size_t i = 0; i < 2; i++) {
		FILE *file = fopen(files[i], "re");

		if (!file) {
			/* Without IPv6 there is no second one. */
			if (i == 0)
				return -errno;
			continue;
		}
		while (fgets(line, sizeof(line), file))
			if (i == 0 ? live_read_fib_line(line, last, &address) :
				     live_read_inet6_line(line, &address))
				if (bpf_map_update_elem(fd, &address, &round, BPF_ANY) < 0)
					r = -errno;
		fclose(file);
	}
	return r;
}

int live_scan_addresses(struct live *live)
{
	static __u32 round;
	int fd = live_map_fd(live, "host_addresses"), r;

	if (fd < 0)
		return fd;
	round++;
	r = in_net_of_init() ? scan_own(fd, round) : scan_init(fd, round);
	/* What could not be read is no reason to forget what was known. */
	if (r == 0)
		drop_unseen(fd, round);
	return r;
}
