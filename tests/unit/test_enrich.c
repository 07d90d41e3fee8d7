/* SPDX-License-Identifier: Apache-2.0 */
/* Who descends from whom, and which container is which, whatever comes in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "enrich/enrich.h"

#define CONTAINER 77u
#define NEIGHBOUR 88u
#define ID "1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdef"

static const struct exec_id nobody;

/* ---- making events */

static struct exec_id exec_id(uint64_t start_ns, uint32_t tgid, uint32_t seq)
{
	return (struct exec_id){ start_ns, tgid, seq };
}

static struct event event(unsigned int type, struct exec_id proc, struct exec_id parent,
			  const char *comm)
{
	struct event ev = {
		.hdr = {
			.type = (uint16_t)type, .proc = proc, .parent = parent, .tid = proc.tgid,
			.ppid = parent.tgid, .container = CONTAINER, .cgroup_id = 5151,
			.phase = PHASE_CONTAINED, .ret = 0,
		},
	};

	snprintf(ev.hdr.comm, sizeof(ev.hdr.comm), "%s", comm);
	return ev;
}

static struct event apply(struct enrich *enrich, struct event ev)
{
	enrich_apply(enrich, &ev);
	return ev;
}

static struct event apply_fork(struct enrich *enrich, struct exec_id child, struct exec_id parent)
{
	return apply(enrich, event(EVENT_FORK, child, parent, "forked"));
}

static struct event apply_exec(struct enrich *enrich, struct exec_id proc, struct exec_id parent,
			       const char *path)
{
	static const struct event_file file = { .source = SOURCE_KERNEL, .mount_owner = OWNER_OWN };
	const char *slash = strrchr(path, '/');
	struct event ev = event(EVENT_EXEC, proc, parent, slash ? slash + 1 : path);

	ev.path = slice_from(path);
	ev.args = slice_from(path);
	ev.cwd = SLICE_LITERAL("/srv");
	ev.file = &file;
	return apply(enrich, ev);
}

static struct event apply_open(struct enrich *enrich, struct exec_id proc, struct exec_id parent)
{
	return apply(enrich, event(EVENT_OPEN, proc, parent, "opener"));
}

static struct event apply_exit(struct enrich *enrich, struct exec_id proc)
{
	return apply(enrich, event(EVENT_EXIT, proc, nobody, "leaver"));
}

static struct enrich *make(size_t procs_max, size_t containers_max, size_t bytes_max)
{
	struct enrich_limits limits = { procs_max, containers_max, bytes_max };
	struct enrich *enrich = NULL;

	assert_int_equal(enrich_new(&limits, &enrich), 0);
	return enrich;
}

static struct enrich_stats stats_of(const struct enrich *enrich)
{
	struct enrich_stats stats;

	enrich_get_stats(enrich, &stats);
	return stats;
}

#define assert_slice(got, want)                                                                \
	do {                                                                                   \
		struct slice assert_got = (got), assert_want = slice_from(want);               \
		if (!slice_eq(assert_got, assert_want))                                        \
			fail_msg("want \"%s\", got \"%.*s\"", assert_want.data,                \
				 (int)assert_got.len, assert_got.data ? assert_got.data : ""); \
	} while (0)

/* ---- processes */

static void ancestry_names_images_as_they_forked(void **state)
{
	struct exec_id init = exec_id(100, 10, 1), sh = exec_id(200, 20, 1),
		       ls = exec_id(300, 30, 1);
	struct enrich *enrich = make(0, 0, 0);
	struct event ev;

	(void)state;
	apply_exec(enrich, init, nobody, "/sbin/init");
	apply_fork(enrich, sh, init);
	sh.exec_seq = 2;
	apply_exec(enrich, sh, init, "/bin/sh");
	apply_fork(enrich, ls, sh);
	ls.exec_seq = 3;
	apply_exec(enrich, ls, sh, "/bin/ls");
	/* The parent becomes something else: the child keeps the shell it had. */
	sh.exec_seq = 3;
	apply_exec(enrich, sh, init, "/usr/bin/harmless");

	ev = apply_open(enrich, ls, sh);
	assert_slice(ev.proc->exepath, "/bin/ls");
	assert_slice(ev.proc->cwd, "/srv");
	assert_int_equal(ev.proc->exe_owner, OWNER_OWN);
	assert_int_equal(ev.n_ancestors, 2);
	assert_slice(ev.ancestors[0]->exepath, "/bin/sh");
	assert_int_equal(ev.ancestors[0]->id.exec_seq, 2);
	assert_slice(ev.ancestors[1]->exepath, "/sbin/init");
	assert_null(ev.ancestors[2]);

	ev = apply_open(enrich, sh, init);
	assert_slice(ev.proc->exepath, "/usr/bin/harmless");
	enrich_free(enrich);
}

