/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts in, stories out. The alerts may come from another host, be cut, be
 * forged: whatever is in a line is bounded, and encoded again before it is
 * shown. */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "agent/log.h"
#include "base/base.h"
#include "base/json_text.h"
#include "cmd/cmd.h"
#include "cmd/usage.h"
#include "rule/rule.h"
#include "sink/sink.h"

#define LINE_MAX_BYTES (1u << 20)
#define INCIDENTS_MAX 4096u
#define STEPS_MAX 20000u /* of all incidents */
#define TEXT_MAX 2048u	 /* bytes of one text that are kept */
#define LIST_MAX 16u	 /* members of one list that are kept */
#define WIDTH 100u

static const char usage[] =
	"usage: brigwatch incidents [OPTION]... [FILE]\n"
	"\n"
	"Reads alerts (JSON Lines, as `brigwatch run --format json` writes them) from FILE or\n"
	"standard input and prints each incident as a story: ordered steps, who, what, why,\n"
	"and what to do next.\n"
	"\n"
	"Options:\n"
	"  --format FORMAT   text (default) or json, one object a line and incident\n"
	"  --help            this text\n"
	"\n"
	"Exit codes: 0 done, 2 usage or no alert in the input, 5 it could not be read or written.\n";

struct step {
	uint64_t number;
	bool whole; /* its own alert was there; else a later one told of it */
	json_t *json;
};

struct incident {
	json_t *json;	    /* what is printed of it, but the steps */
	unsigned int worst; /* enum priority */
	struct step *steps;
	size_t n_steps, room;
};

struct stories {
	struct incident *incidents;
	size_t n_incidents, n_steps;
	json_t *by_id; /* id: index */
	uint64_t n_lines, n_alerts, n_bad, n_alone, n_left_out;
	uint64_t first_bad; /* its number */
};

/* --- from alerts -------------------------------------------------------- */

/* The string, cut and without anything that a terminal would act upon; NULL:
 * there is none. */
static json_t *clean_text(json_t *json)
{
	struct slice in = { json_string_value(json), json_string_length(json) };
	cleanup_free char *text = NULL;
	bool changed = false;
	size_t len;

	if (!json_is_string(json))
		return NULL;
	if (in.len > TEXT_MAX) {
		in.len = TEXT_MAX;
		while (in.len > 0 && ((unsigned char)in.data[in.len] & 0xc0) == 0x80)
			in.len--;
	}
	text = encode_utf8(in, &len, &changed);
	return text ? json_from_text(text) : NULL;
}

static void copy_text(json_t *to, const char *name, json_t *from, const char *key)
{
	json_t *text = clean_text(json_object_get(from, key));

	if (text)
		json_object_set_new(to, name, text);
}

static void copy_list(json_t *to, json_t *from, const char *key)
{
	json_t *list = json_object_get(from, key), *kept, *text;

	if (!json_is_array(list) || json_array_size(list) == 0)
		return;
	kept = json_array();
	for (size_t i = 0; i < json_array_size(list) && i < LIST_MAX; i++) {
		text = clean_text(json_array_get(list, i));
		if (text)
			json_array_append_new(kept, text);
	}
	json_object_set_new(to, key, kept);
}

static void copy_number(json_t *to, const char *name, json_t *from, const char *key)
{
	json_t *number = json_object_get(from, key);

	if (json_is_integer(number) && json_integer_value(number) >= 0)
		json_object_set_new(to, name, json_integer(json_integer_value(number)));
}

