/* SPDX-License-Identifier: Apache-2.0 */
/* Whose name is believed when a runtime's files, the arguments of who made it
 * and the cgroup's path disagree, and what is told of it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <stdlib.h>

#include "enrich/enrich.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

/* Containers by key; the init of each is the process of that number. */
enum { FIRST = 100, SECOND = 200 };
enum { RUNTIME_OF_FIRST = 90, RUNTIME_OF_SECOND = 190 };

struct stage {
	struct enrich *enrich;
	struct identity_conflict conflict; /* the one that was taken last */
};

static int set_up(void **state)
{
	struct stage *stage = calloc(1, sizeof(*stage));

	assert_non_null(stage);
	assert_int_equal(enrich_new(NULL, &stage->enrich), 0);
	*state = stage;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *stage = *state;

	enrich_free(stage->enrich);
	free(stage);
	return 0;
}

static struct event make_event(unsigned int type, uint32_t tgid, uint32_t parent, uint64_t key)
{
	return (struct event){
		.hdr = {
			.type = (uint16_t)type,
			.proc = { tgid, tgid, 1 },
			.parent = { parent, parent, parent ? 1 : 0 },
			.tid = tgid,
			.ppid = parent,
			.container = key,
			.cgroup_id = key + 5000,
			.phase = key ? PHASE_CONTAINED : PHASE_HOST,
		},
	};
}

/* A runtime on the host with these arguments, NUL between them. */
static void run_runtime(struct stage *stage, uint32_t tgid, const char *args, size_t len)
{
	struct event ev = make_event(EVENT_EXEC, tgid, 0, 0);

	ev.path = slice_from("/usr/bin/runc");
	ev.args = (struct slice){ args, len };
	enrich_apply(stage->enrich, &ev);
}
#define RUN_RUNTIME(stage, tgid, args) run_runtime(stage, tgid, args, sizeof(args) - 1)

static void bear(struct stage *stage, uint64_t key, uint32_t runtime, const char *cgroup,
		 bool is_seeded)
{
	struct event ev = make_event(EVENT_CONTAINER, (uint32_t)key, runtime, key);

	ev.u.container.key = key;
	ev.u.container.init_tgid = (uint32_t)key;
	ev.u.container.init_start_ns = key;
	ev.u.container.seeded = is_seeded;
	ev.cgroup_path = slice_from(cgroup);
	enrich_apply(stage->enrich, &ev);
	enrich_apply(stage->enrich, &ev); /* told twice, learned once */
}

static void end_init(struct stage *stage, uint64_t key)
{
	struct event ev = make_event(EVENT_EXIT, (uint32_t)key, 0, key);

	enrich_apply(stage->enrich, &ev);
}

static void say(struct stage *stage, uint64_t key, const char *id, const char *name, unsigned int flags)
{
	struct event ev = make_event(EVENT_CONTAINER_INFO, 0, 0, key);

	ev.hdr.phase = PHASE_HOST;
	ev.u.info.info_flags = (__u16)flags;
	ev.info_id = slice_from(id);
	ev.info_name = slice_from(name);
	enrich_apply(stage->enrich, &ev);
}

static void assert_called(struct stage *stage, uint64_t key, const char *id, const char *name)
{
	const struct container_view *view = enrich_find_container(stage->enrich, key);

	assert_non_null(view);
	assert_int_equal(view->id.len, strlen(id));
	assert_memory_equal(view->id.data, id, view->id.len);
	assert_int_equal(view->name.len, strlen(name));
	assert_memory_equal(view->name.data, name, view->name.len);
}

static void assert_told(struct stage *stage, enum identity_kind kind, uint64_t key, uint64_t owner,
			const char *claimed, enum identity_source source)
{
	struct identity_conflict *conflict = &stage->conflict;

	assert_true(enrich_take_conflict(stage->enrich, conflict));
	assert_int_equal(conflict->kind, kind);
	assert_int_equal(conflict->hdr.container, key);
	assert_int_equal(conflict->hdr.target_container, owner);
	assert_string_equal(conflict->claimed, claimed);
	assert_int_equal(conflict->source, source);
}

static void assert_quiet(struct stage *stage)
{
	assert_false(enrich_take_conflict(stage->enrich, &stage->conflict));
}

static void cgroup_is_believed_while_nothing_contradicts(void **state)
{
	struct stage *stage = *state;

	bear(stage, FIRST, 0, "/docker/" A, false);
	assert_called(stage, FIRST, A, "");
	say(stage, FIRST, A, "web", INFO_BY_NAME);
	assert_called(stage, FIRST, A, "web");
	assert_quiet(stage);
}