static void child_has_the_parents_image_until_its_exec(void **state)
{
	struct exec_id sh = exec_id(200, 20, 5), child = exec_id(300, 30, 5);
	struct enrich *enrich = make(0, 0, 0);
	struct event ev;

	(void)state;
	apply_exec(enrich, sh, nobody, "/bin/sh");
	ev = apply_fork(enrich, child, sh);
	assert_slice(ev.proc->exepath, "/bin/sh");
	assert_slice(ev.proc->name, "forked");
	assert_int_equal(ev.proc->ppid, 20);
	child.exec_seq = 6;
	ev = apply_exec(enrich, child, sh, "/bin/id");
	assert_slice(ev.proc->exepath, "/bin/id");
	assert_slice(ev.proc->name, "id");
	assert_slice(ev.ancestors[0]->exepath, "/bin/sh");
	enrich_free(enrich);
}

static void exited_parents_are_remembered(void **state)
{
	struct exec_id at = exec_id(100, 10, 1), next;
	struct exec_id reaper = exec_id(1, 1, 1);
	struct enrich *enrich = make(0, 0, 0);
	struct event ev;
	char path[32];

	(void)state;
	apply_exec(enrich, at, nobody, "/p0");
	for (unsigned int i = 1; i < 8; i++) {
		next = exec_id(100 + i, 10 + i, 1);
		apply_fork(enrich, next, at);
		next.exec_seq = 2;
		snprintf(path, sizeof(path), "/p%u", i);
		apply_exec(enrich, next, at, path);
		apply_exit(enrich, at);
		at = next;
	}
	/* Re-parented: the kernel now names the reaper, history does not change. */
	ev = apply_open(enrich, at, reaper);
	assert_int_equal(ev.n_ancestors, 7);
	assert_slice(ev.ancestors[0]->exepath, "/p6");
	assert_slice(ev.ancestors[6]->exepath, "/p0");
	assert_int_equal(ev.proc->ppid, 1);

	/* And one that is gone can still be asked for. */
	apply_exit(enrich, at);
	ev = apply_open(enrich, at, reaper);
	assert_slice(ev.proc->exepath, "/p7");
	assert_int_equal(ev.n_ancestors, 7);
	enrich_free(enrich);
}

static void a_pid_used_again_is_another_process(void **state)
{
	struct exec_id first = exec_id(100, 42, 1), second = exec_id(900, 42, 1);
	struct enrich *enrich = make(0, 0, 0);
	struct event ev;

	(void)state;
	apply_exec(enrich, first, nobody, "/bin/first");
	apply_exit(enrich, first);
	ev = apply_open(enrich, second, nobody);
	assert_int_equal(ev.proc->exepath.len, 0);
	assert_slice(ev.proc->name, "opener");
	apply_exec(enrich, second, nobody, "/bin/second");
	assert_slice(apply_open(enrich, first, nobody).proc->exepath, "/bin/first");
	assert_slice(apply_open(enrich, second, nobody).proc->exepath, "/bin/second");
	enrich_free(enrich);
}

static void lost_records_leave_minimal_nodes(void **state)
{
	struct exec_id parent = exec_id(100, 10, 4), child = exec_id(200, 20, 7);
	struct enrich *enrich = make(0, 0, 0);
	struct event ev = apply_open(enrich, child, parent);

	(void)state;
	assert_slice(ev.proc->name, "opener");
	assert_int_equal(ev.proc->exepath.len, 0);
	assert_int_equal(ev.n_ancestors, 1);
	assert_int_equal(ev.ancestors[0]->id.tgid, 10);
	assert_int_equal(ev.ancestors[0]->name.len, 0);

	/* The parent shows itself; then an exec of the child was lost. */
	apply_exec(enrich, parent, nobody, "/bin/sh");
	ev = apply_open(enrich, child, parent);
	assert_slice(ev.ancestors[0]->exepath, "/bin/sh");
	child.exec_seq = 9;
	ev = apply_open(enrich, child, parent);
	assert_int_equal(ev.proc->id.exec_seq, 9);
	assert_int_equal(ev.proc->exepath.len, 0);
	assert_slice(ev.ancestors[0]->exepath, "/bin/sh");

	/* A record of an image long gone does not become the present. */
	child.exec_seq = 2;
	ev = apply_open(enrich, child, parent);
	assert_int_equal(ev.proc->id.exec_seq, 2);
	child.exec_seq = 9;
	assert_int_equal(apply_open(enrich, child, parent).proc->id.exec_seq, 9);
	enrich_free(enrich);
}