static const char *text_of(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* "runc -> sh -> evil", eldest first. */
static void copy_chain(json_t *to, json_t *process)
{
	json_t *ancestors = json_object_get(process, "ancestors"), *name;
	json_t *chain = json_array();
	size_t n = json_array_size(ancestors);

	if (n > LIST_MAX - 1)
		n = LIST_MAX - 1;
	while (n-- > 0) {
		name = clean_text(json_object_get(json_array_get(ancestors, n), "name"));
		json_array_append_new(chain, name ? name : json_from_text("?"));
	}
	name = clean_text(json_object_get(process, "name"));
	json_array_append_new(chain, name ? name : json_from_text("?"));
	json_object_set_new(to, "chain", chain);
}

/* What an alert tells of one step, its own or an earlier one. */
static json_t *step_from_told(json_t *told)
{
	static const char *const texts[] = { "time",  "rule_id", "rule", "priority",
					     "phase", "name",	 "exe",	 "summary" };
	json_t *step = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		copy_text(step, texts[i], told, texts[i]);
	copy_number(step, "pid", told, "pid");
	return step;
}

static json_t *step_from_alert(json_t *alert)
{
	json_t *process = json_object_get(alert, "process"), *step = json_object();

	copy_text(step, "time", alert, "time");
	copy_text(step, "rule_id", alert, "rule_id");
	copy_text(step, "rule", alert, "rule");
	copy_text(step, "priority", alert, "priority");
	copy_text(step, "phase", process, "phase");
	copy_number(step, "pid", process, "pid");
	copy_number(step, "uid", process, "uid");
	copy_text(step, "name", process, "name");
	copy_text(step, "exe", process, "exepath");
	copy_chain(step, process);
	copy_text(step, "summary", alert, "message");
	copy_text(step, "why", alert, "why");
	copy_number(step, "folded", alert, "folded");
	copy_list(step, alert, "response");
	copy_list(step, alert, "pages");
	return step;
}

static unsigned int priority_from(const char *name)
{
	for (unsigned int i = 0; i < PRIORITY_MAX; i++) {
		if (strcmp(priority_name(i), name) == 0)
			return i;
	}
	return PRIORITY_MAX;
}

/* --- gathering ---------------------------------------------------------- */

static struct incident *find_incident(struct stories *stories, json_t *id)
{
	json_t *index = json_object_get(stories->by_id, json_string_value(id));
	struct incident *incident;

	if (index)
		return &stories->incidents[json_integer_value(index)];
	if (stories->n_incidents == INCIDENTS_MAX)
		return NULL;
	incident = &stories->incidents[stories->n_incidents];
	incident->json = json_object();
	incident->worst = PRIORITY_MAX;
	json_object_set(incident->json, "id", id);
	json_object_set_new(stories->by_id, json_string_value(id),
			    json_integer((json_int_t)stories->n_incidents++));
	return incident;
}

/* The place of step `number`: made if there is none. NULL: no room. */
static struct step *find_step(struct stories *stories, struct incident *incident, uint64_t number)
{
	size_t i = incident->n_steps, room = incident->room ? incident->room * 2 : 8;
	struct step *more;

	while (i > 0 && incident->steps[i - 1].number > number)
		i--;
	if (i > 0 && incident->steps[i - 1].number == number)
		return &incident->steps[i - 1];
	if (stories->n_steps == STEPS_MAX)
		return NULL;
	if (incident->n_steps == incident->room) {
		more = reallocarray(incident->steps, room, sizeof(*more));
		if (!more)
			return NULL;
		incident->steps = more;
		incident->room = room;
	}
	memmove(incident->steps + i + 1, incident->steps + i,
		(incident->n_steps - i) * sizeof(*incident->steps));
	incident->steps[i] = (struct step){ .number = number };
	incident->n_steps++;
	stories->n_steps++;
	return &incident->steps[i];
}

/* The step's own alert is the better source, whichever comes first. */
static void put_step(struct stories *stories, struct incident *incident, uint64_t number,
		     json_t *json, bool whole)
{
	struct step *step = find_step(stories, incident, number);
	unsigned int priority = priority_from(text_of(json, "priority"));

	if (!step || (step->json && (step->whole || !whole))) {
		stories->n_left_out += !step;
		json_decref(json);
		return;
	}
	json_decref(step->json);
	json_object_set_new(json, "step", json_integer((json_int_t)number));
	step->json = json;
	step->whole = whole;
	if (priority < incident->worst)
		incident->worst = priority;
}

static bool read_number(json_t *object, const char *key, uint64_t *ret)
{
	json_t *number = json_object_get(object, key);

	if (!json_is_integer(number) || json_integer_value(number) < 1 ||
	    json_integer_value(number) > INT32_MAX)
		return false;
	*ret = (uint64_t)json_integer_value(number);
	return true;
}

/* The last alert knows best what the container is called. */
static void describe(struct incident *incident, json_t *alert, json_t *told)
{
	json_t *container = json_object_get(alert, "container");

	copy_text(incident->json, "container", told, "container");
	copy_text(incident->json, "name", container, "name");
	copy_text(incident->json, "image", container, "image");
	copy_text(incident->json, "runtime", container, "runtime");
	copy_text(incident->json, "hostname", alert, "hostname");
	copy_text(incident->json, "first_seen", told, "first_seen");
}

static void add_alert(struct stories *stories, json_t *alert)
{
	json_t *told = json_object_get(alert, "incident"), *id, *steps, *step;
	struct incident *incident;
	uint64_t number;
	size_t i;

	stories->n_alerts++;
	id = clean_text(json_object_get(told, "id"));
	if (!id || json_string_length(id) == 0 || !read_number(told, "step", &number)) {
		stories->n_alone++;
		json_decref(id);
		return;
	}
	incident = find_incident(stories, id);
	json_decref(id);
	if (!incident) {
		stories->n_left_out++;
		return;
	}
	describe(incident, alert, told);
	put_step(stories, incident, number, step_from_alert(alert), true);
	steps = json_object_get(told, "steps");
	json_array_foreach(steps, i, step) {
		if (i < INCIDENT_STEPS_MAX && read_number(step, "step", &number))
			put_step(stories, incident, number, step_from_told(step), false);
	}
}

static void add_line(struct stories *stories, const char *line, size_t len)
{
	json_t *alert = json_loadb(line, len, JSON_ALLOW_NUL, NULL);

	if (json_is_string(json_object_get(alert, "rule_id"))) {
		add_alert(stories, alert);
	} else {
		stories->n_bad++;
		if (!stories->first_bad)
			stories->first_bad = stories->n_lines;
	}
	json_decref(alert);
}

/* A line of any length into `buf`; what is too long is read and forgotten.
 * False: the end. */
static bool read_line(FILE *from, char *buf, size_t *ret_len, bool *ret_fits)
{
	size_t len = 0;
	int c;

	while ((c = getc_unlocked(from)) != EOF && c != '\n') {
		if (len < LINE_MAX_BYTES)
			buf[len] = (char)c;
		len++;
	}
	*ret_fits = len <= LINE_MAX_BYTES;
	*ret_len = len;
	return c != EOF || len > 0;
}

static int read_alerts(struct stories *stories, FILE *from)
{
	cleanup_free char *buf = malloc(LINE_MAX_BYTES);
	size_t len;
	bool fits;

	if (!buf)
		return -ENOMEM;
	while (read_line(from, buf, &len, &fits)) {
		stories->n_lines++;
		if (fits && len == 0)
			continue;
		add_line(stories, buf, fits ? len : 0);
	}
	return ferror(from) ? -EIO : 0;
}

/* --- text --------------------------------------------------------------- */

static size_t count_columns(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

/* Between words, further lines set in as the first. */
static void print_wrapped(const char *head, size_t indent, const char *text)
{
	size_t column = indent;

	printf("%-*s", (int)indent, head);
	while (*text) {
		size_t len = strcspn(text, " ");
		size_t columns = count_columns(text, len);

		if (column > indent && column + 1 + columns > WIDTH) {
			printf("\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		fwrite(text, 1, len, stdout);
		column += columns;
		text += len + (text[len] == ' ');
	}
	putchar('\n');
}

static void print_who(json_t *step)
{
	json_t *chain = json_object_get(step, "chain"), *name;
	size_t i;

	printf("     who   ");
	if (json_array_size(chain) == 0)
		printf("%s", text_of(step, "name"));
	json_array_foreach(chain, i, name)
		printf("%s%s", i > 0 ? " -> " : "", json_string_value(name));
	if (json_object_get(step, "pid"))
		printf(" (pid %lld", (long long)json_integer_value(json_object_get(step, "pid")));
	else
		printf(" (pid unknown");
	if (json_object_get(step, "uid"))
		printf(", uid %lld", (long long)json_integer_value(json_object_get(step, "uid")));
	printf(", %s)%s%s\n", *text_of(step, "phase") ? text_of(step, "phase") : "unknown",
	       *text_of(step, "exe") ? ", program " : "", text_of(step, "exe"));
}

/* Of each rule the reason is told once. */
static bool is_first_of_rule(const struct incident *incident, size_t i)
{
	const char *id = text_of(incident->steps[i].json, "rule_id");

	for (size_t j = 0; j < i; j++) {
		if (strcmp(text_of(incident->steps[j].json, "rule_id"), id) == 0 &&
		    incident->steps[j].whole)
			return false;
	}
	return true;
}

static void print_step(const struct incident *incident, size_t i)
{
	json_t *step = incident->steps[i].json;
	json_int_t folded = json_integer_value(json_object_get(step, "folded"));
	uint64_t before = i > 0 ? incident->steps[i - 1].number : 0;

	if (incident->steps[i].number > before + 1)
		printf("     (steps %" PRIu64 " to %" PRIu64 " are not in the input)\n\n",
		       before + 1, incident->steps[i].number - 1);
	printf("%3" PRIu64 ". %s  %s  %s %s\n", incident->steps[i].number, text_of(step, "time"),
	       text_of(step, "priority"), text_of(step, "rule_id"), text_of(step, "rule"));
	print_wrapped("     what", 11, text_of(step, "summary"));
	print_who(step);
	if (*text_of(step, "why") && is_first_of_rule(incident, i))
		print_wrapped("     why", 11, text_of(step, "why"));
	if (folded > 0)
		printf("     and   %lld equal ones before it\n", (long long)folded);
	putchar('\n');
}

/* The lists of all steps as one, those of the worst steps first, each once. */
static json_t *join_lists(const struct incident *incident, const char *key)
{
	json_t *seen = json_object(), *joined = json_array(), *text;
	size_t j;

	for (unsigned int priority = 0; priority <= PRIORITY_MAX; priority++) {
		for (size_t i = 0; i < incident->n_steps; i++) {
			json_t *step = incident->steps[i].json;

			if (priority_from(text_of(step, "priority")) != priority)
				continue;
			json_array_foreach(json_object_get(step, key), j, text) {
				if (json_object_get(seen, json_string_value(text)))
					continue;
				json_object_set_new(seen, json_string_value(text), json_true());
				json_array_append(joined, text);
			}
		}
	}
	json_decref(seen);
	return joined;
}

static void print_head(const struct incident *incident)
{
	static const char *const parts[][2] = {
		{ "name", "" },
		{ "image", "image " },
		{ "runtime", "runtime " },
		{ "hostname", "on " },
	};
	const char *last = text_of(incident->steps[incident->n_steps - 1].json, "time");

	printf("Incident %s: %zu step%s, worst %s\n", text_of(incident->json, "id"),
	       incident->n_steps, incident->n_steps == 1 ? "" : "s",
	       priority_name(incident->worst));
	printf("  container  %s", *text_of(incident->json, "container") ?
					  text_of(incident->json, "container") :
					  "unknown");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (*text_of(incident->json, parts[i][0]))
			printf(", %s%s", parts[i][1], text_of(incident->json, parts[i][0]));
	}
	printf("\n  from       %s\n  to         %s\n\n", text_of(incident->json, "first_seen"),
	       last);
}

static void print_text(const struct incident *incident)
{
	json_t *next = join_lists(incident, "response"), *pages = join_lists(incident, "pages");
	json_t *text;
	char head[32];
	size_t i;

	print_head(incident);
	for (i = 0; i < incident->n_steps; i++)
		print_step(incident, i);
	json_array_foreach(next, i, text) {
		if (i == 0)
			printf("  What to do next\n");
		snprintf(head, sizeof(head), "  %2zu.", i + 1);
		print_wrapped(head, 6, json_string_value(text));
	}
	json_array_foreach(pages, i, text)
		printf("%s%s", i == 0 ? "  See " : ", ", json_string_value(text));
	printf("%s\n", json_array_size(pages) > 0 ? "\n" : "");
	json_decref(next);
	json_decref(pages);
}

/* --- JSON --------------------------------------------------------------- */

static void print_json(const struct incident *incident)
{
	json_t *steps = json_array();

	json_object_set_new(incident->json, "worst", json_from_text(priority_name(incident->worst)));
	json_object_set(incident->json, "last_seen",
			json_object_get(incident->steps[incident->n_steps - 1].json, "time"));
	for (size_t i = 0; i < incident->n_steps; i++)
		json_array_append(steps, incident->steps[i].json);
	json_object_set_new(incident->json, "steps", steps);
	json_object_set_new(incident->json, "next", join_lists(incident, "response"));
	json_object_set_new(incident->json, "pages", join_lists(incident, "pages"));
	json_dumpf(incident->json, stdout, JSON_COMPACT);
	putchar('\n');
}

/* --- the command line --------------------------------------------------- */

static void release_stories(struct stories *stories)
{
	for (size_t i = 0; i < stories->n_incidents; i++) {
		struct incident *incident = &stories->incidents[i];

		for (size_t j = 0; j < incident->n_steps; j++)
			json_decref(incident->steps[j].json);
		free(incident->steps);
		json_decref(incident->json);
	}
	free(stories->incidents);
	json_decref(stories->by_id);
}
#define cleanup_stories __attribute__((cleanup(release_stories)))

static int refuse(const char *what, const char *which)
{
	fprintf(stderr, "incidents: %s%s%s, try 'brigwatch incidents --help'\n", what,
		which ? ": " : "", which ? which : "");
	return EXIT_USAGE;
}

/* -1: go on; else the exit code. */
static int parse_options(int argc, char **argv, bool *ret_json, const char **ret_path)
{
	static const struct option known[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	optind = 0; /* glibc: start over */
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
		switch (c) {
		case 'f':
			if (strcmp(optarg, "text") != 0 && strcmp(optarg, "json") != 0)
				return refuse("unknown format", optarg);
			*ret_json = strcmp(optarg, "json") == 0;
			break;
		case 'h': fputs(usage, stdout); return EXIT_DONE;
		default: return usage_refuse("incidents", known, argv);
		}
	}
	if (optind + 1 < argc)
		return refuse("too many arguments", argv[optind + 1]);
	*ret_path = optind < argc ? argv[optind] : "-";
	return -1;
}

static int finish(const struct stories *stories, const char *path)
{
	if (stories->n_bad > 0)
		fprintf(stderr,
			"incidents: %s: %" PRIu64 " of %" PRIu64
			" lines are no alerts of brigwatch "
			"(line %" PRIu64 " is the first) and were left out\n",
			path, stories->n_bad, stories->n_lines, stories->first_bad);
	if (stories->n_alone > 0)
		fprintf(stderr, "incidents: %" PRIu64 " alerts belong to no incident\n",
			stories->n_alone);
	if (stories->n_left_out > 0)
		fprintf(stderr,
			"incidents: %" PRIu64
			" steps were left out: at most %u incidents and %u steps "
			"are kept\n",
			stories->n_left_out, INCIDENTS_MAX, STEPS_MAX);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "incidents: cannot write to stdout: %s\n", strerror(errno));
		return EXIT_INTERNAL;
	}
	return stories->n_alerts == 0 && stories->n_bad > 0 ? EXIT_USAGE : EXIT_DONE;
}

static int run_incidents(FILE *from, const char *path, bool as_json)
{
	cleanup_stories struct stories stories = { .by_id = json_object() };
	int r;

	stories.incidents = calloc(INCIDENTS_MAX, sizeof(*stories.incidents));
	r = stories.incidents && stories.by_id ? read_alerts(&stories, from) : -ENOMEM;
	if (r < 0) {
		fprintf(stderr, "incidents: cannot read %s: %s\n", path, strerror(-r));
		return EXIT_INTERNAL;
	}
	for (size_t i = 0; i < stories.n_incidents; i++) {
		if (stories.incidents[i].n_steps == 0)
			continue;
		if (as_json)
			print_json(&stories.incidents[i]);
		else
			print_text(&stories.incidents[i]);
	}
	return finish(&stories, path);
}

int cmd_incidents(int argc, char **argv)
{
	const char *path = "-";
	bool as_json = false;
	FILE *from = stdin;
	int code;

	code = parse_options(argc, argv, &as_json, &path);
	if (code >= 0)
		return code;
	if (strcmp(path, "-") != 0)
		from = fopen(path, "re");
	if (!from) {
		fprintf(stderr, "incidents: cannot open %s: %s\n", path, strerror(errno));
		return EXIT_INTERNAL;
	}
	code = run_incidents(from, path, as_json);
	if (from != stdin)
		fclose(from);
	return code;
}
