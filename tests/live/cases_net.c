/* SPDX-License-Identifier: Apache-2.0 */
/* E5, E6, G9: endpoints and neighbours over the network. */
#include "cases.h"

static const struct family families[] = {
	{ "api-tcp", "^BW-0300$" }, { "management-port", "^BW-0301$" }, { "metadata", "^BW-0302$" },
	{ "scan", "^BW-0305$" },    { "brute-force", "^BW-0306$" },	{ 0 },
};

/* clang-format off */
static const struct attack_case cases[] = {
	{ .technique = "E5 engine over TCP", .variant = "connect", .runtime = RUNC,
	  .box = { .flags = BOX_HOST_NET }, .argv = "tcp plain 127.0.0.1 {port}", .expect = "api-tcp" },
	{ .technique = "E5 engine over TCP", .variant = "connect", .runtime = DOCKER,
	  .box = { .flags = BOX_HOST_NET }, .argv = "tcp plain 127.0.0.1 {port}", .expect = "api-tcp" },
	{ .technique = "E5 engine over TCP", .variant = "IPv6", .runtime = RUNC,
	  .box = { .flags = BOX_HOST_NET }, .argv = "tcp plain ::1 {port}", .expect = "api-tcp" },
	{ .technique = "E5 engine over TCP", .variant = "IPv4 by an IPv6 socket", .runtime = RUNC,
	  .box = { .flags = BOX_HOST_NET }, .argv = "tcp plain ::ffff:127.0.0.1 {port}", .expect = "api-tcp" },
	{ .technique = "E5 engine over TCP", .variant = "without waiting", .runtime = RUNC,
	  .box = { .flags = BOX_HOST_NET }, .argv = "tcp nonblock 127.0.0.1 {port}", .expect = "api-tcp" },
	{ .technique = "E5 engine over TCP", .variant = "fast open", .runtime = RUNC,
	  .box = { .flags = BOX_HOST_NET }, .argv = "tcp fastopen 127.0.0.1 {port}", .expect = "api-tcp" },
	{ .technique = "E5 engine over TCP", .variant = "int 0x80 connect", .runtime = RUNC, .way = WAY_IA32,
	  .box = { .flags = BOX_HOST_NET }, .argv = "tcp int80 127.0.0.1 {port}", .expect = "api-tcp" },
	{ .technique = "E5 engine over TCP", .variant = "io_uring", .runtime = RUNC, .way = WAY_URING,
	  .box = { .flags = BOX_HOST_NET }, .argv = "tcp uring 127.0.0.1 {port}", .expect = "api-tcp" },
	{ .technique = "E5 kubelet", .variant = "its port", .runtime = RUNC,
	  .argv = "tcp knock 127.0.0.1 10250", .expect = "management-port" },
	{ .technique = "E6 cloud metadata", .variant = "an address of its own loopback", .runtime = RUNC,
	  .box = { .caps = "NET_ADMIN" }, .argv = "metadata 169.254.169.254", .expect = "metadata" },
	{ .technique = "G12 lateral movement", .variant = "ports of one address", .runtime = RUNC,
	  .argv = "scan 127.0.0.1 ports 64", .expect = "scan" },
	{ .technique = "G12 lateral movement", .variant = "ports over IPv6", .runtime = RUNC,
	  .argv = "scan ::1 ports 64", .expect = "scan" },
	{ .technique = "G12 lateral movement", .variant = "one port of many addresses", .runtime = RUNC,
	  .argv = "scan 127.0.0.1 addresses 64", .expect = "scan" },
	{ .technique = "G12 lateral movement", .variant = "without waiting", .runtime = DOCKER,
	  .argv = "scan 127.0.0.1 nonblock 64", .expect = "scan" },
	{ .technique = "G12 lateral movement", .variant = "one login service", .runtime = RUNC,
	  .argv = "scan 127.0.0.1 login 70", .expect = "brute-force" },
	{ .technique = "G12 lateral movement", .variant = "one login service over IPv6", .runtime = RUNC,
	  .argv = "scan ::1 login 70", .expect = "brute-force" },
	{ 0 },
};
/* clang-format on */

CASE_TABLE(families, cases);
