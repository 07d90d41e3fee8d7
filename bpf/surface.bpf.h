/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls on the kernel's own surface: what the record of one holds.
 *
 * event_syscall.detail, by call:
 *   bpf               [0] type of the program or map
 *   perf_event_open   [0] type, [1] config, of the event
 *   bind              [0] first eight bytes of the algorithm's kind ("aead")
 *   splice, sendfile  [0] SPLICE_*
 *   adjtimex and kin  [0] modes */
#ifndef BW_SURFACE_BPF_H
#define BW_SURFACE_BPF_H

#include "access.bpf.h"

#define FAMILY_NETLINK 16
#define FAMILY_PACKET 17
#define FAMILY_ALG 38

/* event_syscall.detail[0] of splice() and sendfile() */
#define SPLICE_TO_PIPE (1u << 0)
#define SPLICE_TO_CRYPTO (1u << 1)    /* an AF_ALG socket */
#define SPLICE_NOT_WRITABLE (1u << 2) /* the caller may not write the source */
#define SPLICE_SETID (1u << 3)	      /* the source has a set-id bit */
#define SPLICE_READ_ONLY (1u << 4)    /* the source's mount is read-only */

/* Native numbers, which stand for the calls of every way of entry. */
enum surface_nr {
	NR_IOCTL = 16,
	NR_SENDFILE = 40,
	NR_SOCKET = 41,
	NR_BIND = 49,
	NR_SYSLOG = 103,
	NR_ADJTIMEX = 159,
	NR_SETTIMEOFDAY = 164,
	NR_SETHOSTNAME = 170,
	NR_SETDOMAINNAME = 171,
	NR_INIT_MODULE = 175,
	NR_DELETE_MODULE = 176,
	NR_CLOCK_SETTIME = 227,
	NR_ADD_KEY = 248,
	NR_REQUEST_KEY = 249,
	NR_KEYCTL = 250,
	NR_SPLICE = 275,
	NR_PERF_EVENT_OPEN = 298,
	NR_FANOTIFY_INIT = 300,
	NR_FANOTIFY_MARK = 301,
	NR_CLOCK_ADJTIME = 305,
	NR_FINIT_MODULE = 313,
	NR_KEXEC_FILE_LOAD = 320,
	NR_BPF = 321,
	NR_USERFAULTFD = 323,
};

#define URING_SPLICE 30 /* enum io_uring_op */
#define URING_SOCKET 45
#define URING_BIND 56

/* See surface.bpf.c; addresses. */
int judge_splice(u64 source, u64 target);
int judge_socket(u64 family, u64 type, u64 protocol);
int judge_bind(u64 file, u64 addr);

/* include/uapi/asm-generic/ioctls.h */
#define IOCTL_TIOCSTI 0x5412
#define IOCTL_TIOCLINUX 0x541c

/* Requests of ioctl() that put characters into a terminal. */
static __always_inline bool is_terminal_input(u32 request)
{
	return request == IOCTL_TIOCSTI || request == IOCTL_TIOCLINUX;
}

#endif