static void maker_is_believed_against_the_cgroup(void **state)
{
	struct stage *stage = *state;

	bear(stage, FIRST, 0, "/docker/" A, false);
	say(stage, FIRST, A, "web", 0);
	RUN_RUNTIME(stage, RUNTIME_OF_SECOND, "runc\0run\0--bundle\0/x\0mine");
	bear(stage, SECOND, RUNTIME_OF_SECOND, "/docker/" A, false);
	assert_called(stage, SECOND, "mine", "");
	assert_told(stage, IDENTITY_CGROUP, SECOND, FIRST, A, IDENTITY_BY_ARGS);
	assert_string_equal(stage->conflict.actual, "mine");
	assert_string_equal(stage->conflict.path, "/docker/" A);

	/* Files under the other's name are not its own; its state file is. */
	say(stage, SECOND, A, "web", INFO_BY_NAME);
	assert_called(stage, SECOND, "mine", "");
	say(stage, SECOND, "mine", "mine", 0);
	assert_called(stage, SECOND, "mine", "mine");
	assert_called(stage, FIRST, A, "web");
	assert_quiet(stage);
}

static void claim_of_nobodys_id_is_told_too(void **state)
{
	struct stage *stage = *state;

	RUN_RUNTIME(stage, RUNTIME_OF_FIRST, "runc\0create\0mine");
	bear(stage, FIRST, RUNTIME_OF_FIRST, "/kubepods/pod0b5c1c1e-aaaa-4bbb-8ccc-0123456789ab/" B, false);
	assert_called(stage, FIRST, "mine", "");
	assert_told(stage, IDENTITY_CGROUP, FIRST, 0, B, IDENTITY_BY_ARGS);
}

static void cgroup_parent_of_an_engine_is_no_contradiction(void **state)
{
	struct stage *stage = *state;

	bear(stage, FIRST, 0, "/docker/" A, false);
	RUN_RUNTIME(stage, RUNTIME_OF_SECOND, "runc\0create\0" B);
	bear(stage, SECOND, RUNTIME_OF_SECOND, "/docker/" A "/" B, false);
	assert_called(stage, SECOND, B, "");
	RUN_RUNTIME(stage, 300, "runc\0create\0web");
	bear(stage, 310, 300, "/system.slice/runc-web.scope", false);
	assert_called(stage, 310, "web", "");
	assert_quiet(stage);
}

static void cgroup_alone_does_not_take_a_living_ones_id(void **state)
{
	struct stage *stage = *state;

	bear(stage, FIRST, 0, "/docker/" A, false);
	say(stage, FIRST, A, "web", 0);
	bear(stage, SECOND, 0, "/jobs/docker-" A ".scope", false);
	assert_called(stage, SECOND, "cg-5200", "");
	assert_told(stage, IDENTITY_TAKEN, SECOND, FIRST, A, IDENTITY_BY_NOBODY);
	say(stage, SECOND, A, "web", INFO_BY_NAME);
	say(stage, SECOND, "", "", 0);
	assert_called(stage, SECOND, "cg-5200", "");
	assert_quiet(stage);
}

static void a_restarted_container_has_its_id_again(void **state)
{
	struct stage *stage = *state;

	bear(stage, FIRST, 0, "/docker/" A, false);
	say(stage, FIRST, A, "web", 0);
	end_init(stage, FIRST);
	bear(stage, SECOND, 0, "/docker/" A, false);
	assert_called(stage, SECOND, A, "");
	say(stage, SECOND, A, "web", 0);
	assert_called(stage, SECOND, A, "web");
	assert_quiet(stage);
}

static void who_claimed_it_before_its_owner_came_loses_it(void **state)
{
	struct stage *stage = *state;

	bear(stage, FIRST, 0, "/docker/" A, false);
	assert_called(stage, FIRST, A, "");
	RUN_RUNTIME(stage, RUNTIME_OF_SECOND, "runc\0create\0" A);
	bear(stage, SECOND, RUNTIME_OF_SECOND, "/docker/" A, false);
	say(stage, SECOND, A, "web", 0);
	assert_called(stage, SECOND, A, "web");
	assert_called(stage, FIRST, "cg-5100", "");
	assert_told(stage, IDENTITY_TAKEN, FIRST, SECOND, A, IDENTITY_BY_NOBODY);
	assert_quiet(stage);
}

