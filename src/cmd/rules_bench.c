/* SPDX-License-Identifier: Apache-2.0 */
/* `brigwatch rules bench`: what rules cost. All sets are measured in turn, again
 * and again, and the middle of the rounds counts: whatever disturbs the machine
 * disturbs them all. Time is that of the thread, not of the wall. */
#include <stdio.h>
#include <time.h>

#include "base/json_text.h"
#include "cmd/bench_rules.h"
#include "cmd/rules_tool.h"

#define N_EVENTS 8192
#define ROUNDS_DEFAULT 25
#define ROUNDS_MAX 1000
#define MEASURES_MAX 8

struct measure {
	const char *what;
	const struct rule_set *set; /* NULL: decode only */
	struct rule_set *own;	    /* to be freed */
	size_t n_rules;
	uint64_t n_matches; /* of one round */
	double ns[ROUNDS_MAX];
};

struct bench {
	struct bench_stream *stream;
	struct measure measures[MEASURES_MAX];
	size_t n_measures, n_rounds;
};

static void count_match(const struct rule *rule, const struct event *ev, void *arg)
{
	(void)rule;
	(void)ev;
	++*(uint64_t *)arg;
}

static uint64_t thread_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Every event once, as a replay has it: decode, then ask the rules. */
static double play(const struct bench *bench, struct measure *measure)
{
	size_t n = bench_stream_len(bench->stream);
	uint64_t start = thread_ns();

	measure->n_matches = 0;
	for (size_t i = 0; i < n; i++) {
		struct event ev;

		if (bench_stream_decode(bench->stream, i, &ev) == 0 && measure->set)
			rule_set_evaluate(measure->set, &ev, count_match, &measure->n_matches);
	}
	return (double)(thread_ns() - start) / (double)n;
}

static int compare_double(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void play_all(struct bench *bench)
{
	for (size_t i = 0; i < bench->n_measures; i++)
		play(bench, &bench->measures[i]); /* to warm up */
	for (size_t round = 0; round < bench->n_rounds; round++)
		for (size_t i = 0; i < bench->n_measures; i++)
			bench->measures[i].ns[round] = play(bench, &bench->measures[i]);
	for (size_t i = 0; i < bench->n_measures; i++)
		qsort(bench->measures[i].ns, bench->n_rounds, sizeof(double), compare_double);
}

/* --- what is measured -------------------------------------------------------- */

static void add_measure(struct bench *bench, const char *what, const struct rule_set *set,
			struct rule_set *own)
{
	bench->measures[bench->n_measures++] = (struct measure){
		.what = what,
		.set = set,
		.own = own,
		.n_rules = set ? rule_set_len(set) : 0,
	};
}

static int add_sizes(struct bench *bench, const struct rules_call *call)
{
	static const size_t sizes[] = { 1, 20, 100, 1000 };
	struct parse_error err;
	struct rule_set *set;
	char which[512];
	json_t *files;
	int r = 0;

	files = bench_rules_read(call->path, which, sizeof(which));
	if (!files) {
		fprintf(stderr, "rules bench: cannot read %s\n", which);
		return RULES_IO;
	}
	for (size_t i = 0; i < ARRAY_SIZE(sizes) && r == 0; i++) {
		r = bench_rules_make(files, sizes[i], &set, &err);
		if (r == 0)
			add_measure(bench, "made of these", set, set);
	}
	json_decref(files);
	if (r == 0)
		return RULES_DONE;
	fprintf(stderr, "rules bench: cannot make rules out of those of %s: %s\n    %s\n",
		call->path, err.message, err.excerpt);
	return RULES_WRONG;
}

/* --- what comes out ---------------------------------------------------------- */

static double median(const struct bench *bench, size_t i)
{
	return bench->measures[i].ns[bench->n_rounds / 2];
}

static void print_text(const struct bench *bench)
{
	printf("%zu events a round, %zu rounds, the middle one; decoding is in every figure\n\n",
	       bench_stream_len(bench->stream), bench->n_rounds);
	printf("%6s  %-14s %9s %12s %9s %8s\n", "rules", "set", "ns/event", "events/s",
	       "to --rules", "matches");
	for (size_t i = 0; i < bench->n_measures; i++) {
		const struct measure *measure = &bench->measures[i];

		printf("%6zu  %-14s %9.1f %12.0f %9.2fx %8llu\n", measure->n_rules, measure->what,
		       median(bench, i), 1e9 / median(bench, i),
		       median(bench, i) / median(bench, 1), (unsigned long long)measure->n_matches);
	}
}

static void print_json(const struct bench *bench)
{
	json_t *array = json_array(), *json;

	for (size_t i = 0; i < bench->n_measures; i++) {
		const struct measure *measure = &bench->measures[i];
		json = json_object();
		json_object_set_new(json, "rules", json_integer((json_int_t)measure->n_rules));
		json_object_set_new(json, "set", json_from_text(measure->what));
		json_object_set_new(json, "ns_per_event", json_real(median(bench, i)));
		json_object_set_new(json, "ns_per_event_best", json_real(measure->ns[0]));
		json_object_set_new(json, "events_per_second", json_real(1e9 / median(bench, i)));
		json_object_set_new(json, "ratio", json_real(median(bench, i) / median(bench, 1)));
		json_object_set_new(json, "matches", json_integer((json_int_t)measure->n_matches));
		json_array_append_new(array, json);
	}
	json = json_object();
	json_object_set_new(json, "events",
			    json_integer((json_int_t)bench_stream_len(bench->stream)));
	json_object_set_new(json, "rounds", json_integer((json_int_t)bench->n_rounds));
	json_object_set_new(json, "measures", array);
	rules_print_json(json);
}

static int run(const struct rules_call *call, const struct rule_set *set)
{
	static struct bench bench;
	const char *rounds = rules_given(call, "rounds");
	int code;

	bench.n_rounds = rounds ? strtoul(rounds, NULL, 10) : ROUNDS_DEFAULT;
	if (bench.n_rounds < 1 || bench.n_rounds > ROUNDS_MAX)
		return rules_refuse(call, "--rounds wants a number from 1 to %d", ROUNDS_MAX);
	bench.stream = bench_stream_new(N_EVENTS);
	if (!bench.stream) {
		fprintf(stderr, "rules bench: out of memory\n");
		return RULES_IO;
	}
	add_measure(&bench, "decode only", NULL, NULL);
	add_measure(&bench, "--rules", set, NULL);
	code = add_sizes(&bench, call);
	if (code == RULES_DONE) {
		play_all(&bench);
		call->json ? print_json(&bench) : print_text(&bench);
	}
	for (size_t i = 0; i < bench.n_measures; i++)
		rule_set_free(bench.measures[i].own);
	bench_stream_free(bench.stream);
	return code;
}

static const struct rules_option options[] = {
	{ "rounds", "N", "how often each set is measured (default 25)" },
	{ NULL },
};

const struct rules_command rules_bench = {
	.name = "bench",
	.summary = "events a second with these rules, and with 1 to 1000 made of them",
	.options = options,
	.run = run,
};
