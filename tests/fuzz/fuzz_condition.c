/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a condition, an exception, a macro and an output: it is refused
 * with a place, or it can be asked about any event. */
#include <stdio.h>

#include "rule/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* As JSON writes it, so that the text is what reaches the parser. */
static char *write_json(const uint8_t *data, size_t len)
{
	char *text = malloc(len * 6 + 1), *to = text;

	check(text != NULL);
	for (size_t i = 0; i < len; i++) {
		if (data[i] < ' ' || data[i] > '~' || data[i] == '"' || data[i] == '\\')
			to += sprintf(to, "\\u%04x", data[i]);
		else
			*to++ = (char)data[i];
	}
	*to = '\0';
	return text;
}

static void count_match(const struct rule *rule, const struct event *ev, void *arg)
{
	char buf[256];

	(void)rule_format_output(rule, ev, buf, sizeof(buf));
	++*(size_t *)arg;
}

/* An event of each type, bare and with all that can be known of it. */
static void ask(const struct rule_set *set)
{
	static const char nul_args[] = "sh\0-c\0id\0";
	struct proc_view parent = { .id = { 1, 7, 0 },
				    .name = SLICE_LITERAL("sh"),
				    .exepath = SLICE_LITERAL("/bin/sh"),
				    .args = { nul_args, sizeof(nul_args) - 1 } };
	struct proc_view unknown = { .id = { 0 } };
	struct container_view container = { .id = SLICE_LITERAL("4f1c2d3e5a6b"),
					    .name = SLICE_LITERAL("web"),
					    .image = SLICE_LITERAL("reg:5000/a/b:1@sha256:00") };
	struct event_file file = { .source = SOURCE_KERNEL, .mode = 0104755, .mount_owner = 2 };
	size_t n_bare = 0, n_full = 0;

	for (unsigned int type = 1; type < EVENT_TYPE_MAX; type++) {
		struct event bare = { .hdr = { .type = (uint16_t)type } };
		struct event full = bare;

		rule_set_evaluate(set, &bare, count_match, &n_bare);
		full.hdr.flags = type & 1 ? EVENT_F_PATH_CUT : 0;
		full.hdr.facts = ~0ull;
		full.hdr.phase = PHASE_CONTAINED;
		full.hdr.container = 1;
		full.hdr.time_ns = 1ull << 40;
		memcpy(full.hdr.comm, "b\xff,s", 4);
		full.file = &file;
		full.path = SLICE_LITERAL("/etc//ssl/../\xff\x80 x\n");
		full.fspath = full.arg = full.arg2 = full.source = full.target = full.path;
		full.args = (struct slice){ nul_args, sizeof(nul_args) - 1 };
		full.container = full.target_container = &container;
		full.proc = full.ancestors[0] = full.ancestors[2] = &parent;
		full.ancestors[1] = &unknown;
		full.n_ancestors = 4; /* one more than there is */
		full.wall_ns = 1ull << 60;
		if (type == EVENT_INET)
			full.u.inet.family = 4;
		rule_set_evaluate(set, &full, count_match, &n_full);
	}
}

static void load(const char *before, const char *text, const char *after)
{
	struct parse_error err = { "" };
	struct rule_set *set = NULL;
	char *rules;
	int r;

	check(asprintf(&rules, "%s%s%s", before, text, after) >= 0);
	r = rule_set_load_text("f.json", slice_from(rules), &set, &err);
	check(r == 0 || r == -EINVAL);
	if (r == 0) {
		check(set != NULL);
		ask(set);
	} else {
		check(err.message[0] != '\0' && err.line > 0);
	}
	rule_set_free(set);
	free(rules);
}

#define HEAD \
	"{\"schema_version\":1,\"ruleset\":\"f\",\"lists\":{\"names\":[\"sh\",\"/etc\",\"10.0.0.0/8\"]},"
#define RULE                                                                    \
	"\"id\":\"F-0001\",\"name\":\"n\",\"description\":\"d\",\"why\":\"w\"," \
	"\"response\":[\"r\"],\"priority\":\"error\","

static void match_regex(const uint8_t *data, size_t len)
{
	size_t half = len / 2, pos = 0;
	struct arena arena = { NULL };
	const struct regex *regex = NULL;
	const char *why = NULL;
	int r;

	if (half > VALUE_LEN_MAX)
		half = VALUE_LEN_MAX;
	r = regex_new(&arena, (struct slice){ (const char *)data, half }, &regex, &pos, &why);
	check(r == 0 || (r == -EINVAL && why && pos <= half));
	/* No limit is within reach of what was let through. */
	if (r == 0)
		check(regex_match(regex, (struct slice){ (const char *)data + half, len - half }) !=
		      TRUTH_UNKNOWN);
	arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text;

	if (len > 20000)
		return 0;
	text = write_json(data, len);
	load(HEAD "\"macros\":{\"m\":\"evt.failed\"},\"rules\":[{" RULE
		  "\"output\":\"o\",\"condition\":\"",
	     text, "\"}]}");
	load(HEAD "\"macros\":{\"m\":\"", text,
	     "\"},\"rules\":[{" RULE
	     "\"output\":\"o\",\"condition\":\"not m and not (m or evt.failed)\"}]}");
	load(HEAD "\"rules\":[{" RULE
		  "\"condition\":\"evt.is_open_write or evt.failed\",\"output\":\"",
	     text, "\"}]}");
	free(text);
	match_regex(data, len);
	return 0;
}