/* A user may run a program with any arguments and make a container of his own. */
static void arguments_do_not_take_the_id_of_a_verified_one(void **state)
{
	struct stage *stage = *state;

	bear(stage, FIRST, 0, "/docker/" A, false);
	say(stage, FIRST, A, "web", 0);
	RUN_RUNTIME(stage, RUNTIME_OF_SECOND, "fake\0run\0" A);
	bear(stage, SECOND, RUNTIME_OF_SECOND, "/user.slice", false);
	assert_called(stage, SECOND, "cg-5200", "");
	assert_told(stage, IDENTITY_TAKEN, SECOND, FIRST, A, IDENTITY_BY_NOBODY);
}

static void a_container_names_itself_in_vain(void **state)
{
	struct stage *stage = *state;
	struct event ev = make_event(EVENT_EXEC, 95, 0, FIRST);

	ev.args = (struct slice){ "runc\0run\0other", sizeof("runc\0run\0other") - 1 };
	enrich_apply(stage->enrich, &ev);
	bear(stage, FIRST, 95, "/docker/" A, true);
	assert_called(stage, FIRST, A, "");
	bear(stage, SECOND, 95, "/docker/" B, false); /* out of the first one */
	assert_called(stage, SECOND, B, "");

	/* Who made that one made not what an escaped process of it makes. */
	RUN_RUNTIME(stage, 90, "runc\0create\0first");
	bear(stage, 300, 90, "/x", false);
	assert_called(stage, 300, "first", "");
	ev = make_event(EVENT_EXEC, 301, 300, 300);
	ev.args = (struct slice){ "runc\0run\0third", sizeof("runc\0run\0third") - 1 };
	enrich_apply(stage->enrich, &ev);
	bear(stage, 310, 301, "/y", false);
	assert_called(stage, 310, "cg-5310", "");
	assert_quiet(stage);
}

/* Of what ran before, any process may have been met first: a container of a
 * container bears the outer one's id, too. */
static void what_ran_before_is_not_accused(void **state)
{
	struct stage *stage = *state;

	bear(stage, FIRST, 0, "/docker/" A, true);
	say(stage, FIRST, A, "web", 0);
	bear(stage, SECOND, 0, "/docker/" A "/docker/" B, true);
	assert_called(stage, SECOND, "cg-5200", "");
	assert_called(stage, FIRST, A, "web");
	assert_quiet(stage);
}

static void shim_does_not_name_the_containers_of_its_pod(void **state)
{
	struct stage *stage = *state;

	RUN_RUNTIME(stage, RUNTIME_OF_FIRST, "containerd-shim-runc-v2\0-namespace\0k8s.io\0-id\0" A);
	bear(stage, FIRST, RUNTIME_OF_FIRST, "/kubepods.slice/cri-containerd-" B ".scope", false);
	assert_called(stage, FIRST, B, "");
	bear(stage, SECOND, RUNTIME_OF_FIRST, "/default/web", false);
	assert_called(stage, SECOND, A, "");
	assert_quiet(stage);
}

static void move(struct stage *stage, uint64_t key, const char *path)
{
	struct event ev = make_event(EVENT_CGROUP, (uint32_t)key, 0, key);

	ev.cgroup_path = slice_from(path);
	enrich_apply(stage->enrich, &ev);
}

static void moves_into_cgroups_of_others_are_told_once(void **state)
{
	struct stage *stage = *state;

	bear(stage, FIRST, 0, "/docker/" A, false);
	bear(stage, SECOND, 0, "/docker/" B, false);
	move(stage, SECOND, "/jobs/web");
	move(stage, SECOND, "/docker/" B "/docker/" A); /* an engine in it */
	move(stage, SECOND, "/x/docker-" B ".scope");
	assert_quiet(stage);
	move(stage, SECOND, "/docker/" A);
	assert_told(stage, IDENTITY_MOVED, SECOND, FIRST, A, IDENTITY_BY_NAME);
	move(stage, SECOND, "/docker/" A);
	assert_called(stage, SECOND, B, "");
	assert_quiet(stage);
}

static void act_in_cgroup(struct stage *stage, uint64_t key, uint64_t cgroup_id, unsigned int phase)
{
	struct event ev = make_event(EVENT_OPEN, (uint32_t)key + 1, (uint32_t)key, key);

	ev.hdr.cgroup_id = cgroup_id;
	ev.hdr.phase = (__u8)phase;
	enrich_apply(stage->enrich, &ev);
}

