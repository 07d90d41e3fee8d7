// SPDX-License-Identifier: Apache-2.0
#include "agent/outbox.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#define MAGIC 0x3178626f74756f42ull /* "Boutobx1" */
#define KEY_MAX 1024
#define READS_MAX 1000 /* of a page that its owner changes meanwhile */
#define SHED_BYTES (128u << 10)
#define ALIGN 8u

/* The memory: a page of what never changes, one of each side, the ring. */
enum page { PAGE_HEAD, PAGE_PRODUCER, PAGE_CONSUMER, PAGE_RING };

struct head {
	uint64_t magic;
	uint64_t page, size;
	uint64_t adopted;
	char kind[16];
	char name[OUTBOX_NAME_MAX];
	char key[KEY_MAX];
};

/* Positions are bytes since the file was made; modulo size they are places. */
struct produced {
	uint64_t head, number;
	uint64_t accepted, accepted_bytes, dropped, dropped_bytes;
};

struct consumed {
	uint64_t tail, number;
	uint64_t written, failed, retries, rotations, reopens;
	uint64_t last_written_ns, last_error_ns;
	int32_t last_error;
	uint32_t last_status;
	uint64_t is_failing;
};

/* Each side's numbers change together or not at all, at whatever instruction it is
 * killed: the slot that is not in force is filled, then `count` is advanced. */
struct producer_page {
	_Atomic uint64_t count;
	struct produced slots[2];
};
struct consumer_page {
	_Atomic uint64_t count;
	struct consumed slots[2];
};

struct stored {
	uint32_t total; /* with this and what aligns the next */
	uint32_t text_len;
	uint64_t number, wall_ns, queued_ns;
	uint16_t label_lens[OUTBOX_LABELS];
	uint8_t severity, is_urgent;
	uint64_t pad[2];
};
_Static_assert(sizeof(struct stored) == 64, "as the header tells");

struct peeked {
	char *data;
	size_t size;
	uint64_t end; /* position behind it */
};

struct outbox {
	enum outbox_role role;
	uint64_t size;
	size_t page, mapped_len;
	int wake_fd;
	char *mapped; /* all, read only */
	char *own;	    /* our page */
	char *ring;	    /* producer */
	struct produced produced; /* producer: its own, which nobody else can change */
	struct consumed consumed; /* consumer: likewise */
	struct peeked *peeked;
	unsigned int n_peeked, n_slots;
};

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static uint64_t boot_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

/* ---- the two pages ---- */

static void put_produced(char *at, const struct produced *value)
{
	struct producer_page *page = (void *)at;
	uint64_t count = atomic_load_explicit(&page->count, memory_order_relaxed) + 1;

	/* Nothing of the new slot before the count that put the other in force. */
	atomic_thread_fence(memory_order_seq_cst);
	page->slots[count & 1] = *value;
	atomic_store_explicit(&page->count, count, memory_order_release);
}

static void put_consumed(char *at, const struct consumed *value)
{
	struct consumer_page *page = (void *)at;
	uint64_t count = atomic_load_explicit(&page->count, memory_order_relaxed) + 1;

	atomic_thread_fence(memory_order_seq_cst);
	page->slots[count & 1] = *value;
	atomic_store_explicit(&page->count, count, memory_order_release);
}

/* A side that changes without end gives numbers that do not belong together: as
 * good as those of one that lies, and checked like them. */
static struct produced get_produced(const char *at)
{
	const struct producer_page *page = (const void *)at;
	struct produced value;
	uint64_t count, again;

	for (int i = 0; i < READS_MAX; i++) {
		count = atomic_load_explicit(&page->count, memory_order_acquire);
		value = page->slots[count & 1];
		atomic_thread_fence(memory_order_acquire);
		again = atomic_load_explicit(&page->count, memory_order_relaxed);
		if (again == count)
			break;
	}
	return value;
}

static struct consumed get_consumed(const char *at)
{
	const struct consumer_page *page = (const void *)at;
	struct consumed value;
	uint64_t count, again;

	for (int i = 0; i < READS_MAX; i++) {
		count = atomic_load_explicit(&page->count, memory_order_acquire);
		value = page->slots[count & 1];
		atomic_thread_fence(memory_order_acquire);
		again = atomic_load_explicit(&page->count, memory_order_relaxed);
		if (again == count)
			break;
	}
	return value;
}

