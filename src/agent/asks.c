// SPDX-License-Identifier: Apache-2.0
#include "agent/asks.h"

#include <time.h>

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

/* The reader ends itself over a question after some seconds; by then the answer
 * died with it. */
#define LOST_NS 8000000000ull

/* 2, 8, 32, 128, 512 ms: most answers are there at the first or second try. */
static uint64_t retry_delay_ns(unsigned int tries)
{
	return 2000000ull << (2 * (tries > 4 ? 4 : tries));
}

void asks_init(struct asks *asks, int reader_fd)
{
	memset(asks, 0, sizeof(*asks));
	asks->fd = reader_fd;
	/* Answers to an engine that was killed may still be under way. */
	asks->number = (uint32_t)now_ns();
}

static void ask_end(struct asks *asks, struct ask *ask)
{
	for (size_t i = 0; i < ASKS_MAX; i++)
		if (asks->open[i] == ask)
			asks->open[i] = NULL;
	if (!ask->is_counted)
		asks->n_missing++;
	reader_result_release(&ask->result);
	free(ask);
}

void asks_release(struct asks *asks)
{
	for (size_t i = 0; i < ASKS_MAX; i++)
		if (asks->open[i])
			ask_end(asks, asks->open[i]);
}

static void ask_send(struct asks *asks, struct ask *ask, uint64_t now)
{
	reader_result_release(&ask->result);
	memset(&ask->result, 0, sizeof(ask->result));
	ask->result.is_init_certain = !ask->is_seeded;
	ask->request.number = ++asks->number;
	ask->is_sent = reader_request(asks->fd, &ask->request) == 0;
	ask->next_try_ns = now + retry_delay_ns(ask->tries);
	ask->tries++;
}

static size_t put(char *buf, size_t at, const char *s, size_t len_max, __u16 *ret_len)
{
	size_t len = s ? strnlen(s, len_max) : 0;

	if (len)
		memcpy(buf + at, s, len);
	*ret_len = (__u16)len;
	return at + len;
}

static void submit_facts(const struct ask *ask, asks_submit_fn submit, void *arg)
{
	const struct container_facts *facts = &ask->result.facts;
	struct event_container_info info = {};
	char buf[sizeof(info) + 4 * EVENT_PATH_MAX + 6 * EVENT_NAME_MAX];
	size_t at = sizeof(info);

	info.hdr.type = EVENT_CONTAINER_INFO;
	info.hdr.container = ask->request.container;
	info.info_flags = ask->result.is_verified ? 0 : INFO_BY_NAME;
	at = put(buf, at, facts->id, EVENT_PATH_MAX, &info.id_len);
	at = put(buf, at, facts->name, EVENT_PATH_MAX, &info.name_len);
	at = put(buf, at, facts->image, EVENT_PATH_MAX, &info.image_len);
	at = put(buf, at, facts->runtime, EVENT_PATH_MAX, &info.runtime_len);
	at = put(buf, at, facts->pod, EVENT_NAME_MAX, &info.pod_len);
	at = put(buf, at, facts->pod_ns, EVENT_NAME_MAX, &info.pod_ns_len);
	at = put(buf, at, facts->pod_uid, EVENT_NAME_MAX, &info.pod_uid_len);
	at = put(buf, at, facts->sandbox, EVENT_NAME_MAX, &info.sandbox_len);
	at = put(buf, at, facts->image_id, EVENT_NAME_MAX, &info.image_id_len);
	at = put(buf, at, facts->digest, EVENT_NAME_MAX, &info.digest_len);
	memcpy(buf, &info, sizeof(info));
	submit(buf, at, arg);
}

/* What it was given, unless that was told already. Files that were found by
 * name alone may be another's: only when nothing better is to come. */
static void submit_posture(struct ask *ask, asks_submit_fn submit, void *arg)
{
	const struct posture *posture = &ask->result.posture;
	char buf[POSTURE_RECORD_MAX];
	uint32_t flags = ask->result.is_verified ? 0 : POSTURE_F_BY_NAME;
	size_t len;

	if (!ask->result.is_verified && ask->tries < ASK_TRIES_MAX)
		return;
	len = posture_make_record(posture, ask->request.container, flags, buf);
	if (len == 0 || (ask->is_judged && ask->findings == posture->findings))
		return;
	ask->is_judged = true;
	ask->findings = posture->findings;
	submit(buf, len, arg);
}

static void submit_empty(uint64_t container, __u16 flags, asks_submit_fn submit, void *arg)
{
	struct event_container_info info = { .info_flags = flags };

	info.hdr.type = EVENT_CONTAINER_INFO;
	info.hdr.container = container;
	submit(&info, sizeof(info), arg);
}

/* Nothing more will be known of it. What was found by name alone is the answer. */
static void ask_give_up(struct asks *asks, struct ask *ask, __u16 flags, asks_submit_fn submit, void *arg)
{
	if (!ask->is_counted) {
		submit_empty(ask->request.container, flags, submit, arg);
		/* No file was found, but /proc may have been read. */
		submit_posture(ask, submit, arg);
	}
	ask_end(asks, ask);
}

void asks_begin(struct asks *asks, const struct container_view *container, uint32_t init_tgid,
		uint64_t init_start_ns, bool is_seeded, asks_submit_fn submit, void *arg)
{
	struct ask **at = NULL, *ask = NULL;

	for (size_t i = 0; asks->fd >= 0 && i < ASKS_MAX; i++) {
		if (asks->open[i] && asks->open[i]->request.container == container->key)
			return;
		if (!at && !asks->open[i])
			at = &asks->open[i];
	}
	if (at)
		ask = calloc(1, sizeof(*ask));
	if (!ask) {
		asks->n_overflow += asks->fd >= 0;
		asks->n_missing += asks->fd >= 0;
		submit_empty(container->key, INFO_UNANSWERED, submit, arg);
		return;
	}
	*at = ask;
	reader_request_init(&ask->request, 0, container, init_tgid, init_start_ns);
	ask->request.container = container->key;
	ask->is_seeded = is_seeded;
	ask->begun_ns = now_ns();
	ask_send(asks, ask, ask->begun_ns);
}