static void process_in_anothers_cgroup_is_told(void **state)
{
	struct stage *stage = *state;

	bear(stage, FIRST, 0, "/docker/" A, false);
	bear(stage, SECOND, 0, "/docker/" B, false);
	bear(stage, 300, 0, "/docker/" B "/docker/web", true); /* one that an engine in it made */
	act_in_cgroup(stage, SECOND, 5200, PHASE_CONTAINED);
	act_in_cgroup(stage, SECOND, 77, PHASE_CONTAINED);
	act_in_cgroup(stage, SECOND, 5300, PHASE_CONTAINED);
	act_in_cgroup(stage, SECOND, 5100, PHASE_RUNTIME);
	/* Of one that ran before, the first process that was met sat deeper. */
	bear(stage, 400, 0, "/docker/" C "/init", true);
	say(stage, 400, C, "", 0);
	bear(stage, 500, 0, "/docker/" C "/docker/x", true);
	act_in_cgroup(stage, 400, 5500, PHASE_CONTAINED);
	assert_quiet(stage);
	act_in_cgroup(stage, SECOND, 5100, PHASE_CONTAINED);
	assert_told(stage, IDENTITY_MOVED, SECOND, FIRST, A, IDENTITY_BY_NAME);
	act_in_cgroup(stage, SECOND, 5100, PHASE_CONTAINED);
	assert_quiet(stage);
}

static void contradictions_that_nobody_takes_are_counted(void **state)
{
	struct stage *stage = *state;
	struct enrich_stats stats;

	bear(stage, FIRST, 0, "/docker/" A, false);
	for (uint64_t key = 1000; key < 1020; key++)
		bear(stage, key, 0, "/docker/" A, false);
	enrich_get_stats(stage->enrich, &stats);
	assert_int_equal(stats.conflicts_dropped, 12);
	for (uint64_t key = 1000; key < 1008; key++)
		assert_told(stage, IDENTITY_TAKEN, key, FIRST, A, IDENTITY_BY_NOBODY);
	assert_quiet(stage);
}

/* ---- containers in containers */

static void run_inside(struct stage *stage, uint32_t tgid, uint32_t parent, const char *args, size_t len)
{
	struct event ev = make_event(EVENT_EXEC, tgid, parent, FIRST);

	ev.hdr.mnt_ns = FIRST;
	ev.path = slice_from("/usr/bin/program");
	ev.args = (struct slice){ args, len };
	enrich_apply(stage->enrich, &ev);
}
#define RUN_INSIDE(stage, tgid, parent, args) run_inside(stage, tgid, parent, args, sizeof(args) - 1)

static const struct container_view *act_inside(struct stage *stage, uint32_t tgid, uint32_t parent,
					       uint64_t mnt_ns)
{
	struct event ev = make_event(EVENT_OPEN, tgid, parent, FIRST);

	ev.hdr.mnt_ns = mnt_ns;
	enrich_apply(stage->enrich, &ev);
	return ev.inner;
}

static void assert_inner(const struct container_view *inner, const char *id, unsigned int depth)
{
	assert_non_null(inner);
	assert_int_equal(inner->id.len, strlen(id));
	assert_memory_equal(inner->id.data, id, inner->id.len);
	assert_int_equal(inner->depth, depth);
	assert_int_equal(inner->outer, FIRST);
}

static void container_in_a_container_has_a_name_of_its_own(void **state)
{
	struct stage *stage = *state;

	bear(stage, FIRST, 0, "/docker/" A, false);
	RUN_INSIDE(stage, 101, FIRST, "runc\0run\0inside");
	assert_null(act_inside(stage, 101, FIRST, FIRST)); /* the runtime itself is outside of it */
	assert_inner(act_inside(stage, 102, 101, 71), "inside", 1);
	assert_inner(act_inside(stage, 103, 102, 71), "inside", 1);
	/* Who enters it later has another line of ancestors. */
	assert_inner(act_inside(stage, 104, FIRST, 71), "inside", 1);

	/* Once more inside of that one. */
	RUN_INSIDE(stage, 105, 102, "runc\0run\0--bundle\0/b\0deeper");
	assert_inner(act_inside(stage, 106, 105, 72), "deeper", 2);
	assert_called(stage, FIRST, A, "");
	assert_quiet(stage);
}

static void sandbox_of_a_program_is_no_container(void **state)
{
	struct stage *stage = *state;

	bear(stage, FIRST, 0, "/docker/" A, false);
	RUN_INSIDE(stage, 101, FIRST, "npm\0run\0build");
	assert_null(act_inside(stage, 102, 101, 71));
	/* Nor do the host's runtimes name what is made inside. */
	RUN_RUNTIME(stage, RUNTIME_OF_FIRST, "runc\0run\0mine");
	bear(stage, SECOND, RUNTIME_OF_FIRST, "/x", false);
	{
		struct event ev = make_event(EVENT_OPEN, 201, SECOND, SECOND);

		ev.hdr.mnt_ns = 73;
		enrich_apply(stage->enrich, &ev);
		assert_null(ev.inner);
	}
	assert_quiet(stage);
}