static void exec_before_its_fork_is_put_right(void **state)
{
	struct exec_id parent = exec_id(100, 10, 1), child = exec_id(200, 20, 1),
		       later = exec_id(200, 20, 2);
	struct enrich *enrich = make(0, 0, 0);
	struct event ev;

	(void)state;
	apply_exec(enrich, parent, nobody, "/bin/sh");
	apply_exec(enrich, later, parent, "/bin/id");
	ev = apply_fork(enrich, child, parent);
	assert_int_equal(ev.proc->id.exec_seq, 1);
	assert_slice(ev.proc->exepath, "/bin/sh");
	ev = apply_open(enrich, later, parent);
	assert_slice(ev.proc->exepath, "/bin/id");
	assert_slice(ev.ancestors[0]->exepath, "/bin/sh");
	enrich_free(enrich);
}

static void snapshot_fills_gaps_only(void **state)
{
	struct exec_id proc = exec_id(100, 10, 1), other = exec_id(101, 11, 1);
	struct enrich *enrich = make(0, 0, 0);
	struct event ev = event(EVENT_PROC, proc, nobody, "nginx");

	(void)state;
	ev.path = SLICE_LITERAL("/usr/sbin/nginx");
	ev.args = (struct slice){ "nginx\0-g\0", 9 };
	ev = apply(enrich, ev);
	assert_slice(ev.proc->exepath, "/usr/sbin/nginx");
	assert_int_equal(ev.proc->args.len, 9);

	apply_exec(enrich, other, nobody, "/bin/seen");
	ev = event(EVENT_PROC, other, nobody, "x");
	ev.path = SLICE_LITERAL("/bin/late");
	ev = apply(enrich, ev);
	assert_slice(ev.proc->exepath, "/bin/seen");
	enrich_free(enrich);
}

static void working_directory_follows_chdir(void **state)
{
	struct exec_id proc = exec_id(100, 10, 1);
	struct enrich *enrich = make(0, 0, 0);
	struct event ev;

	(void)state;
	apply_exec(enrich, proc, nobody, "/bin/sh");
	ev = event(EVENT_CHDIR, proc, nobody, "sh");
	ev.u.chdir.op = CHDIR_FCHDIR;
	ev.path = SLICE_LITERAL("/tmp");
	ev = apply(enrich, ev);
	assert_slice(ev.proc->cwd, "/tmp");
	assert_slice(ev.proc->exepath, "/bin/sh");

	ev = event(EVENT_CHDIR, proc, nobody, "sh");
	ev.hdr.ret = -EACCES;
	ev.u.chdir.op = CHDIR_CHDIR;
	ev.path = SLICE_LITERAL("/root");
	assert_slice(apply(enrich, ev).proc->cwd, "/tmp");
	enrich_free(enrich);
}

static void other_threads_do_not_rename_the_process(void **state)
{
	struct exec_id proc = exec_id(100, 10, 1);
	struct enrich *enrich = make(0, 0, 0);
	struct event ev;

	(void)state;
	apply_exec(enrich, proc, nobody, "/usr/bin/java");
	ev = event(EVENT_OPEN, proc, nobody, "GC Thread#0");
	ev.hdr.tid = 11;
	assert_slice(apply(enrich, ev).proc->name, "java");
	ev.hdr.tid = 10;
	assert_slice(apply(enrich, ev).proc->name, "GC Thread#0");
	enrich_free(enrich);
}

static void hostile_parents_do_not_hang(void **state)
{
	struct exec_id a = exec_id(100, 10, 1), b = exec_id(200, 20, 1), c = exec_id(200, 21, 1);
	struct enrich *enrich = make(0, 0, 0);
	struct event ev;

	(void)state;
	ev = apply_open(enrich, a, a);
	assert_int_equal(ev.n_ancestors, 0);
	ev = apply_fork(enrich, a, a);
	assert_int_equal(ev.n_ancestors, 0);
	ev = apply_open(enrich, a, b); /* a child older than its parent */
	assert_int_equal(ev.n_ancestors, 0);
	ev = apply_open(enrich, b, a);
	assert_int_equal(ev.n_ancestors, 1);
	apply_fork(enrich, a, b);
	apply_open(enrich, b, c);
	ev = apply_open(enrich, c, b);
	assert_true(ev.n_ancestors <= 2);
	a.exec_seq = 7;
	ev = apply_open(enrich, a, exec_id(100, 10, 6)); /* itself, one exec ago */
	assert_int_equal(ev.n_ancestors, 0);
	ev = apply_open(enrich, nobody, a);
	assert_null(ev.proc);
	ev = apply_open(enrich, exec_id(UINT64_MAX, UINT32_MAX, UINT32_MAX),
			exec_id(UINT64_MAX, 1, UINT32_MAX));
	assert_int_equal(ev.n_ancestors, 1);
	enrich_free(enrich);
}