static const char *page_of(const struct outbox *box, enum page page)
{
	return box->mapped + page * box->page;
}

/* Bytes that wait; more than `size` when the numbers make no sense. */
static uint64_t used(const struct produced *produced, const struct consumed *consumed, uint64_t size)
{
	uint64_t n = produced->head - consumed->tail;

	return n > size || n % ALIGN || produced->head % ALIGN ? UINT64_MAX : n;
}

/* ---- files ---- */

static uint64_t hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3ull;
	return h;
}

static size_t file_len(size_t page, uint64_t size)
{
	return PAGE_RING * page + (size_t)size;
}

static void fill_head(struct head *head, const char *key, const char *kind, const char *name, uint64_t size)
{
	memset(head, 0, sizeof(*head));
	head->magic = MAGIC;
	head->page = page_size();
	head->size = size;
	snprintf(head->kind, sizeof(head->kind), "%s", kind);
	snprintf(head->name, sizeof(head->name), "%s", name);
	snprintf(head->key, sizeof(head->key), "%s", key);
}

/* Records that an earlier run left: how many, and whether they may be taken over.
 * Then the numbers begin anew. */
static bool adopt(int fd, const struct head *want, uint64_t *ret_queued)
{
	size_t len = PAGE_RING * page_size();
	struct produced produced;
	struct consumed consumed;
	struct head *head;
	struct stat st;
	uint64_t queued;
	char *map;
	bool is_same;

	*ret_queued = 0;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size < len)
		return false;
	map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return false;
	head = (void *)map;
	produced = get_produced(map + PAGE_PRODUCER * page_size());
	consumed = get_consumed(map + PAGE_CONSUMER * page_size());
	queued = produced.number - consumed.number;
	is_same = head->magic == MAGIC && head->page == want->page &&
		  used(&produced, &consumed, head->size) != UINT64_MAX && queued <= head->size / sizeof(struct stored);
	*ret_queued = is_same ? queued : 0;
	is_same = is_same && head->size == want->size && (uint64_t)st.st_size == file_len(page_size(), want->size) &&
		  memcmp(head->key, want->key, sizeof(head->key)) == 0;
	if (is_same) {
		*head = *want;
		head->adopted = queued;
		produced = (struct produced){
			.head = produced.head,
			.number = produced.number,
			.accepted = queued,
			.accepted_bytes = produced.head - consumed.tail,
		};
		consumed = (struct consumed){ .tail = consumed.tail, .number = consumed.number };
		put_produced(map + PAGE_PRODUCER * page_size(), &produced);
		put_consumed(map + PAGE_CONSUMER * page_size(), &consumed);
	}
	munmap(map, len);
	return is_same;
}

