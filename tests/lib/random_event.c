/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/random_event.h"

#include <assert.h>

#define LEN(type, member) offsetof(struct event_##type, member)

/* What each type is made of: its fixed part and the lengths of its strings. */
static const struct {
	size_t fixed_len;
	size_t strings[11]; /* 0: no more */
	size_t op, op_max; /* a number that names the event, if there is one */
} shapes[EVENT_TYPE_END] = {
	[EVENT_FORK] = { sizeof(struct event_fork) },
	[EVENT_EXEC] = { sizeof(struct event_exec),
			 { LEN(exec, path_len), LEN(exec, fspath_len), LEN(exec, filename_len),
			   LEN(exec, cwd_len), LEN(exec, args_len) } },
	[EVENT_EXIT] = { sizeof(struct event_exit) },
	[EVENT_OPEN] = { sizeof(struct event_open),
			 { LEN(open, path_len), LEN(open, fspath_len), LEN(open, arg_len) } },
	[EVENT_MOUNT] = { sizeof(struct event_mount),
			  { LEN(mount, target_len), LEN(mount, source_len), LEN(mount, fstype_len),
			    LEN(mount, path_len), LEN(mount, point_len) },
			  LEN(mount, op),
			  MOUNT_SETATTR },
	[EVENT_CHDIR] = { sizeof(struct event_chdir),
			  { LEN(chdir, path_len), LEN(chdir, fspath_len), LEN(chdir, arg_len) },
			  LEN(chdir, op),
			  CHDIR_CHROOT },
	[EVENT_NS] = { sizeof(struct event_ns), { 0 }, LEN(ns, op), NS_CLONE },
	[EVENT_CONNECT] = { sizeof(struct event_connect),
			    { LEN(connect, path_len), LEN(connect, arg_len) } },
	[EVENT_COMPAT] = { sizeof(struct event_compat) },
	[EVENT_CGROUP] = { sizeof(struct event_cgroup), { LEN(cgroup, path_len) } },
	[EVENT_CONTAINER] = { sizeof(struct event_container),
			      { LEN(container, cgroup_len), LEN(container, rootpath_len) } },
	[EVENT_PROC] = { sizeof(struct event_proc), { LEN(proc, path_len), LEN(proc, args_len) } },
	[EVENT_CANARY] = { sizeof(struct event_canary) },
	[EVENT_LOSS] = { sizeof(struct event_loss), { 0 }, LEN(loss, kind), LOSS_MISSED_RUN },
	[EVENT_CONTAINER_INFO] = { sizeof(struct event_container_info),
				   { LEN(container_info, id_len), LEN(container_info, name_len),
				     LEN(container_info, image_len),
				     LEN(container_info, runtime_len), LEN(container_info, pod_len),
				     LEN(container_info, pod_ns_len),
				     LEN(container_info, pod_uid_len),
				     LEN(container_info, sandbox_len),
				     LEN(container_info, image_id_len),
				     LEN(container_info, digest_len) } },
	[EVENT_CHANGE] = { sizeof(struct event_change),
			   { LEN(change, path_len), LEN(change, fspath_len), LEN(change, arg_len),
			     LEN(change, arg2_len) },
			   LEN(change, op),
			   CHANGE_OTHER },
	[EVENT_ACCESS] = { sizeof(struct event_access),
			   { LEN(access, path_len), LEN(access, fspath_len), LEN(access, arg_len) },
			   LEN(access, op),
			   ACCESS_PROC_OPEN },
	[EVENT_SYSCALL] = { sizeof(struct event_syscall),
			    { LEN(syscall, path_len), LEN(syscall, fspath_len),
			      LEN(syscall, arg_len) } },
	[EVENT_INET] = { sizeof(struct event_inet) },
	[EVENT_CRED] = { sizeof(struct event_cred) },
	[EVENT_CAPABLE] = { sizeof(struct event_capable) },
	[EVENT_RATE] = { sizeof(struct event_rate), { 0 }, LEN(rate, kind), RATE_TASKS },
	[EVENT_USE] = { sizeof(struct event_use),
			{ LEN(use, path_len), LEN(use, fspath_len) },
			LEN(use, op),
			USE_SCRIPT },
	[EVENT_UNKNOWN_CALL] = { sizeof(struct event_unknown_call) },
	[EVENT_POSTURE] = { sizeof(struct event_posture),
			    { LEN(posture, reason_len), LEN(posture, details_len) } },
	[EVENT_RULES] = { sizeof(struct event_rules),
			  { LEN(rules, hash_len), LEN(rules, before_len), LEN(rules, error_len) } },
	[EVENT_IDENTITY] = { sizeof(struct event_identity),
			     { LEN(identity, claimed_len), LEN(identity, actual_len),
			       LEN(identity, path_len) },
			     LEN(identity, kind),
			     IDENTITY_INNER },
};