static void inner_one_with_an_id_of_the_hosts_is_told(void **state)
{
	struct stage *stage = *state;

	bear(stage, FIRST, 0, "/docker/" A, false);
	bear(stage, SECOND, 0, "/docker/" B, false);
	RUN_INSIDE(stage, 101, FIRST, "runc\0run\0" B);
	assert_inner(act_inside(stage, 102, 101, 71), B, 1);
	assert_told(stage, IDENTITY_INNER, FIRST, SECOND, B, IDENTITY_BY_NAME);
	assert_string_equal(stage->conflict.actual, A);
	assert_inner(act_inside(stage, 102, 101, 71), B, 1);
	assert_quiet(stage);
}

static void names_made_up_inside_push_out_no_others(void **state)
{
	struct stage *stage = *state;
	struct enrich_stats stats;

	bear(stage, FIRST, 0, "/docker/" A, false);
	bear(stage, SECOND, 0, "/docker/" B, false);
	RUN_INSIDE(stage, 101, FIRST, "runc\0run\0inside");
	for (uint64_t mnt_ns = 1000; mnt_ns < 9000; mnt_ns++)
		assert_inner(act_inside(stage, 102, 101, mnt_ns), "inside", 1);
	enrich_get_stats(stage->enrich, &stats);
	assert_int_equal(stats.containers, 2);
	assert_int_equal(stats.containers_evicted, 0);
	assert_int_equal(stats.inners_evicted, 8000 - 1024);
	assert_called(stage, SECOND, B, "");
}

/* What was in another already when the agent came has a key of its own. Which
 * record comes first is chance. */
static void what_was_in_another_before_is_placed(void **state)
{
	struct stage *stage = *state;
	struct event ev;

	bear(stage, SECOND, 101, "/docker/" A "/docker/" B, true); /* whose parent is not known yet */
	assert_null(act_inside(stage, SECOND, 101, SECOND));
	bear(stage, FIRST, 50, "/docker/" A, true);
	say(stage, FIRST, A, "web", 0);
	ev = make_event(EVENT_OPEN, 101, FIRST, FIRST);
	ev.hdr.mnt_ns = FIRST;
	enrich_apply(stage->enrich, &ev);
	ev = make_event(EVENT_OPEN, SECOND, 101, SECOND);
	ev.hdr.mnt_ns = SECOND;
	enrich_apply(stage->enrich, &ev);
	assert_int_equal(ev.container->key, FIRST);
	assert_inner(ev.inner, B, 1); /* by its cgroup, below the outer one's */
	assert_int_equal(ev.inner->id_source, ID_FROM_CGROUP);
	RUN_INSIDE(stage, 101, FIRST, "runc\0run\0inside");

	ev = make_event(EVENT_OPEN, SECOND, 101, SECOND);
	ev.hdr.mnt_ns = SECOND;
	enrich_apply(stage->enrich, &ev);
	assert_int_equal(ev.container->key, FIRST);
	assert_inner(ev.inner, "inside", 1);

	/* Its neighbour descends from the same process of the host, of which nothing
	 * is known but its number. */
	bear(stage, 300, 50, "/docker/" C, true);
	ev = make_event(EVENT_OPEN, 300, 50, 300);
	ev.hdr.mnt_ns = 300;
	enrich_apply(stage->enrich, &ev);
	assert_int_equal(ev.container->key, 300);
	assert_null(ev.inner);
	assert_quiet(stage);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cgroup_is_believed_while_nothing_contradicts),
		TEST(maker_is_believed_against_the_cgroup),
		TEST(claim_of_nobodys_id_is_told_too),
		TEST(cgroup_parent_of_an_engine_is_no_contradiction),
		TEST(cgroup_alone_does_not_take_a_living_ones_id),
		TEST(a_restarted_container_has_its_id_again),
		TEST(who_claimed_it_before_its_owner_came_loses_it),
		TEST(arguments_do_not_take_the_id_of_a_verified_one),
		TEST(a_container_names_itself_in_vain),
		TEST(what_ran_before_is_not_accused),
		TEST(shim_does_not_name_the_containers_of_its_pod),
		TEST(moves_into_cgroups_of_others_are_told_once),
		TEST(process_in_anothers_cgroup_is_told),
		TEST(contradictions_that_nobody_takes_are_counted),
		TEST(container_in_a_container_has_a_name_of_its_own),
		TEST(sandbox_of_a_program_is_no_container),
		TEST(inner_one_with_an_id_of_the_hosts_is_told),
		TEST(names_made_up_inside_push_out_no_others),
		TEST(what_was_in_another_before_is_placed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