static void chains_are_cut_at_the_limit(void **state)
{
	struct enrich *enrich = make(0, 0, 0);
	struct exec_id at = exec_id(1, 1, 1), next;
	struct event ev = { 0 };

	(void)state;
	for (uint32_t i = 2; i < 100; i++, at = next) {
		next = exec_id(i, i, 1);
		ev = apply_fork(enrich, next, at);
	}
	assert_int_equal(ev.n_ancestors, EVENT_ANCESTORS_MAX);
	assert_int_equal(ev.ancestors[EVENT_ANCESTORS_MAX - 1]->id.tgid, 99 - EVENT_ANCESTORS_MAX);
	enrich_free(enrich);
}

/* ---- ceilings */

static void fork_bomb_forgets_its_own(void **state)
{
	struct exec_id init = exec_id(1, 1, 1), shim = exec_id(2, 2, 1), bomb = exec_id(3, 3, 1),
		       quiet = exec_id(4, 4, 1);
	struct enrich *enrich = make(1000, 0, 0);
	struct enrich_stats stats;
	struct event ev;

	(void)state;
	ev = event(EVENT_EXEC, init, nobody, "init");
	ev.hdr.container = 0;
	apply(enrich, ev);
	ev = event(EVENT_EXEC, shim, init, "shim");
	ev.hdr.container = 0;
	apply(enrich, ev);
	ev = event(EVENT_EXEC, quiet, shim, "quiet");
	ev.hdr.container = NEIGHBOUR;
	apply(enrich, ev);
	apply_exec(enrich, bomb, shim, "/bomb");
	for (uint32_t i = 0; i < 20000; i++)
		apply_fork(enrich, exec_id(1000 + i, 1000 + i, 1), bomb);

	stats = stats_of(enrich);
	assert_true(stats.procs <= 1000);
	assert_int_equal(stats.procs_evicted, 20000 + 4 - 1000);

	ev = event(EVENT_OPEN, quiet, shim, "quiet");
	ev.hdr.container = NEIGHBOUR;
	ev = apply(enrich, ev);
	assert_int_equal(ev.n_ancestors, 2);
	assert_slice(ev.ancestors[0]->name, "shim");
	ev = apply_open(enrich, exec_id(20999, 20999, 1), bomb);
	assert_slice(ev.proc->exepath, "/bomb");
	assert_int_equal(ev.n_ancestors, 3);
	enrich_free(enrich);
}

static void chain_of_forks_is_bounded_and_counted(void **state)
{
	struct enrich *enrich = make(1000, 0, 0);
	struct exec_id at = exec_id(1, 1, 1), next;
	struct event ev = { 0 };

	(void)state;
	for (uint32_t i = 2; i < 20000; i++, at = next) {
		next = exec_id(i, i, 1);
		ev = apply_fork(enrich, next, at);
		apply_exit(enrich, at);
	}
	assert_true(stats_of(enrich).procs <= 1000);
	assert_int_equal(stats_of(enrich).procs_evicted, 19999 - 1000);
	/* The near past is what was kept. */
	assert_int_equal(ev.n_ancestors, EVENT_ANCESTORS_MAX);
	enrich_free(enrich);
}

static void short_lives_cost_nothing(void **state)
{
	struct exec_id sh = exec_id(1, 1, 1);
	struct enrich *enrich = make(1000, 0, 0);

	(void)state;
	apply_exec(enrich, sh, nobody, "/bin/sh");
	for (uint32_t i = 2; i < 50000; i++) {
		struct exec_id child = exec_id(i, i, 1);

		apply_fork(enrich, child, sh);
		child.exec_seq = 2;
		apply_exec(enrich, child, sh, "/bin/true");
		apply_exit(enrich, child);
	}
	assert_int_equal(stats_of(enrich).procs_evicted, 0);
	assert_true(stats_of(enrich).procs < 200);
	enrich_free(enrich);
}

static void exec_chain_stays_small(void **state)
{
	struct exec_id proc = exec_id(1, 1, 1), parent = exec_id(0, 9, 1);
	struct enrich *enrich = make(1000, 0, 0);
	struct event ev = { 0 };

	(void)state;
	for (uint32_t i = 1; i < 20000; i++) {
		proc.exec_seq = i;
		ev = apply_exec(enrich, proc, parent, "/bin/again");
	}
	assert_int_equal(ev.n_ancestors, 1);
	assert_int_equal(ev.ancestors[0]->id.tgid, 9);
	assert_int_equal(stats_of(enrich).procs_evicted, 0);
	assert_true(stats_of(enrich).procs < 200);
	enrich_free(enrich);
}