static uint32_t make_word(struct random *random)
{
	switch (random_below(random, 8)) {
	case 0:
	case 1:
	case 2: return (uint32_t)random_below(random, 6);
	case 3: return 1u << random_below(random, 32);
	case 4: return (uint32_t)random_next(random);
	case 5: return UINT32_MAX - (uint32_t)random_below(random, 3);
	default: return 0;
	}
}

static void fill_words(void *to, size_t len, struct random *random)
{
	for (size_t i = 0; i + 4 <= len; i += 4) {
		uint32_t word = make_word(random);

		memcpy((char *)to + i, &word, sizeof(word));
	}
}

/* Few of many bits. */
static uint64_t make_bits(struct random *random, unsigned int n_bits)
{
	uint64_t bits = 0;

	while (random_chance(random, 60))
		bits |= 1ull << random_below(random, n_bits);
	return bits;
}

static int64_t make_result(struct random *random)
{
	static const int64_t some[] = { 0, 3, -1, -2, -13, -26, -30, -38, -4095, -4096, INT32_MAX };

	return random_chance(random, 90) ? some[random_below(random, ARRAY_SIZE(some))] :
					   (int64_t)random_next(random);
}

static void fill_comm(char *comm, const struct pool *pool, struct random *random)
{
	struct slice name = pool_pick(pool, random);

	memset(comm, 0, 16);
	if (name.len > 0)
		memcpy(comm, name.data, name.len < 16 ? name.len : 16);
}

static void fill_header(struct event_hdr *hdr, unsigned int type, const struct pool *pool,
			struct random *random)
{
	static const uint32_t ids[] = { 0, 1, 2, 13, 1000, 4133, 65534 };

	fill_words(hdr, sizeof(*hdr), random);
	hdr->type = (uint16_t)type;
	hdr->version = EVENT_VERSION;
	hdr->tier = (uint8_t)random_below(random, 6);
	hdr->flags = (uint32_t)make_bits(random, 8);
	if (random_chance(random, 15))
		hdr->flags |= EVENT_F_PATH_CUT;
	hdr->facts = make_bits(random, 38);
	hdr->uid = ids[random_below(random, ARRAY_SIZE(ids))];
	hdr->gid = ids[random_below(random, ARRAY_SIZE(ids))];
	hdr->proc.tgid = ids[random_below(random, ARRAY_SIZE(ids))];
	hdr->ret = make_result(random);
	hdr->nr = random_chance(random, 20) ? -1 : (int32_t)random_below(random, 470);
	hdr->phase = (uint8_t)random_below(random, 6);
	hdr->way = (uint8_t)random_below(random, 6);
	hdr->boundary = (uint8_t)random_below(random, 5);
	hdr->ring = 0;
	if (random_chance(random, 30))
		hdr->user_ns_inum = 0xeffffffd;
	fill_comm(hdr->comm, pool, random);
}

static size_t make_record(char *record, unsigned int type, const struct pool *pool,
			  struct random *random)
{
	struct event_hdr hdr;
	size_t len = shapes[type].fixed_len;
	uint32_t size;

	fill_header(&hdr, type, pool, random);
	fill_words(record, len, random);
	memcpy(record, &hdr, sizeof(hdr));
	if (shapes[type].op_max > 0) {
		uint32_t op = (uint32_t)random_below(random, shapes[type].op_max + 2);

		memcpy(record + shapes[type].op, &op, sizeof(op));
	}
	for (size_t i = 0; i < ARRAY_SIZE(shapes[type].strings) && shapes[type].strings[i]; i++) {
		struct slice str = pool_pick(pool, random);
		uint16_t str_len;

		if (str.len > 200 && random_chance(random, 90))
			str.len = random_below(random, 60);
		if (((type == EVENT_CONTAINER_INFO && i >= 4) ||
		     (type == EVENT_IDENTITY && i < 2)) &&
		    str.len > EVENT_NAME_MAX)
			str.len = EVENT_NAME_MAX;
		str_len = (uint16_t)(str.len > EVENT_PATH_MAX ? EVENT_PATH_MAX : str.len);
		memcpy(record + shapes[type].strings[i], &str_len, sizeof(str_len));
		memcpy(record + len, str.data, str_len);
		len += str_len;
	}
	size = (uint32_t)len;
	memcpy(record + offsetof(struct event_hdr, size), &size, sizeof(size));
	return len;
}