/* The file of an earlier run, locked; -1 and 0: there is none. */
static int open_kept(const char *path, int *ret_fd, int *ret_read_fd)
{
	cleanup_close int fd = -1, read_fd = -1;

	fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	read_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (read_fd < 0 || flock(read_fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	*ret_fd = take_fd(fd);
	*ret_read_fd = take_fd(read_fd);
	return 1;
}

int outbox_file_look(const char *path, char ret_name[OUTBOX_NAME_MAX], uint64_t *ret_queued)
{
	cleanup_close int fd = -1, read_fd = -1;
	size_t page = page_size(), len = PAGE_RING * page;
	struct produced produced;
	struct consumed consumed;
	const struct head *head;
	struct stat st;
	uint64_t queued;
	bool is_sound;
	char *map;
	int r;

	r = open_kept(path, &fd, &read_fd);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size < len)
		return -EBADMSG;
	map = mmap(NULL, len, PROT_READ, MAP_SHARED, read_fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	head = (const void *)map;
	produced = get_produced(map + PAGE_PRODUCER * page);
	consumed = get_consumed(map + PAGE_CONSUMER * page);
	queued = produced.number - consumed.number;
	is_sound = head->magic == MAGIC && used(&produced, &consumed, head->size) != UINT64_MAX &&
		   queued <= head->size / sizeof(struct stored);
	if (is_sound) {
		snprintf(ret_name, OUTBOX_NAME_MAX, "%.*s", (int)sizeof(head->name) - 1, head->name);
		*ret_queued = queued;
	}
	munmap(map, len);
	return is_sound ? 0 : -EBADMSG;
}

static int read_only(int fd)
{
	char path[32];
	int read_fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_fd = open(path, O_RDONLY | O_CLOEXEC);
	return read_fd < 0 ? -errno : read_fd;
}

static int make_new(struct outbox_file *file, const struct head *head)
{
	size_t len = file_len(page_size(), head->size);
	int r;

	file->fd = file->is_kept ? open(file->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600) :
				   memfd_create("brigwatch-outbox", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (file->fd < 0)
		return -errno;
	/* A full /run would be a SIGBUS later. */
	r = file->is_kept ? posix_fallocate(file->fd, 0, (off_t)len) : 0;
	if (r != 0)
		return -r;
	if (ftruncate(file->fd, (off_t)len) < 0 ||
	    pwrite(file->fd, head, sizeof(*head), 0) != (ssize_t)sizeof(*head))
		return errno ? -errno : -EIO;
	if (!file->is_kept)
		(void)fcntl(file->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	file->read_fd = read_only(file->fd);
	if (file->read_fd < 0)
		return file->read_fd;
	if (file->is_kept && flock(file->read_fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	return 0;
}

static int find_or_make(struct outbox_file *file, const struct head *head)
{
	uint64_t queued;
	int r;

	if (file->is_kept) {
		r = open_kept(file->path, &file->fd, &file->read_fd);
		if (r < 0)
			return r;
		if (r > 0 && adopt(file->fd, head, &queued)) {
			file->n_adopted = queued;
			return 0;
		}
		if (r > 0) {
			file->n_lost = queued;
			close(file->fd);
			close(file->read_fd);
			file->fd = file->read_fd = -1;
			if (unlink(file->path) < 0)
				return -errno;
		}
	}
	return make_new(file, head);
}

int outbox_file_make(const char *dir, const char *key, const char *kind, const char *name, uint64_t size,
		     struct outbox_file *ret)
{
	struct outbox_file file = { .fd = -1, .read_fd = -1, .wake_fd = -1, .is_kept = dir != NULL };
	size_t page = page_size();
	struct head head;
	int r;

	file.size = (size + page - 1) / page * page;
	if (size == 0 || file.size < size || file.size > SIZE_MAX / 2)
		return -EINVAL;
	if (dir && (size_t)snprintf(file.path, sizeof(file.path), "%s/outbox-%016llx", dir,
				    (unsigned long long)hash(key)) >= sizeof(file.path))
		return -ENAMETOOLONG;
	fill_head(&head, key, kind, name, file.size);
	r = find_or_make(&file, &head);
	if (r == 0) {
		file.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		r = file.wake_fd < 0 ? -errno : 0;
	}
	if (r < 0) {
		/* What another has is not ours to take away. */
		outbox_file_release(&file, file.fd >= 0 && !file.n_adopted);
		return r;
	}
	*ret = file;
	return 0;
}

void outbox_file_release(struct outbox_file *file, bool unlink_it)
{
	if (!file)
		return;
	if (unlink_it && file->path[0])
		(void)unlink(file->path);
	close_fd(&file->fd);
	close_fd(&file->read_fd);
	close_fd(&file->wake_fd);
	file->fd = file->read_fd = file->wake_fd = -1;
}

/* ---- open, close ---- */

static int map_own(struct outbox *box, int fd)
{
	enum page page = box->role == OUTBOX_PRODUCER ? PAGE_PRODUCER : PAGE_CONSUMER;
	size_t off = PAGE_RING * box->page;
	void *at;

	at = mmap(NULL, box->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)(page * box->page));
	if (at == MAP_FAILED)
		return -errno;
	box->own = at;
	if (box->role != OUTBOX_PRODUCER)
		return 0;
	at = mmap(NULL, (size_t)box->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)off);
	if (at == MAP_FAILED)
		return -errno;
	box->ring = at;
	return 0;
}

/* What there is may be of one that was killed, or went mad before it was. */
static void begin(struct outbox *box)
{
	struct produced produced = get_produced(page_of(box, PAGE_PRODUCER));
	struct consumed consumed = get_consumed(page_of(box, PAGE_CONSUMER));
	bool is_sound = used(&produced, &consumed, box->size) != UINT64_MAX &&
			produced.number - consumed.number <= box->size / sizeof(struct stored);

	if (!box->own)
		return;
	if (box->role == OUTBOX_PRODUCER) {
		if (!is_sound) {
			produced.head = consumed.tail / ALIGN * ALIGN;
			produced.number = consumed.number;
			put_produced(box->own, &produced);
		}
		box->produced = produced;
	} else {
		if (!is_sound) {
			consumed.tail = produced.head;
			consumed.number = produced.number;
			put_consumed(box->own, &consumed);
		}
		box->consumed = consumed;
	}
}

int outbox_open(const struct outbox_file *file, enum outbox_role role, struct outbox **ret)
{
	struct outbox *box = calloc(1, sizeof(*box));
	struct stat st;
	void *at;
	int r = 0;

	if (!box)
		return -ENOMEM;
	box->role = role;
	box->page = page_size();
	box->size = file->size;
	box->wake_fd = file->wake_fd;
	box->mapped_len = role == OUTBOX_CONSUMER ? file_len(box->page, box->size) : PAGE_RING * box->page;
	if (fstat(file->read_fd, &st) < 0 || (uint64_t)st.st_size != file_len(box->page, box->size)) {
		free(box);
		return -EBADF;
	}
	at = mmap(NULL, box->mapped_len, PROT_READ, MAP_SHARED, file->read_fd, 0);
	if (at == MAP_FAILED) {
		r = -errno;
		free(box);
		return r;
	}
	box->mapped = at;
	if (role != OUTBOX_OBSERVER)
		r = map_own(box, file->fd);
	if (r < 0) {
		outbox_close(box);
		return r;
	}
	begin(box);
	*ret = box;
	return 0;
}

void outbox_close(struct outbox *box)
{
	if (!box)
		return;
	for (unsigned int i = 0; i < box->n_slots; i++)
		free(box->peeked[i].data);
	free(box->peeked);
	if (box->own)
		munmap(box->own, box->page);
	if (box->ring)
		munmap(box->ring, (size_t)box->size);
	munmap(box->mapped, box->mapped_len);
	free(box);
}

/* ---- producer ---- */

static void ring_put(struct outbox *box, uint64_t *pos, const void *data, size_t len)
{
	size_t at = (size_t)(*pos % box->size), first = (size_t)box->size - at;

	if (!len)
		return;
	if (first > len)
		first = len;
	memcpy(box->ring + at, data, first);
	memcpy(box->ring, (const char *)data + first, len - first);
	*pos += len;
}

/* What lies behind is the other side's to read; it would count as our memory until
 * the ring comes round. The pages stay in the file. */
static void shed(void *ring, uint64_t size, uint64_t before, uint64_t after)
{
	if (before / SHED_BYTES != after / SHED_BYTES)
		(void)madvise(ring, (size_t)size, MADV_DONTNEED);
}

uint64_t outbox_room(const struct outbox *box)
{
	struct consumed consumed = get_consumed(page_of(box, PAGE_CONSUMER));
	uint64_t n = used(&box->produced, &consumed, box->size);

	return n == UINT64_MAX ? 0 : box->size - n;
}

static int drop(struct outbox *box, uint64_t len, int error)
{
	box->produced.dropped++;
	box->produced.dropped_bytes += len;
	put_produced(box->own, &box->produced);
	return error;
}

int outbox_push(struct outbox *box, const struct outbox_record *record)
{
	static const char zeros[ALIGN];
	struct stored stored = { .wall_ns = record->wall_ns, .queued_ns = boot_ns() };
	bool is_large = record->text.len > OUTBOX_RECORD_MAX;
	uint64_t len = is_large ? OUTBOX_RECORD_MAX : record->text.len, total, pos = box->produced.head;
	const uint64_t one = 1;

	for (size_t i = 0; i < OUTBOX_LABELS; i++) {
		is_large |= record->labels[i].len > OUTBOX_LABEL_MAX;
		stored.label_lens[i] = (uint16_t)record->labels[i].len;
		len += record->labels[i].len;
	}
	total = (sizeof(stored) + len + ALIGN - 1) / ALIGN * ALIGN;
	if (is_large || total > OUTBOX_RECORD_MAX)
		return drop(box, total, -EMSGSIZE);
	if (total > outbox_room(box))
		return drop(box, total, -ENOSPC);
	stored.total = (uint32_t)total;
	stored.text_len = (uint32_t)record->text.len;
	stored.number = box->produced.number + 1;
	stored.severity = (uint8_t)record->severity;
	stored.is_urgent = record->is_urgent;
	ring_put(box, &pos, &stored, sizeof(stored));
	for (size_t i = 0; i < OUTBOX_LABELS; i++)
		ring_put(box, &pos, record->labels[i].data, record->labels[i].len);
	ring_put(box, &pos, record->text.data, record->text.len);
	ring_put(box, &pos, zeros, (size_t)(total - sizeof(stored) - len));
	shed(box->ring, box->size, box->produced.head, pos);
	box->produced.head = pos;
	box->produced.number++;
	box->produced.accepted++;
	box->produced.accepted_bytes += total;
	put_produced(box->own, &box->produced);
	if (write(box->wake_fd, &one, sizeof(one)) < 0)
		return 0; /* it is awake: the counter is full */
	return 0;
}

/* ---- consumer ---- */

static void ring_get(const struct outbox *box, uint64_t pos, void *ret, size_t len)
{
	const char *ring = page_of(box, PAGE_RING);
	size_t at = (size_t)(pos % box->size), first = (size_t)box->size - at;

	if (first > len)
		first = len;
	memcpy(ret, ring + at, first);
	memcpy((char *)ret + first, ring, len - first);
}

/* All that waits makes no sense. */
static int skip_all(struct outbox *box, const struct produced *produced)
{
	uint64_t dealt = box->consumed.written + box->consumed.failed;

	box->consumed.tail = produced->head / ALIGN * ALIGN;
	box->consumed.number = produced->number;
	if (produced->accepted > dealt)
		box->consumed.failed = produced->accepted - box->consumed.written;
	box->consumed.last_error = EBADMSG;
	box->consumed.last_error_ns = boot_ns();
	box->n_peeked = 0;
	put_consumed(box->own, &box->consumed);
	return -EBADMSG;
}

static int grow_slots(struct outbox *box, unsigned int n)
{
	struct peeked *fresh;

	if (n <= box->n_slots)
		return 0;
	fresh = realloc(box->peeked, n * sizeof(*fresh));
	if (!fresh)
		return -ENOMEM;
	memset(fresh + box->n_slots, 0, (n - box->n_slots) * sizeof(*fresh));
	box->peeked = fresh;
	box->n_slots = n;
	return 0;
}

/* Copy the record at `pos`, of `left` bytes that wait: what is looked at afterwards
 * is the copy. */
static int fetch(const struct outbox *box, uint64_t pos, uint64_t left, struct peeked *ret)
{
	uint32_t total;
	char *data;

	if (left < sizeof(struct stored))
		return -EBADMSG;
	ring_get(box, pos, &total, sizeof(total));
	if (total < sizeof(struct stored) || total > left || total > OUTBOX_RECORD_MAX || total % ALIGN)
		return -EBADMSG;
	if (total > ret->size) {
		data = realloc(ret->data, total);
		if (!data)
			return -ENOMEM;
		ret->data = data;
		ret->size = total;
	}
	ring_get(box, pos, ret->data, total);
	memcpy(ret->data, &total, sizeof(total));
	ret->end = pos + total;
	return 0;
}

static int parse(const struct peeked *peeked, uint64_t number, struct outbox_record *ret)
{
	struct outbox_record record = {};
	struct stored stored;
	struct slice rest;

	memcpy(&stored, peeked->data, sizeof(stored));
	rest = (struct slice){ peeked->data + sizeof(stored), stored.total - sizeof(stored) };
	for (size_t i = 0; i < OUTBOX_LABELS; i++)
		if (stored.label_lens[i] > OUTBOX_LABEL_MAX || !slice_take(&rest, stored.label_lens[i], &record.labels[i]))
			return -EBADMSG;
	if (!slice_take(&rest, stored.text_len, &record.text) || rest.len >= ALIGN || stored.number != number)
		return -EBADMSG;
	record.wall_ns = stored.wall_ns;
	record.queued_ns = stored.queued_ns;
	record.number = number;
	record.severity = stored.severity > 7 ? 7 : stored.severity;
	record.is_urgent = stored.is_urgent;
	*ret = record;
	return 0;
}

int outbox_peek(struct outbox *box, unsigned int ahead, struct outbox_record *ret)
{
	struct produced produced = get_produced(page_of(box, PAGE_PRODUCER));
	uint64_t n = used(&produced, &box->consumed, box->size), pos, left;
	int r;

	if (n == UINT64_MAX)
		return skip_all(box, &produced);
	if (ahead >= OUTBOX_AHEAD_MAX || ahead > box->n_peeked)
		return -EAGAIN;
	if (ahead == box->n_peeked) {
		pos = ahead ? box->peeked[ahead - 1].end : box->consumed.tail;
		left = n - (pos - box->consumed.tail);
		if (pos - box->consumed.tail >= n)
			return -EAGAIN;
		r = grow_slots(box, ahead + 1);
		if (r == 0)
			r = fetch(box, pos, left, &box->peeked[ahead]);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			return skip_all(box, &produced);
		box->n_peeked = ahead + 1;
		if (!ahead)
			shed(box->mapped + PAGE_RING * box->page, box->size, pos, box->peeked[0].end);
	}
	if (parse(&box->peeked[ahead], box->consumed.number + 1 + ahead, ret) < 0)
		return skip_all(box, &produced);
	return 0;
}

uint64_t outbox_waiting(const struct outbox *box)
{
	struct produced produced = get_produced(page_of(box, PAGE_PRODUCER));
	struct consumed consumed = get_consumed(page_of(box, PAGE_CONSUMER));
	uint64_t n = produced.number - consumed.number;

	return n > box->size / sizeof(struct stored) ? 0 : n;
}

void outbox_done(struct outbox *box, unsigned int n, enum outbox_result result)
{
	if (!n || n > box->n_peeked)
		return;
	box->consumed.tail = box->peeked[n - 1].end;
	box->consumed.number += n;
	if (result == OUTBOX_WRITTEN) {
		box->consumed.written += n;
		box->consumed.last_written_ns = boot_ns();
		box->consumed.is_failing = 0;
	} else {
		box->consumed.failed += n;
	}
	put_consumed(box->own, &box->consumed);
	/* The room of one is kept, that of a batch given back. */
	for (unsigned int i = 1; i < box->n_peeked; i++) {
		free(box->peeked[i].data);
		box->peeked[i] = (struct peeked){};
	}
	box->n_peeked = 0;
}

void outbox_note_error(struct outbox *box, int error, unsigned int status)
{
	box->consumed.last_error = error;
	box->consumed.last_status = status;
	box->consumed.last_error_ns = boot_ns();
	box->consumed.is_failing = 1;
	put_consumed(box->own, &box->consumed);
}

void outbox_note_retry(struct outbox *box, int error, unsigned int status)
{
	box->consumed.retries++;
	outbox_note_error(box, error, status);
}

void outbox_note_rotation(struct outbox *box)
{
	box->consumed.rotations++;
	put_consumed(box->own, &box->consumed);
}

void outbox_note_reopen(struct outbox *box)
{
	box->consumed.reopens++;
	put_consumed(box->own, &box->consumed);
}

/* ---- everybody ---- */

void outbox_get_stats(const struct outbox *box, struct outbox_stats *ret)
{
	const struct head *head = (const void *)page_of(box, PAGE_HEAD);
	/* First what is dealt with: what was accepted can only be more by then. */
	struct consumed consumed = get_consumed(page_of(box, PAGE_CONSUMER));
	struct produced produced = get_produced(page_of(box, PAGE_PRODUCER));
	uint64_t dealt = consumed.written + consumed.failed;

	memset(ret, 0, sizeof(*ret));
	snprintf(ret->name, sizeof(ret->name), "%.*s", (int)sizeof(head->name) - 1, head->name);
	snprintf(ret->kind, sizeof(ret->kind), "%.*s", (int)sizeof(head->kind) - 1, head->kind);
	ret->size = box->size;
	ret->adopted = head->adopted;
	ret->accepted = produced.accepted;
	ret->accepted_bytes = produced.accepted_bytes;
	ret->dropped = produced.dropped;
	ret->dropped_bytes = produced.dropped_bytes;
	ret->written = consumed.written;
	ret->failed = consumed.failed;
	ret->queued = produced.accepted > dealt ? produced.accepted - dealt : 0;
	ret->queued_bytes = used(&produced, &consumed, box->size);
	if (ret->queued_bytes == UINT64_MAX)
		ret->queued_bytes = 0;
	ret->retries = consumed.retries;
	ret->rotations = consumed.rotations;
	ret->reopens = consumed.reopens;
	ret->last_written_ns = consumed.last_written_ns;
	ret->last_error_ns = consumed.last_error_ns;
	ret->last_error = consumed.last_error;
	ret->last_status = consumed.last_status;
	ret->is_failing = consumed.is_failing != 0;
}
