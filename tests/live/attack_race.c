/* SPDX-License-Identifier: Apache-2.0 */
/* Opens whose path is rewritten meanwhile, many in a row. Which file came of
 * each is known from the descriptor; a line for each tells the harness:
 *   RACE <boot ns before> <boot ns after> own|foreign|none */
#include "attack.h"
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RACES_MAX 2000
#define PAGE 4096

enum got { GOT_NONE, GOT_OWN, GOT_FOREIGN };

static struct {
	char *path; /* what is opened, and rewritten */
	char own[300], foreign[300];
	struct stat own_st, foreign_st;
	int i; /* the race at hand */
	pid_t opener;
	int uffd;
	char *source; /* a page to be given to a fault */
	char *behind; /* another mapping of the path's page */
	atomic_int busy, go, stop;
} race;

static struct {
	uint64_t before, after;
	enum got got;
} results[RACES_MAX];

/* Half of the opens are meant for either file. */
static const char *meant(void)
{
	return race.i & 1 ? race.foreign : race.own;
}

static const char *lure(void)
{
	return race.i & 1 ? race.own : race.foreign;
}

static enum got what_came(int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return GOT_NONE;
	if (st.st_ino == race.foreign_st.st_ino && st.st_dev == race.foreign_st.st_dev)
		return GOT_FOREIGN;
	if (st.st_ino == race.own_st.st_ino && st.st_dev == race.own_st.st_dev)
		return GOT_OWN;
	deed_fail("the open led to a third file");
}

static void race_once(void)
{
	int fd;

	results[race.i].before = boot_ns();
	fd = (int)syscall(SYS_openat, AT_FDCWD, race.path, O_RDONLY);
	results[race.i].after = boot_ns();
	results[race.i].got = what_came(fd);
	if (fd >= 0)
		close(fd);
}

/* fifo: the other end is opened when the opener sleeps, after the rewrite. */

static void wait_until_asleep(void)
{
	char path[64], stat[200], *state;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", race.opener);
	do {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = read(fd, stat, sizeof(stat) - 1);
		close(fd);
		stat[n > 0 ? n : 0] = '\0';
		state = strrchr(stat, ')');
	} while (state && state[2] != 'S' && !atomic_load(&race.stop));
}

static void *fifo_partner(void *arg)
{
	int fd;

	(void)arg;
	while (!atomic_load(&race.stop)) {
		if (!atomic_exchange(&race.go, 0))
			continue;
		wait_until_asleep();
		strcpy(race.path, lure());
		fd = open(meant(), O_WRONLY | O_CLOEXEC);
		close(fd);
		atomic_store(&race.busy, 0);
	}
	return NULL;
}

static void fifo_before(void)
{
	/* While the other end is open, nobody would block. */
	while (atomic_load(&race.busy))
		sched_yield();
	strcpy(race.path, meant());
	atomic_store(&race.busy, 1);
	atomic_store(&race.go, 1);
}

/* page: the string is in a page of a file, which is dropped again and again. */

static void *page_partner(void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; !atomic_load(&race.stop); i++) {
		strcpy(race.path, i & 1 ? race.own : race.foreign);
		madvise(race.path, PAGE, MADV_DONTNEED);
	}
	return NULL;
}

static void page_before(void)
{
	madvise(race.path, PAGE, MADV_DONTNEED);
}

static void page_init(void)
{
	int fd = open("/tmp/page", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, PAGE) < 0)
		deed_fail("no file for the page");
	race.path = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (race.path == MAP_FAILED)
		deed_fail("cannot map the page");
	strcpy(race.path, race.own);
}

/* uffd: the kernel's own read of the string faults, and we answer; then the
 * string is exchanged, or its page taken away again. By another mapping of the
 * same memory: who answers faults must not wait for one. */

