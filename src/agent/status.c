// SPDX-License-Identifier: Apache-2.0
#include "agent/status.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#define STATUS_MAGIC 0x73777201u /* and its version */
#define TRIES_MAX 64

/* In the shared memory, before two copies of the data. */
struct head {
	uint32_t magic;
	uint32_t kind;
	uint64_t turn_ns;
	uint64_t whole; /* number of the last whole copy, which is in slot whole & 1; 0: none */
	uint64_t pad;
};

struct status_page {
	enum status_kind kind;
	uint64_t whole; /* the writer's own count */
	struct head *head;
};

const double status_latency_bounds[STATUS_LATENCIES] = {
	0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
};

static size_t data_size(enum status_kind kind)
{
	return kind == STATUS_OF_ENGINE ? sizeof(struct status_engine) : sizeof(struct status_sensor);
}

static size_t page_size(enum status_kind kind)
{
	size_t one = (size_t)sysconf(_SC_PAGESIZE), size = sizeof(struct head) + 2 * data_size(kind);

	return (size + one - 1) / one * one;
}

uint64_t status_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

const char *status_table_name(unsigned int table)
{
	static const char *const names[STATUS_TABLES] = {
		[STATUS_PROCESSES] = "processes", [STATUS_CONTAINERS] = "containers",
		[STATUS_STRINGS] = "strings",	  [STATUS_INCIDENTS] = "incidents",
		[STATUS_FOLDS] = "suppressions",  [STATUS_THRESHOLDS] = "thresholds",
		[STATUS_SEQUENCES] = "sequences",
	};

	return table < STATUS_TABLES ? names[table] : "unknown";
}

int status_page_make(enum status_kind kind, int *ret_fd, int *ret_read_fd)
{
	cleanup_close int fd = memfd_create("brigwatch-status", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char path[32];
	int read_fd;

	if (fd < 0 || ftruncate(fd, (off_t)page_size(kind)) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (read_fd < 0)
		return -errno;
	*ret_fd = take_fd(fd);
	*ret_read_fd = read_fd;
	return 0;
}

static int map(int fd, enum status_kind kind, int prot, struct status_page **ret)
{
	struct status_page *page;
	struct stat st;
	void *memory;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((size_t)st.st_size != page_size(kind))
		return -EBADMSG;
	memory = mmap(NULL, page_size(kind), prot, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	page = malloc(sizeof(*page));
	if (!page) {
		munmap(memory, page_size(kind));
		return -ENOMEM;
	}
	*page = (struct status_page){ .kind = kind, .head = memory };
	*ret = page;
	return 0;
}

int status_page_write(int fd, enum status_kind kind, struct status_page **ret)
{
	struct status_page *page = NULL;
	int r;

	r = map(fd, kind, PROT_READ | PROT_WRITE, &page);
	if (!page)
		return r;
	/* A child that inherits it could speak for its parent. */
	if (madvise(page->head, page_size(kind), MADV_DONTFORK) < 0) {
		r = -errno;
		status_page_release(page);
		return r;
	}
	__atomic_store_n(&page->head->whole, 0, __ATOMIC_RELEASE);
	/* One that takes the place of another has as long to begin as for any turn. */
	__atomic_store_n(&page->head->turn_ns, status_now(), __ATOMIC_RELEASE);
	page->head->kind = kind;
	__atomic_store_n(&page->head->magic, STATUS_MAGIC, __ATOMIC_RELEASE);
	*ret = page;
	return 0;
}

int status_page_read(int fd, enum status_kind kind, struct status_page **ret)
{
	return map(fd, kind, PROT_READ, ret);
}

void status_page_release(struct status_page *page)
{
	if (!page)
		return;
	munmap(page->head, page_size(page->kind));
	free(page);
}

void status_turn(struct status_page *page, uint64_t now_ns)
{
	if (page)
		__atomic_store_n(&page->head->turn_ns, now_ns, __ATOMIC_RELEASE);
}

uint64_t status_last_turn(const struct status_page *page)
{
	return __atomic_load_n(&page->head->turn_ns, __ATOMIC_ACQUIRE);
}

static char *slot_of(const struct status_page *page, uint64_t number)
{
	return (char *)page->head + sizeof(*page->head) + (number & 1) * data_size(page->kind);
}

void status_publish(struct status_page *page, const void *data)
{
	if (!page)
		return;
	/* The number before is out before its other copy is touched. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	memcpy(slot_of(page, ++page->whole), data, data_size(page->kind));
	__atomic_store_n(&page->head->whole, page->whole, __ATOMIC_RELEASE);
}

/* The copy that is read is overwritten only after the next but one has begun, so
 * an unchanged number shows that nobody wrote into it. */
static int get(const struct status_page *page, void *ret)
{
	for (int i = 0; i < TRIES_MAX; i++) {
		uint64_t number = __atomic_load_n(&page->head->whole, __ATOMIC_ACQUIRE);

		if (__atomic_load_n(&page->head->magic, __ATOMIC_ACQUIRE) != STATUS_MAGIC ||
		    page->head->kind != (uint32_t)page->kind || number == 0)
			return -ENODATA;
		memcpy(ret, slot_of(page, number), data_size(page->kind));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&page->head->whole, __ATOMIC_ACQUIRE) == number)
			return 0;
		sched_yield();
	}
	return -EAGAIN;
}

int status_get_engine(const struct status_page *page, struct status_engine *ret)
{
	int r = get(page, ret);

	if (r == 0)
		status_check_engine(ret);
	return r;
}

int status_get_sensor(const struct status_page *page, struct status_sensor *ret)
{
	int r = get(page, ret);

	if (r == 0)
		status_check_sensor(ret);
	return r;
}

void status_check_text(char *text, size_t size)
{
	text[size - 1] = '\0';
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f || *p == '"' || *p == '\\')
			*p = '?';
}

#define CHECK_TEXT(field) status_check_text((field), sizeof(field))

void status_check_engine(struct status_engine *data)
{
	if (data->n_rules > STATUS_RULES_MAX)
		data->n_rules = STATUS_RULES_MAX;
	if (data->n_containers > STATUS_CONTAINERS_MAX)
		data->n_containers = STATUS_CONTAINERS_MAX;
	CHECK_TEXT(data->rules_hash);
	for (size_t i = 0; i < data->n_rules; i++)
		CHECK_TEXT(data->rules[i].id);
	for (size_t i = 0; i < data->n_containers; i++) {
		CHECK_TEXT(data->containers[i].id);
		CHECK_TEXT(data->containers[i].name);
	}
}

void status_check_sensor(struct status_sensor *data)
{
	if (data->n_hooks > STATUS_HOOKS_MAX)
		data->n_hooks = STATUS_HOOKS_MAX;
	if (data->n_processes > STATUS_PROCESSES_MAX)
		data->n_processes = STATUS_PROCESSES_MAX;
	CHECK_TEXT(data->version);
	CHECK_TEXT(data->object);
	CHECK_TEXT(data->release);
	CHECK_TEXT(data->tier);
	CHECK_TEXT(data->hostname);
	for (size_t i = 0; i < data->n_hooks; i++) {
		CHECK_TEXT(data->hooks[i].name);
		CHECK_TEXT(data->hooks[i].without);
	}
	for (size_t i = 0; i < data->n_processes; i++)
		CHECK_TEXT(data->processes[i].name);
}
