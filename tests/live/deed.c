/* SPDX-License-Identifier: Apache-2.0 */
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern const struct deed *const __start_deed_tables[], *const __stop_deed_tables[];

int deed_main(int argc, char **argv)
{
	const struct deed *const *table, *d;

	for (table = __start_deed_tables; argc >= 2 && table < __stop_deed_tables; table++)
		for (d = *table; d->name; d++)
			if (strcmp(argv[1], d->name) == 0 && argc - 2 >= d->n_args)
				return d->run(argv + 2);
	fprintf(stderr, "%s: no such deed, or too few arguments\n", argv[0]);
	return 2;
}

uint64_t boot_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void deed_ready(void)
{
	printf("READY\n");
	fflush(stdout);
}

void deed_harm(const char *label)
{
	printf("HARM %llu %s\n", (unsigned long long)boot_ns(), label);
	fflush(stdout);
}

int deed_done(long ret)
{
	if (ret >= 0)
		printf("DONE %llu ok\n", (unsigned long long)boot_ns());
	else
		printf("DONE %llu refused %ld %s\n", (unsigned long long)boot_ns(), -ret,
		       strerrorname_np((int)-ret));
	fflush(stdout);
	return 0;
}

void deed_skip(const char *fmt, ...)
{
	va_list ap;

	printf("SKIP ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(0);
}

void deed_fail(const char *fmt, ...)
{
	int e = errno;
	va_list ap;

	printf("FAIL ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf(" (errno %d)\n", e);
	fflush(stdout);
	_exit(1);
}

/* The 32-bit gate. */

long deed_int80(long nr, long a, long b, long c, long d, long e)
{
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "r8", "r9", "r10", "r11", "memory");
	return (int)ret;
}

void *deed_low(const void *data, size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
		       -1, 0);

	if (p == MAP_FAILED)
		deed_fail("no memory below 4 GiB");
	memcpy(p, data, len);
	return p;
}

static sigjmp_buf no_gate;

static void on_no_gate(int sig)
{
	(void)sig;
	siglongjmp(no_gate, 1);
}

/* In a child: the first 32-bit call of an image is the one that is reported. */
void deed_int80_probe(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (sigsetjmp(no_gate, 1))
			_exit(1);
		signal(SIGSEGV, on_no_gate);
		_exit(deed_int80(20 /* getpid */, 0, 0, 0, 0, 0) == -ENOSYS);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		deed_skip("no 32-bit entry on this kernel");
}

/* io_uring without its library: one ring of eight entries, one request at a
 * time. */

struct uring {
	int fd;
	unsigned int *sq_tail, *sq_mask, *sq_array, *sq_flags;
	unsigned int *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	int polled;
};

static void uring_init_flags(struct uring *r, unsigned int flags)
{
	struct io_uring_params p = { .flags = flags, .sq_thread_idle = 1000 };
	size_t sq_len, cq_len;
	char *sq, *cq;

	r->fd = (int)syscall(__NR_io_uring_setup, 8, &p);
	if (r->fd < 0)
		deed_skip("io_uring_setup: %s", strerrorname_np(errno));

	sq_len = p.sq_off.array + p.sq_entries * sizeof(unsigned int);
	cq_len = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
	sq = mmap(NULL, sq_len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd,
		  IORING_OFF_SQ_RING);
	cq = mmap(NULL, cq_len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd,
		  IORING_OFF_CQ_RING);
	r->sqes = mmap(NULL, p.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_POPULATE, r->fd, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || r->sqes == MAP_FAILED)
		deed_fail("cannot map the rings");

	r->sq_tail = (unsigned int *)(sq + p.sq_off.tail);
	r->sq_mask = (unsigned int *)(sq + p.sq_off.ring_mask);
	r->sq_array = (unsigned int *)(sq + p.sq_off.array);
	r->sq_flags = (unsigned int *)(sq + p.sq_off.flags);
	r->cq_head = (unsigned int *)(cq + p.cq_off.head);
	r->cq_tail = (unsigned int *)(cq + p.cq_off.tail);
	r->cq_mask = (unsigned int *)(cq + p.cq_off.ring_mask);
	r->cqes = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
	r->polled = !!(flags & IORING_SETUP_SQPOLL);
}

static void uring_init(struct uring *r)
{
	uring_init_flags(r, 0);
}

/* With a polling thread of the kernel nobody submits: at most it is woken. */
static void uring_submit(struct uring *r)
{
	unsigned int flags = IORING_ENTER_GETEVENTS, n = 1;

	if (r->polled) {
		n = 0;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (__atomic_load_n(r->sq_flags, __ATOMIC_RELAXED) & IORING_SQ_NEED_WAKEUP)
			flags |= IORING_ENTER_SQ_WAKEUP;
	}
	if (syscall(__NR_io_uring_enter, r->fd, n, 1, flags, NULL, 0) < 0)
		deed_fail("io_uring_enter");
}

static int uring_do(struct uring *r, const struct io_uring_sqe *sqe)
{
	unsigned int tail = *r->sq_tail, head, slot = tail & *r->sq_mask;
	int res;

	r->sqes[slot] = *sqe;
	r->sq_array[slot] = slot;
	__atomic_store_n(r->sq_tail, tail + 1, __ATOMIC_RELEASE);
	uring_submit(r);

	head = *r->cq_head;
	while (head == __atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE))
		syscall(__NR_io_uring_enter, r->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	res = r->cqes[head & *r->cq_mask].res;
	__atomic_store_n(r->cq_head, head + 1, __ATOMIC_RELEASE);
	return res;
}