static void *uffd_partner(void *arg)
{
	struct pollfd p = { .fd = race.uffd, .events = POLLIN };
	struct uffdio_range range = { (uintptr_t)race.path, PAGE };
	struct uffdio_copy copy;
	struct uffd_msg msg;

	(void)arg;
	while (!atomic_load(&race.stop)) {
		if (poll(&p, 1, 20) <= 0 || read(race.uffd, &msg, sizeof(msg)) != sizeof(msg))
			continue;
		strcpy(race.source, meant());
		copy = (struct uffdio_copy){ .dst = (uintptr_t)race.path,
					     .src = (uintptr_t)race.source,
					     .len = PAGE };
		/* The page may be there already, by the line below: then only wake. */
		if (ioctl(race.uffd, UFFDIO_COPY, &copy) < 0)
			ioctl(race.uffd, UFFDIO_WAKE, &range);
		if (race.i & 2)
			strcpy(race.behind, lure());
		else
			madvise(race.behind, PAGE, MADV_REMOVE);
	}
	return NULL;
}

static void uffd_before(void)
{
	madvise(race.path, PAGE, MADV_REMOVE);
}

static void uffd_init(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int mem;

	race.uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (race.uffd < 0)
		deed_skip("userfaultfd: %s", strerrorname_np(errno));
	mem = (int)syscall(SYS_memfd_create, "path", 1 /* MFD_CLOEXEC */);
	if (mem < 0 || ftruncate(mem, PAGE) < 0)
		deed_fail("no memory file");
	race.path = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, mem, 0);
	race.behind = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, mem, 0);
	race.source = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (uintptr_t)race.path;
	reg.range.len = PAGE;
	if (race.path == MAP_FAILED || race.behind == MAP_FAILED || race.source == MAP_FAILED ||
	    ioctl(race.uffd, UFFDIO_API, &api) < 0 || ioctl(race.uffd, UFFDIO_REGISTER, &reg) < 0)
		deed_fail("cannot register the page");
}

/* busy: nothing but speed. */

static void *busy_partner(void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; !atomic_load(&race.stop); i++)
		strcpy(race.path, i & 1 ? race.own : race.foreign);
	return NULL;
}

static void nothing(void)
{
}

static void plain_init(void)
{
	race.path = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (race.path == MAP_FAILED)
		deed_fail("no memory");
	strcpy(race.path, race.own);
}

static const struct {
	const char *name;
	void (*init)(void);
	void *(*partner)(void *arg);
	void (*before)(void);
} kinds[] = {
	{ "fifo", plain_init, fifo_partner, fifo_before },
	{ "page", page_init, page_partner, page_before },
	{ "uffd", uffd_init, uffd_partner, uffd_before },
	{ "busy", plain_init, busy_partner, nothing },
};

static void own_make(const char *kind)
{
	snprintf(race.own, sizeof(race.own), "/tmp/own-file");
	if (strcmp(kind, "fifo") == 0) {
		if (mkfifo(race.own, 0600) < 0)
			deed_fail("mkfifo");
	} else {
		close(open(race.own, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	}
	if (stat(race.own, &race.own_st) < 0 || stat(race.foreign, &race.foreign_st) < 0)
		deed_fail("own or foreign file is not there");
}

static int attack_race(char **argv)
{
	static const char *const words[] = { "none", "own", "foreign" };
	int n = atoi(argv[2]);
	pthread_t partner;
	size_t k;

	snprintf(race.foreign, sizeof(race.foreign), "%s", argv[1]);
	own_make(argv[0]);
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		if (strcmp(kinds[k].name, argv[0]) == 0)
			break;
	if (k == sizeof(kinds) / sizeof(kinds[0]) || n > RACES_MAX)
		deed_fail("no such race");
	race.opener = gettid();
	kinds[k].init();
	if (pthread_create(&partner, NULL, kinds[k].partner, NULL) != 0)
		deed_fail("no thread");
	deed_harm(argv[0]);
	for (race.i = 0; race.i < n; race.i++) {
		kinds[k].before();
		race_once();
	}
	atomic_store(&race.stop, 1);
	pthread_join(partner, NULL);
	for (race.i = 0; race.i < n; race.i++)
		printf("RACE %llu %llu %s\n", (unsigned long long)results[race.i].before,
		       (unsigned long long)results[race.i].after, words[results[race.i].got]);
	return deed_done(0);
}

static const struct deed deeds[] = {
	/* KIND FOREIGN N: open an own or the foreign file N times */
	{ "race", 3, attack_race },
	{ 0 },
};
DEED_TABLE(deeds);