static void strings_stay_within_their_budget(void **state)
{
	static char args[EVENT_ARGS_MAX];
	struct enrich *enrich = make(2000, 0, 256 << 10);
	struct exec_id quiet = exec_id(1, 1, 1);
	struct event ev;

	(void)state;
	memset(args, 'a', sizeof(args));
	ev = event(EVENT_EXEC, quiet, nobody, "quiet");
	ev.hdr.container = NEIGHBOUR;
	ev.path = SLICE_LITERAL("/bin/quiet");
	apply(enrich, ev);
	for (uint32_t i = 2; i < 1500; i++) {
		ev = event(EVENT_EXEC, exec_id(i, i, 1), nobody, "loud");
		ev.path = SLICE_LITERAL("/bin/loud");
		ev.args = (struct slice){ args, sizeof(args) };
		ev = apply(enrich, ev);
		assert_int_equal(ev.proc->args.len, sizeof(args));
	}
	assert_true(stats_of(enrich).strings_cut > 1000);
	assert_int_equal(stats_of(enrich).procs_evicted, 0);
	ev = event(EVENT_OPEN, quiet, nobody, "quiet");
	ev.hdr.container = NEIGHBOUR;
	assert_slice(apply(enrich, ev).proc->exepath, "/bin/quiet");
	enrich_free(enrich);
}

/* ---- containers */

static struct event container_event(uint64_t key, const char *cgroup)
{
	struct event ev = event(EVENT_CONTAINER, exec_id(1, 1, 1), nobody, "runc");

	ev.hdr.container = key;
	ev.u.container.key = key;
	ev.cgroup_path = slice_from(cgroup);
	return ev;
}

static struct event info_event(uint64_t key, const char *id, const char *name, const char *image,
			       const char *runtime)
{
	struct event ev = event(EVENT_CONTAINER_INFO, nobody, nobody, "");

	ev.hdr.container = key;
	ev.info_id = slice_from(id);
	ev.info_name = slice_from(name);
	ev.info_image = slice_from(image);
	ev.info_runtime = slice_from(runtime);
	return ev;
}

static void container_is_named_by_path_then_by_its_files(void **state)
{
	struct enrich *enrich = make(0, 0, 0);
	struct event ev = apply(enrich, container_event(CONTAINER, "/docker/" ID));

	(void)state;
	assert_slice(ev.container->id, ID);
	assert_slice(ev.container->runtime, "docker");
	assert_slice(ev.container->cgroup, "/docker/" ID);
	assert_int_equal(ev.container->cgroup_id, 5151);
	assert_true(ev.container->pending);

	ev = apply(enrich, info_event(CONTAINER, ID, "web-1", "registry.example/web:1", "docker"));
	assert_slice(ev.container->name, "web-1");
	assert_slice(ev.container->image, "registry.example/web:1");
	assert_false(ev.container->pending);
	assert_null(ev.proc);
	assert_int_equal(ev.container->pod.len, 0);

	/* Told of its pod; what a later answer leaves out stays. */
	ev = info_event(CONTAINER, ID, "web-1", "", "");
	ev.info_pod = slice_from("shop-7d9f");
	ev.info_pod_ns = slice_from("prod");
	ev.info_pod_uid = slice_from("u-1");
	ev.info_sandbox = slice_from("5aa");
	ev.info_image_id = slice_from("sha256:aa");
	ev.info_digest = slice_from("sha256:bb");
	apply(enrich, ev);
	ev = apply(enrich, info_event(CONTAINER, ID, "", "", ""));
	assert_slice(ev.container->pod, "shop-7d9f");
	assert_slice(ev.container->pod_ns, "prod");
	assert_slice(ev.container->pod_uid, "u-1");
	assert_slice(ev.container->sandbox, "5aa");
	assert_slice(ev.container->image_id, "sha256:aa");
	assert_slice(ev.container->digest, "sha256:bb");
	assert_slice(ev.container->image, "registry.example/web:1");

	/* Told again of its birth, by a restarted sensor: the files stand. */
	ev = apply(enrich, container_event(CONTAINER, "/somewhere/else"));
	assert_slice(ev.container->id, ID);
	assert_slice(ev.container->name, "web-1");
	assert_false(ev.container->pending);
	enrich_free(enrich);
}

/* An answer, and nothing else, ends the waiting; it tells how many alerts went
 * out meanwhile, once. */
