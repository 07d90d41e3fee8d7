/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs that run inside the test's containers share: the lines
 * by which they tell the harness what they did, and the less usual ways into
 * the kernel.
 *
 * Lines on stdout, one fact each:
 *   HARM <boot ns> <label>              the next call is the first harmful one
 *   DONE <boot ns> ok                   it was done, and its effect was checked
 *   DONE <boot ns> refused <errno> <name>   the kernel refused it
 *   READY                               waiting for the harness to play its part
 *   SKIP <reason>                       this kernel does not offer the way
 *   FAIL <reason>                       the program could not get as far as the deed
 *
 * A program that printed DONE or SKIP exits with 0, with FAIL 1. */
#ifndef LIVE_DEED_H
#define LIVE_DEED_H

#include <linux/io_uring.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What decoy files hold: who opened one can prove it. */
#define DECOY_TEXT "brigwatch decoy\n"

/* A deed, `program NAME ARGS...`. Each file has a table that ends with { 0 }. */
struct deed {
	const char *name;
	int n_args; /* at least */
	int (*run)(char **argv);
};

#define DEED_TABLE(table)                                \
	static const struct deed *const deed_table_entry \
		__attribute__((used, section("deed_tables"))) = (table)

/* Run the deed that argv[1] names; 2 if there is none. */
int deed_main(int argc, char **argv);

uint64_t boot_ns(void);

void deed_ready(void);
void deed_harm(const char *label);

/* Print DONE for `ret`: a result of 0 or more, or -errno. Returns the exit
 * code, 0. */
int deed_done(long ret);

/* Print SKIP or FAIL and leave. */
_Noreturn void deed_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void deed_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A system call through the 32-bit gate; -errno on failure. Pointers must be
 * below 4 GiB: deed_low() copies there. deed_int80_probe() leaves with SKIP
 * where the kernel has no such gate. */
long deed_int80(long nr, long a, long b, long c, long d, long e);
void *deed_low(const void *data, size_t len);
void deed_int80_probe(void);

enum deed_uring { URING_PLAIN, URING_WORKER, URING_SQPOLL, URING_DIRECT, URING_BORROWED };

/* One request on an io_uring of its own: submitted by this thread, handed to a
 * worker of the kernel, found by a polling thread of the kernel, with a
 * descriptor that never enters the table, or with the credentials that the task
 * had when it registered them. */
int deed_uring(const struct io_uring_sqe *sqe, enum deed_uring how);

/* Up to eight requests in one submission, on a ring with one slot for direct
 * descriptors; the result of each, as of the call itself. */
void deed_uring_chain(const struct io_uring_sqe *sqes, unsigned int n, int *ret_results);

/* One request on an io_uring of its own. Results are as of the call itself,
 * -errno on failure; leaves with SKIP where io_uring is switched off. `async`
 * hands the request to a worker thread of the kernel. */
int deed_uring_openat(int dirfd, const char *path, int flags, int async);
int deed_uring_connect(int fd, const void *addr, unsigned int addr_len);
/* Opens into a direct descriptor, which never enters the descriptor table, and
 * reads at most `len` bytes of it; returns their count. */
int deed_uring_read_direct(const char *path, void *buf, unsigned int len);
/* Plain use, as data bases do: write `n` blocks to `fd` and read them back. */
int deed_uring_work(int fd, unsigned int n);

#endif