/* One answer, waiting for it at most timeout_ms. False when there was none. */
static bool receive(struct asks *asks, int timeout_ms, asks_submit_fn submit, void *arg, bool *ret_submitted)
{
	int fds[READER_FILES_MAX];
	struct reader_reply reply;
	struct ask *ask = NULL;
	int r;

	r = reader_receive(asks->fd, timeout_ms, &reply, fds);
	if (r < 0)
		return false;
	asks->n_in_vain = 0;
	for (size_t i = 0; i < ASKS_MAX; i++)
		if (asks->open[i] && asks->open[i]->is_sent &&
		    asks->open[i]->request.number == reply.number)
			ask = asks->open[i];
	if (!ask) {
		for (unsigned int i = 0; i < reply.n_files; i++)
			close(fds[i]);
		return true;
	}
	reader_result_add(&ask->result, &ask->request, &reply, fds);
	if (!ask->result.is_done)
		return true;
	ask->is_sent = false;
	/* Found by its init is final. Found by name alone is taken, and asked once
	 * more: the state file may only have been late. */
	if (ask->result.facts.id && (ask->result.is_verified || ask->tries > 1)) {
		submit_facts(ask, submit, arg);
		submit_posture(ask, submit, arg);
		*ret_submitted = true;
		if (!ask->is_counted && ask->is_late)
			asks->n_late++;
		else if (!ask->is_counted)
			asks->n_ok++;
		ask->is_counted = true;
		if (ask->result.is_verified || ask->tries >= ASK_TRIES_MAX)
			ask_end(asks, ask);
	} else if (ask->tries >= ASK_TRIES_MAX) {
		ask_give_up(asks, ask, 0, submit, arg);
		*ret_submitted = true;
	}
	return true;
}

/* What is submitted may be an alert's event, and no alert must wait in there for
 * an answer: the question at hand would end below it. */
static bool receive_one(struct asks *asks, int timeout_ms, asks_submit_fn submit, void *arg, bool *ret_submitted)
{
	bool is_received;

	asks->is_submitting = true;
	is_received = receive(asks, timeout_ms, submit, arg, ret_submitted);
	asks->is_submitting = false;
	return is_received;
}

static void retry(struct asks *asks, uint64_t now, asks_submit_fn submit, void *arg)
{
	asks->is_submitting = true;
	for (size_t i = 0; i < ASKS_MAX; i++) {
		struct ask *ask = asks->open[i];

		if (!ask)
			continue;
		if (!ask->was_told_late && !ask->is_counted && now >= ask->begun_ns + ASKS_LATE_NS) {
			ask->was_told_late = true;
			submit_empty(ask->request.container, INFO_LATE, submit, arg);
		}
		if (now < ask->next_try_ns)
			continue;
		if (!ask->is_sent) {
			ask_send(asks, ask, now);
		} else if (now >= ask->next_try_ns + LOST_NS && ask->tries >= ASK_TRIES_MAX) {
			ask_give_up(asks, ask, INFO_UNANSWERED, submit, arg);
		} else if (now >= ask->next_try_ns + LOST_NS) {
			/* Once more only: it may be this question that the reader dies of. */
			ask->tries = ASK_TRIES_MAX - 1;
			ask_send(asks, ask, now);
		}
	}
	asks->is_submitting = false;
}

void asks_collect(struct asks *asks, asks_submit_fn submit, void *arg)
{
	bool is_submitted = false;

	if (asks->fd < 0)
		return;
	while (receive_one(asks, 0, submit, arg, &is_submitted))
		;
	retry(asks, now_ns(), submit, arg);
}

void asks_finish(struct asks *asks, asks_submit_fn submit, void *arg)
{
	asks_collect(asks, submit, arg);
	asks->is_submitting = true;
	for (size_t i = 0; i < ASKS_MAX; i++)
		if (asks->open[i])
			ask_give_up(asks, asks->open[i], INFO_UNANSWERED, submit, arg);
	asks->is_submitting = false;
}

static struct ask *find(struct asks *asks, uint64_t container)
{
	for (size_t i = 0; i < ASKS_MAX; i++)
		if (asks->open[i] && asks->open[i]->request.container == container)
			return asks->open[i];
	return NULL;
}

bool asks_wait(struct asks *asks, uint64_t container, int timeout_ms, asks_submit_fn submit, void *arg)
{
	struct ask *ask = asks->fd < 0 ? NULL : find(asks, container);
	uint64_t end = now_ns() + (uint64_t)timeout_ms * 1000000ull, now;
	bool is_submitted = false;

	if (!ask || ask->was_waited || asks->is_submitting)
		return false;
	if (asks->n_in_vain >= ASKS_IN_VAIN_MAX) {
		ask->is_late |= !ask->is_counted;
		return false;
	}
	ask->was_waited = true;
	asks->n_in_vain++;
	while (!is_submitted && (now = now_ns()) < end) {
		ask = find(asks, container);
		if (!ask)
			break;
		retry(asks, now, submit, arg);
		receive_one(asks, 2, submit, arg, &is_submitted);
	}
	ask = find(asks, container);
	if (ask && !ask->is_counted)
		ask->is_late = true;
	return is_submitted;
}