static void fill_container(struct container_view *view, const struct pool *pool,
			   struct random *random)
{
	*view = (struct container_view){
		.key = random_below(random, 4),
		.cgroup_id = random_below(random, 4),
		.id = pool_pick(pool, random),
		.name = pool_pick(pool, random),
		.image = pool_pick(pool, random),
		.runtime = pool_pick(pool, random),
		.cgroup = pool_pick(pool, random),
		.pod = pool_pick(pool, random),
		.pod_ns = pool_pick(pool, random),
		.pod_uid = pool_pick(pool, random),
		.sandbox = pool_pick(pool, random),
		.image_id = pool_pick(pool, random),
		.digest = pool_pick(pool, random),
		.pending = random_chance(random, 20),
	};
}

static void fill_proc(struct proc_view *view, const struct pool *pool, struct random *random)
{
	*view = (struct proc_view){
		.id = { random_below(random, 4), (uint32_t)random_below(random, 4), 1 },
		.ppid = (uint32_t)random_below(random, 4),
		.name = pool_pick(pool, random),
		.exepath = pool_pick(pool, random),
		.args = pool_pick(pool, random),
		.cwd = pool_pick(pool, random),
		.exe_owner = (uint8_t)random_below(random, 7),
	};
	if (view->name.len > 15)
		view->name.len = 15;
	if (view->args.len > EVENT_ARGS_MAX)
		view->args.len = EVENT_ARGS_MAX;
}

/* The object, if the type has one: numbers that mean something more often. */
static void fill_file(struct event *ev, struct random *random)
{
	static const uint16_t modes[] = { 0100755, 0100644, 0104755, 0040755,
					  0020666, 0060660, 0140777, 0 };
	static const char *const systems[] = { "ext4", "overlay", "proc", "tmpfs", "" };
	struct event_file *file = (struct event_file *)ev->file; /* within ev->u */

	if (!file || random_chance(random, 20))
		return;
	file->source = (uint8_t)random_below(random, 5);
	file->mount_owner = (uint8_t)random_below(random, 7);
	file->mode = modes[random_below(random, ARRAY_SIZE(modes))];
	memset(file->fs, 0, sizeof(file->fs));
	strcpy(file->fs, systems[random_below(random, ARRAY_SIZE(systems))]);
}

/* What enrichment adds, or has not learnt yet. */
static void fill_views(struct random_event *ret, const struct pool *pool, struct random *random)
{
	struct event *ev = &ret->ev;

	fill_container(&ret->container, pool, random);
	fill_container(&ret->target, pool, random);
	if (random_chance(random, 70))
		ev->container = &ret->container;
	if (random_chance(random, 30))
		ev->target_container = &ret->target;
	if (random_chance(random, 70)) {
		fill_proc(&ret->procs[0], pool, random);
		ev->proc = &ret->procs[0];
	}
	ev->n_ancestors = random_chance(random, 30) ?
				  0 :
				  (unsigned int)random_below(random, EVENT_ANCESTORS_MAX + 1);
	if (ev->n_ancestors > 4 && random_chance(random, 90))
		ev->n_ancestors = 4;
	for (unsigned int i = 0; i < ev->n_ancestors; i++) {
		fill_proc(&ret->procs[i + 1], pool, random);
		ev->ancestors[i] = &ret->procs[i + 1];
	}
	ev->wall_ns = random_chance(random, 20) ?
			      0 :
			      1790000000ull * 1000000000 +
				      random_below(random, 100000000) * 1000000000ull;
}

void random_event_init(struct random_event *ret, const struct pool *pool, struct random *random)
{
	unsigned int type = 1 + (unsigned int)random_below(random, EVENT_TYPE_END - 1);
	size_t len;
	int r;

	if (random_chance(random, 40))
		type = random_chance(random, 50) ? EVENT_OPEN : EVENT_EXEC;
	assert(shapes[type].fixed_len > 0);
	len = make_record(ret->record, type, pool, random);
	r = event_decode(ret->record, len, &ret->ev);
	assert(r == 0);
	(void)r;
	fill_file(&ret->ev, random);
	fill_views(ret, pool, random);
}