static void alerts_are_pending_until_an_answer(void **state)
{
	static const struct {
		const char *name;
		__u16 flags;
		const char *id;
		bool is_pending, is_unanswered;
	} infos[] = {
		{ "late", INFO_LATE, "", true, false },
		{ "named by who made it", INFO_HINT, ID, true, false },
		{ "found", 0, ID, false, false },
		{ "not found", 0, "", false, false },
		{ "nobody there", INFO_UNANSWERED, "", false, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(infos); i++) {
		struct enrich *enrich = make(0, 0, 0);
		struct event ev = apply(enrich, container_event(CONTAINER, "/jobs/web-one"));

		enrich_note_alert(enrich, &ev);
		enrich_note_alert(enrich, &ev);
		ev = info_event(CONTAINER, infos[i].id, "", "", "");
		ev.u.info.info_flags = infos[i].flags;
		ev = apply(enrich, ev);
		if (ev.container->pending != infos[i].is_pending ||
		    ev.container->is_unanswered != infos[i].is_unanswered ||
		    ev.container->n_completed != (infos[i].is_pending ? 0 : 2))
			fail_msg("%s: pending %d, unanswered %d, completes %llu", infos[i].name,
				 ev.container->pending, ev.container->is_unanswered,
				 (unsigned long long)ev.container->n_completed);
		if (infos[i].is_pending)
			assert_slice(ev.container->id, *infos[i].id ? infos[i].id : "cg-5151");

		/* What comes after is not pending, and no answer completes it again. */
		if (!infos[i].is_pending)
			enrich_note_alert(enrich, &ev);
		ev = apply_open(enrich, exec_id(1, 1, 1), nobody);
		assert_int_equal(ev.container->n_completed, 0);
		ev = apply(enrich, info_event(CONTAINER, ID, "web", "", ""));
		assert_int_equal(ev.container->n_completed, infos[i].is_pending ? 2 : 0);
		enrich_free(enrich);
	}
}

/* What was said of another container is not kept beside the new id. */
static void another_id_takes_the_old_names_away(void **state)
{
	struct enrich *enrich = make(0, 0, 0);
	struct event ev = info_event(CONTAINER, "one", "web", "image:1", "docker");

	(void)state;
	ev.info_pod = slice_from("web-0");
	apply(enrich, ev);
	ev = apply(enrich, info_event(CONTAINER, "two", "", "", "runc"));
	assert_slice(ev.container->id, "two");
	assert_slice(ev.container->name, "");
	assert_slice(ev.container->image, "");
	assert_slice(ev.container->pod, "");
	assert_slice(ev.container->runtime, "runc");
	enrich_free(enrich);
}

static void posture_stays_with_its_container(void **state)
{
	struct enrich *enrich = make(0, 0, 0);
	struct event ev = info_event(CONTAINER, ID, "web", "image:1", "docker");

	(void)state;
	ev = apply(enrich, ev);
	assert_false(ev.container->has_posture);
	ev.hdr.type = EVENT_POSTURE;
	ev.u.posture.findings = 5;
	ev.u.posture.severity = UINT32_MAX;
	ev.posture_reason = slice_from("it runs privileged");
	ev = apply(enrich, ev);
	assert_slice(ev.container->posture_reason, "it runs privileged");
	ev = apply_open(enrich, exec_id(1, 1, 1), nobody);
	assert_true(ev.container->has_posture);
	assert_int_equal(ev.container->posture, 5);
	assert_int_equal(ev.container->posture_severity, POSTURE_CRITICAL);
	assert_slice(ev.container->posture_reason, "it runs privileged");
	assert_slice(ev.container->name, "web");
	enrich_free(enrich);
}

static void container_without_a_name_is_its_cgroup(void **state)
{
	struct enrich *enrich = make(0, 0, 0);
	struct event ev = apply(enrich, container_event(CONTAINER, "/jobs/web-one"));

	(void)state;
	assert_slice(ev.container->id, "cg-5151");
	assert_slice(ev.container->runtime, "");
	assert_int_equal(ev.container->id_source, ID_MADE_UP);

	/* Its files are gone: the cgroup's name is better than a number, and no more. */
	ev = apply(enrich, info_event(CONTAINER, "", "", "", ""));
	assert_slice(ev.container->id, "web-one");
	assert_int_equal(ev.container->id_source, ID_FROM_CGROUP);
	assert_false(ev.container->pending);
	ev = apply(enrich, info_event(CONTAINER, "web-1", "", "", "runc"));
	assert_slice(ev.container->id, "web-1");
	assert_slice(ev.container->runtime, "runc");
	assert_int_equal(ev.container->id_source, ID_FROM_RUNTIME);

	/* A unit of the host names no container. */
	apply(enrich, container_event(NEIGHBOUR, "/user.slice/session-3.scope"));
	ev = apply(enrich, info_event(NEIGHBOUR, "", "", "", ""));
	assert_slice(ev.container->id, "cg-5151");
	assert_int_equal(ev.container->id_source, ID_MADE_UP);
	enrich_free(enrich);
}

static void container_of_a_lost_birth_is_made_up(void **state)
{
	struct enrich *enrich = make(0, 0, 0);
	struct event ev = apply_open(enrich, exec_id(1, 1, 1), nobody);

	(void)state;
	assert_slice(ev.container->id, "cg-5151");
	assert_true(ev.container->pending);
	assert_ptr_equal(enrich_find_container(enrich, CONTAINER), ev.container);
	assert_null(enrich_find_container(enrich, 12345));

	ev = event(EVENT_OPEN, exec_id(1, 1, 1), nobody, "x");
	ev.hdr.container = 0;
	ev.hdr.target_container = CONTAINER;
	ev = apply(enrich, ev);
	assert_null(ev.container);
	assert_int_equal(ev.target_container->key, CONTAINER);

	ev = event(EVENT_LOSS, nobody, nobody, "");
	ev.hdr.container = NEIGHBOUR;
	ev.hdr.cgroup_id = 0;
	assert_slice(apply(enrich, ev).container->id, "cg-0");
	ev = event(EVENT_OPEN, exec_id(1, 1, 1), nobody, "x");
	ev.hdr.container = NEIGHBOUR;
	assert_slice(apply(enrich, ev).container->id, "cg-5151");
	enrich_free(enrich);
}

static void containers_stay_within_their_ceiling(void **state)
{
	struct enrich *enrich = make(0, 100, 0);
	char cgroup[EVENT_PATH_MAX + 1];

	(void)state;
	memset(cgroup, 'c', sizeof(cgroup) - 1);
	cgroup[sizeof(cgroup) - 1] = 0;
	for (uint64_t key = 1; key <= 1000; key++) {
		struct event ev = apply(enrich, container_event(key, cgroup));

		assert_int_equal(ev.container->cgroup.len, EVENT_PATH_MAX);
	}
	assert_int_equal(stats_of(enrich).containers, 100);
	assert_int_equal(stats_of(enrich).containers_evicted, 900);
	assert_null(enrich_find_container(enrich, 900));
	assert_non_null(enrich_find_container(enrich, 901));
	enrich_free(enrich);

	enrich = make(0, 100, 64 << 10); /* 16 KiB for containers: four such paths */
	for (uint64_t key = 1; key <= 50; key++)
		apply(enrich, container_event(key, cgroup));
	assert_true(stats_of(enrich).containers < 5);
	assert_int_equal(stats_of(enrich).containers_evicted, 50 - stats_of(enrich).containers);
	enrich_free(enrich);
}

/* ---- against a model: the same tree, kept without any limit */

#define MODEL_N 4000

struct model {
	struct exec_id id;
	unsigned int parent; /* index of the image it was forked from; 0: none */
};

static uint32_t random_state;

static uint32_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

static void check_chain(const struct event *ev, const struct model *model, unsigned int at)
{
	unsigned int n = 0;

	assert_int_equal(ev->proc->id.tgid, model[at].id.tgid);
	assert_int_equal(ev->proc->id.exec_seq, model[at].id.exec_seq);
	for (at = model[at].parent; at && n < EVENT_ANCESTORS_MAX; at = model[at].parent, n++) {
		assert_true(n < ev->n_ancestors);
		assert_int_equal(ev->ancestors[n]->id.start_ns, model[at].id.start_ns);
		assert_int_equal(ev->ancestors[n]->id.tgid, model[at].id.tgid);
		assert_int_equal(ev->ancestors[n]->id.exec_seq, model[at].id.exec_seq);
	}
	assert_int_equal(ev->n_ancestors, n);
}

static void random_life_matches_the_model(void **state)
{
	static struct model model[MODEL_N];
	static unsigned int live[MODEL_N];

	(void)state;
	for (uint32_t seed = 1; seed <= 20; seed++) {
		struct enrich *enrich = make(MODEL_N, 0, 0);
		unsigned int n = 2, n_live = 1;

		random_state = seed * 2654435761u;
		model[1] = (struct model){ .id = exec_id(1, 1, 1) };
		live[0] = 1;
		apply_exec(enrich, model[1].id, nobody, "/init");
		while (n < MODEL_N) {
			unsigned int pick = next_random() % n_live, at = live[pick];
			struct event ev;

			switch (next_random() % 8) {
			case 0:
			case 1:
			case 2:
				model[n] = (struct model){ .id = model[at].id, .parent = at };
				model[n].id.start_ns = n;
				model[n].id.tgid =
					1 + next_random() % 50; /* pids come again and again */
				ev = apply_fork(enrich, model[n].id, model[at].id);
				check_chain(&ev, model, n);
				live[n_live++] = n++;
				break;
			case 3:
			case 4:
				model[n] = model[at];
				model[n].id.exec_seq++;
				ev = apply_exec(enrich, model[n].id, nobody, "/bin/x");
				check_chain(&ev, model, n);
				live[pick] = n++;
				break;
			case 5:
				if (n_live < 10)
					break;
				ev = apply_exit(enrich, model[at].id);
				check_chain(&ev, model, at);
				live[pick] = live[--n_live];
				break;
			default:
				ev = apply_open(enrich, model[at].id, nobody);
				check_chain(&ev, model, at);
			}
		}
		assert_int_equal(stats_of(enrich).procs_evicted, 0);
		enrich_free(enrich);
	}
}

/* Any numbers in any order: ceilings hold, chains end, nothing leaks. */
static void random_noise_is_survived(void **state)
{
	static const unsigned int types[] = {
		EVENT_FORK, EVENT_EXEC,	     EVENT_EXIT,	   EVENT_OPEN, EVENT_CHDIR,
		EVENT_PROC, EVENT_CONTAINER, EVENT_CONTAINER_INFO, EVENT_LOSS,
	};
	static char bytes[8192];
	struct enrich *enrich = make(64, 8, 64 << 10);

	(void)state;
	random_state = 7;
	for (unsigned int i = 0; i < 300000; i++) {
		struct exec_id proc =
			exec_id(next_random() % 40, next_random() % 12, next_random() % 4);
		struct exec_id parent =
			exec_id(next_random() % 40, next_random() % 12, next_random() % 4);
		struct event ev =
			event(types[next_random() % ARRAY_SIZE(types)], proc, parent, "noise");

		ev.hdr.container = next_random() % 16;
		ev.hdr.target_container = next_random() % 16;
		ev.u.container.key = ev.hdr.type == EVENT_CONTAINER ? next_random() % 16 : 0;
		ev.path = (struct slice){ bytes, next_random() % 4096 };
		ev.args = (struct slice){ bytes, next_random() % 4097 };
		ev.cwd = ev.cgroup_path = ev.info_name =
			(struct slice){ bytes, next_random() % 4096 };
		enrich_apply(enrich, &ev);
		assert_true(ev.n_ancestors <= EVENT_ANCESTORS_MAX);
		for (unsigned int k = 0; k < ev.n_ancestors; k++)
			assert_true(ev.ancestors[k]->id.start_ns <= ev.proc->id.start_ns);
		assert_true(!ev.proc || ev.proc->id.tgid == proc.tgid);
		assert_true(stats_of(enrich).procs <= 64);
		assert_true(stats_of(enrich).containers <= 8);
	}
	enrich_free(enrich);
	enrich_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ancestry_names_images_as_they_forked),
		cmocka_unit_test(child_has_the_parents_image_until_its_exec),
		cmocka_unit_test(exited_parents_are_remembered),
		cmocka_unit_test(a_pid_used_again_is_another_process),
		cmocka_unit_test(lost_records_leave_minimal_nodes),
		cmocka_unit_test(exec_before_its_fork_is_put_right),
		cmocka_unit_test(snapshot_fills_gaps_only),
		cmocka_unit_test(working_directory_follows_chdir),
		cmocka_unit_test(other_threads_do_not_rename_the_process),
		cmocka_unit_test(hostile_parents_do_not_hang),
		cmocka_unit_test(chains_are_cut_at_the_limit),
		cmocka_unit_test(fork_bomb_forgets_its_own),
		cmocka_unit_test(chain_of_forks_is_bounded_and_counted),
		cmocka_unit_test(short_lives_cost_nothing),
		cmocka_unit_test(exec_chain_stays_small),
		cmocka_unit_test(strings_stay_within_their_budget),
		cmocka_unit_test(container_is_named_by_path_then_by_its_files),
		cmocka_unit_test(alerts_are_pending_until_an_answer),
		cmocka_unit_test(another_id_takes_the_old_names_away),
		cmocka_unit_test(posture_stays_with_its_container),
		cmocka_unit_test(container_without_a_name_is_its_cgroup),
		cmocka_unit_test(container_of_a_lost_birth_is_made_up),
		cmocka_unit_test(containers_stay_within_their_ceiling),
		cmocka_unit_test(random_life_matches_the_model),
		cmocka_unit_test(random_noise_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