int deed_uring(const struct io_uring_sqe *sqe, enum deed_uring how)
{
	struct io_uring_sqe copy = *sqe;
	int slots[1] = { -1 };
	struct uring r;
	int ret;

	if (how == URING_WORKER)
		copy.flags |= IOSQE_ASYNC;
	uring_init_flags(&r, how == URING_SQPOLL ? IORING_SETUP_SQPOLL : 0);
	if (how == URING_BORROWED) {
		ret = (int)syscall(__NR_io_uring_register, r.fd, IORING_REGISTER_PERSONALITY, NULL, 0);
		if (ret < 0 || setresgid((gid_t)-1, 1, (gid_t)-1) < 0)
			deed_skip("no borrowed credentials: %s", strerrorname_np(errno));
		copy.personality = (unsigned short)ret;
	}
	if (how == URING_DIRECT) {
		copy.file_index = 1; /* slot 0, counted from one */
		if (syscall(__NR_io_uring_register, r.fd, IORING_REGISTER_FILES, slots, 1) < 0)
			deed_skip("no direct descriptors: %s", strerrorname_np(errno));
	}
	ret = uring_do(&r, &copy);
	close(r.fd);
	return ret;
}

void deed_uring_chain(const struct io_uring_sqe *sqes, unsigned int n, int *ret_results)
{
	unsigned int i, slot, head, tail;
	int slots[1] = { -1 };
	struct uring r;

	uring_init(&r);
	if (syscall(__NR_io_uring_register, r.fd, IORING_REGISTER_FILES, slots, 1) < 0)
		deed_skip("no direct descriptors: %s", strerrorname_np(errno));
	tail = *r.sq_tail;
	for (i = 0; i < n; i++) {
		slot = (tail + i) & *r.sq_mask;
		r.sqes[slot] = sqes[i];
		r.sqes[slot].user_data = i;
		r.sq_array[slot] = slot;
	}
	__atomic_store_n(r.sq_tail, tail + n, __ATOMIC_RELEASE);
	if (syscall(__NR_io_uring_enter, r.fd, n, n, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		deed_fail("io_uring_enter");
	head = *r.cq_head;
	for (i = 0; i < n; i++, head++) {
		const struct io_uring_cqe *c = &r.cqes[head & *r.cq_mask];

		ret_results[c->user_data] = c->res;
	}
	__atomic_store_n(r.cq_head, head, __ATOMIC_RELEASE);
}

int deed_uring_openat(int dirfd, const char *path, int flags, int async)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_OPENAT,
		.fd = dirfd,
		.addr = (uintptr_t)path,
		.len = 0600,
		.open_flags = (unsigned int)flags,
	};

	return deed_uring(&sqe, async ? URING_WORKER : URING_PLAIN);
}

int deed_uring_connect(int fd, const void *addr, unsigned int addr_len)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_CONNECT,
		.fd = fd,
		.addr = (uintptr_t)addr,
		.off = addr_len,
	};

	return deed_uring(&sqe, URING_PLAIN);
}

int deed_uring_read_direct(const char *path, void *buf, unsigned int len)
{
	struct io_uring_sqe open_sqe = {
		.opcode = IORING_OP_OPENAT,
		.fd = AT_FDCWD,
		.addr = (uintptr_t)path,
		.open_flags = O_RDONLY,
		.file_index = 1, /* slot 0, counted from one */
	};
	struct io_uring_sqe read_sqe = {
		.opcode = IORING_OP_READ,
		.flags = IOSQE_FIXED_FILE,
		.fd = 0,
		.addr = (uintptr_t)buf,
		.len = len,
	};
	int slots[1] = { -1 };
	struct uring r;
	int ret;

	uring_init(&r);
	if (syscall(__NR_io_uring_register, r.fd, IORING_REGISTER_FILES, slots, 1) < 0)
		deed_skip("no direct descriptors: %s", strerrorname_np(errno));
	ret = uring_do(&r, &open_sqe);
	if (ret >= 0)
		ret = uring_do(&r, &read_sqe);
	close(r.fd);
	return ret;
}

int deed_uring_work(int fd, unsigned int n)
{
	static char block[4096], back[4096];
	struct io_uring_sqe sqe;
	struct uring r;
	unsigned int i;
	int ret = 0;

	uring_init(&r);
	for (i = 0; i < n && ret >= 0; i++) {
		memset(block, (int)('a' + i % 26), sizeof(block));
		sqe = (struct io_uring_sqe){ .opcode = IORING_OP_WRITE,
					     .fd = fd,
					     .addr = (uintptr_t)block,
					     .len = sizeof(block),
					     .off = (uint64_t)i * sizeof(block) };
		ret = uring_do(&r, &sqe);
		if (ret < 0)
			break;
		sqe.opcode = IORING_OP_READ;
		sqe.addr = (uintptr_t)back;
		ret = uring_do(&r, &sqe);
		if (ret >= 0 && memcmp(block, back, sizeof(block)) != 0)
			ret = -EIO;
	}
	close(r.fd);
	return ret;
}
