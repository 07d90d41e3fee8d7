/* SPDX-License-Identifier: Apache-2.0 */
/* `brigwatch scan`: what the containers that run now were given. */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>

#include "agent/log.h"
#include "agent/scan.h"
#include "base/json_text.h"
#include "cmd/cmd.h"
#include "cmd/usage.h"
#include "sink/sink.h"

#define ROOTS_MAX 16
#define NOTE_MAX 512

struct scan {
	struct reader_config reader;
	const char *runc_roots[ROOTS_MAX + 1], *crun_roots[ROOTS_MAX + 1];
	const char *docker_roots[ROOTS_MAX + 1], *bundle_roots[ROOTS_MAX + 1];
	const char *storage_roots[ROOTS_MAX + 1];
	const char *const *wanted; /* ids and names; n_wanted of them, 0: all */
	size_t n_wanted;
	bool *is_found; /* one for each wanted */
	bool is_json;
	enum posture_severity at_least;
	size_t n_shown, n_bad, n_findings, n_blind;
	json_t *containers, *notes;
	bool failed; /* no memory */
};

static void usage(FILE *to)
{
	fprintf(to,
		"usage: brigwatch scan [OPTION...] [CONTAINER...]\n\n"
		"Judges what the containers that run now were given: each weakness with the attack\n"
		"that it enables and how to mend it. CONTAINER is a name or an id, or its beginning;\n"
		"default all. Needs root, or CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH.\n\n"
		"  --format FORMAT     text or json (default text)\n"
		"  --severity LEVEL    leave out what is below: informational (default), notice,\n"
		"                      warning or critical\n"
		"  --host-root DIR     the host's root directory as seen from here (default /)\n"
		"  --runc-root DIR     another directory of runc's states; may be repeated, as all below\n"
		"  --crun-root DIR     another directory of crun's states\n"
		"  --docker-root DIR   another data directory of Docker\n"
		"  --bundle-root DIR   another directory of containerd's bundles\n"
		"  --storage-root DIR  another storage directory of podman or CRI-O\n"
		"  --help              this text\n\n"
		"Exit codes: 0 nothing found, 1 findings, 2 usage or no such container, 3 privileges\n"
		"are missing, 5 not all could be judged.\n");
}

/* ---- options */

/* The usual places are looked in behind these. */
static bool add_root(const char **roots, const char *dir, const char *const **ret)
{
	size_t n = 0;

	while (roots[n])
		n++;
	if (n == ROOTS_MAX)
		return false;
	roots[n] = dir;
	*ret = roots;
	return true;
}

static bool parse_severity(const char *name, enum posture_severity *ret)
{
	for (unsigned int s = POSTURE_INFORMATIONAL; s <= POSTURE_CRITICAL; s++)
		if (strcmp(name, posture_severity_name((enum posture_severity)s)) == 0) {
			*ret = (enum posture_severity)s;
			return true;
		}
	return false;
}

static int parse_root(struct scan *scan, int option, const char *dir)
{
	struct reader_config *reader = &scan->reader;
	bool ok = false;

	switch (option) {
	case 'c': ok = add_root(scan->runc_roots, dir, &reader->runc_roots); break;
	case 'C': ok = add_root(scan->crun_roots, dir, &reader->crun_roots); break;
	case 'd': ok = add_root(scan->docker_roots, dir, &reader->docker_roots); break;
	case 'b': ok = add_root(scan->bundle_roots, dir, &reader->bundle_roots); break;
	case 's': ok = add_root(scan->storage_roots, dir, &reader->storage_roots); break;
	default: break;
	}
	if (!ok)
		fprintf(stderr, "brigwatch scan: at most %d directories of a kind\n", ROOTS_MAX);
	return ok ? EXIT_DONE : EXIT_USAGE;
}

static int parse_options(int argc, char **argv, struct scan *ret)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "severity", required_argument, NULL, 'S' },
		{ "host-root", required_argument, NULL, 'H' },
		{ "runc-root", required_argument, NULL, 'c' },
		{ "crun-root", required_argument, NULL, 'C' },
		{ "docker-root", required_argument, NULL, 'd' },
		{ "bundle-root", required_argument, NULL, 'b' },
		{ "storage-root", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{},
	};
	int c;

	while ((c = getopt_long(argc, argv, "f:h", options, NULL)) != -1) {
		switch (c) {
		case 'f':
			ret->is_json = strcmp(optarg, "json") == 0;
			if (ret->is_json || strcmp(optarg, "text") == 0)
				break;
			fprintf(stderr, "brigwatch scan: --format is text or json, not \"%s\"\n",
				optarg);
			return EXIT_USAGE;
		case 'S':
			if (parse_severity(optarg, &ret->at_least))
				break;
			fprintf(stderr,
				"brigwatch scan: --severity is informational, notice, warning or "
				"critical, not \"%s\"\n",
				optarg);
			return EXIT_USAGE;
		case 'H': ret->reader.host_root = optarg; break;
		case 'c':
		case 'C':
		case 'd':
		case 'b':
		case 's':
			if (parse_root(ret, c, optarg) != EXIT_DONE)
				return EXIT_USAGE;
			break;
		case 'h': usage(stdout); return -1;
		default: return usage_refuse("scan", options, argv);
		}
	}
	ret->wanted = (const char *const *)argv + optind;
	ret->n_wanted = (size_t)(argc - optind);
	return EXIT_DONE;
}

/* ---- what is told of one container */

/* A name as a whole, an id by its beginning. */
static bool is_wanted(struct scan *scan, const struct scan_container *container)
{
	const char *name = container->facts->name;
	bool any = scan->n_wanted == 0;

	for (size_t i = 0; i < scan->n_wanted; i++) {
		const char *wanted = scan->wanted[i];
		bool hit = (name && strcmp(name, wanted) == 0) ||
			   (wanted[0] && strncmp(container->id, wanted, strlen(wanted)) == 0);

		scan->is_found[i] |= hit;
		any |= hit;
	}
	return any;
}

/* Valid UTF-8 without anything that a terminal would act upon; the caller's. */
static char *clean(const char *text)
{
	bool changed = false;
	size_t len;

	return encode_utf8(slice_from(text ? text : ""), &len, &changed);
}

static void print_clean(struct scan *scan, const char *before, const char *text, const char *after)
{
	cleanup_free char *shown = clean(text);

	scan->failed |= !shown;
	if (shown && *shown)
		printf("%s%s%s", before, shown, after);
}

static json_t *json_clean(struct scan *scan, const char *text)
{
	cleanup_free char *shown = text && *text ? clean(text) : NULL;

	if (!text || !*text)
		return json_null();
	scan->failed |= !shown;
	return shown ? json_from_text(shown) : json_null();
}

__attribute__((format(printf, 2, 3))) static void note(struct scan *scan, const char *format, ...)
{
	char text[NOTE_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	json_array_append_new(scan->notes, json_clean(scan, text));
}

static bool is_shown(const struct scan *scan, const struct posture *posture, unsigned int check)
{
	return posture->findings >> check & 1 &&
	       posture_check_info(check)->severity >= scan->at_least;
}

static void print_details(struct scan *scan, const struct posture *posture, unsigned int check)
{
	for (size_t i = 0; i < posture->n_details; i++)
		if (posture->details[i].check == check)
			print_clean(scan, "      ", posture->details[i].text, "\n");
}

static void print_finding(struct scan *scan, const struct posture *posture, unsigned int check)
{
	const struct posture_check_info *info = posture_check_info(check);

	printf("  %-13s %s%s%s%s: %s\n", posture_severity_name(info->severity), info->key,
	       info->cis[0] ? " (CIS " : "", info->cis, info->cis[0] ? ")" : "", info->title);
	print_details(scan, posture, check);
	printf("      enables: %s\n      fix: %s\n", info->attack, info->fix);
}

static void print_container(struct scan *scan, const struct scan_container *container,
			    size_t n_findings, const char *blind)
{
	const struct posture *posture = container->posture;
	char reason[128];

	print_clean(scan, "", container->facts->name, " ");
	print_clean(scan, "", container->id, " ");
	print_clean(scan, "", container->runtime, " ");
	print_clean(scan, "image ", container->facts->image, " ");
	printf("pid %u: %zu finding%s\n", container->init_tgid, n_findings,
	       n_findings == 1 ? "" : "s");
	if (posture_reason(posture->findings, reason, sizeof(reason)))
		printf("  could reach the host because %s\n", reason);
	for (unsigned int left = POSTURE_CRITICAL + 1; left-- > 0;)
		for (unsigned int check = 0; check < POSTURE_N; check++)
			if (is_shown(scan, posture, check) &&
			    posture_check_info(check)->severity == left)
				print_finding(scan, posture, check);
	if (blind)
		printf("  not seen: %s\n", blind);
	printf("\n");
}

static json_t *finding_json(struct scan *scan, const struct posture *posture, unsigned int check)
{
	const struct posture_check_info *info = posture_check_info(check);
	json_t *json = json_object(), *details = json_array();

	for (size_t i = 0; i < posture->n_details; i++)
		if (posture->details[i].check == check)
			json_array_append_new(details, json_clean(scan, posture->details[i].text));
	json_object_set_new(json, "check", json_from_text(info->key));
	json_object_set_new(json, "severity",
			    json_from_text(posture_severity_name(info->severity)));
	json_object_set_new(json, "cis", info->cis[0] ? json_from_text(info->cis) : json_null());
	json_object_set_new(json, "title", json_from_text(info->title));
	json_object_set_new(json, "enables", json_from_text(info->attack));
	json_object_set_new(json, "fix", json_from_text(info->fix));
	json_object_set_new(json, "techniques", json_from_text(info->techniques));
	json_object_set_new(json, "details", details);
	return json;
}

static json_t *container_json(struct scan *scan, const struct scan_container *container,
			      const char *blind)
{
	const struct container_facts *facts = container->facts;
	const struct posture *posture = container->posture;
	json_t *json = json_object(), *findings = json_array();
	char reason[128];

	for (unsigned int check = 0; check < POSTURE_N; check++)
		if (is_shown(scan, posture, check))
			json_array_append_new(findings, finding_json(scan, posture, check));
	json_object_set_new(json, "id", json_clean(scan, container->id));
	json_object_set_new(json, "name", json_clean(scan, facts->name));
	json_object_set_new(json, "image", json_clean(scan, facts->image));
	json_object_set_new(json, "runtime", json_clean(scan, container->runtime));
	json_object_set_new(json, "pod", json_clean(scan, facts->pod));
	json_object_set_new(json, "pod_namespace", json_clean(scan, facts->pod_ns));
	json_object_set_new(json, "pid", json_integer(container->init_tgid));
	json_object_set_new(json, "privileged",
			    json_boolean(posture->findings >> POSTURE_PRIVILEGED & 1));
	json_object_set_new(json, "reason",
			    posture_reason(posture->findings, reason, sizeof(reason)) ?
				    json_from_text(reason) :
				    json_null());
	json_object_set_new(json, "findings", findings);
	json_object_set_new(json, "not_seen", json_clean(scan, blind));
	return json;
}

/* What could not be judged of it; false: nothing. */
static bool tell_blind(const struct scan_container *container, char *ret, size_t size)
{
	const struct posture *posture = container->posture;
	size_t n_dropped = posture->n_binds_dropped + posture->n_details_dropped;

	if (!posture->has_live)
		snprintf(ret, size, "its namespaces, and mounts by inode: /proc/%u may not be read",
			 container->init_tgid);
	else if (container->error == -ETIMEDOUT)
		snprintf(ret, size, "its files were not all looked at in time");
	else if (!posture->has_spec && !posture->has_docker)
		snprintf(
			ret, size,
			"mounts, limits and environment: the runtime's files were not found; judged by "
			"/proc alone");
	else if (!posture->has_spec)
		snprintf(ret, size, "limits and masked paths: its config.json was not found");
	else if (posture->is_uncompared)
		snprintf(ret, size,
			 "which of its namespaces are the host's: the host's init may not be looked at");
	else if (n_dropped)
		snprintf(ret, size, "%zu mounts or details: more than are kept", n_dropped);
	else
		return false;
	return true;
}

static void visit(const struct scan_container *container, void *arg)
{
	struct scan *scan = arg;
	const struct posture *posture = container->posture;
	size_t n_findings = 0;
	char blind[NOTE_MAX];
	bool is_blind;

	if (!container->is_container) {
		if (scan->n_wanted == 0)
			note(scan,
			     "pid %u (%s) has a root or pids of its own and is of no runtime known "
			     "here: not judged",
			     container->init_tgid, container->exe);
		return;
	}
	if (!is_wanted(scan, container))
		return;
	for (unsigned int check = 0; check < POSTURE_N; check++)
		n_findings += is_shown(scan, posture, check);
	is_blind = tell_blind(container, blind, sizeof(blind));
	scan->n_shown++;
	scan->n_bad += n_findings > 0;
	scan->n_findings += n_findings;
	scan->n_blind += is_blind;
	if (scan->is_json)
		json_array_append_new(scan->containers,
				      container_json(scan, container, is_blind ? blind : NULL));
	else
		print_container(scan, container, n_findings, is_blind ? blind : NULL);
}

/* ---- the end */

static void add_notes(struct scan *scan, const struct scan_stats *stats, int r)
{
	if (stats->n_unreadable)
		note(scan, "%zu processes may not be looked at: their containers are not judged",
		     stats->n_unreadable);
	if (stats->is_inside)
		note(scan, "this is not the host's pid namespace: containers outside of it are not "
			   "seen");
	if (stats->n_dropped)
		note(scan, "%zu containers beyond the limit of %u are not judged", stats->n_dropped,
		     SCAN_CONTAINERS_MAX);
	if (r < 0)
		note(scan, "the scan ended early: %s; containers after this one are not judged",
		     r == -EPIPE ? "the reader died" : strerror(-r));
}

static void print_end(struct scan *scan)
{
	json_t *json;

	if (!scan->is_json) {
		printf("%zu container%s, %zu with findings, %zu finding%s\n", scan->n_shown,
		       scan->n_shown == 1 ? "" : "s", scan->n_bad, scan->n_findings,
		       scan->n_findings == 1 ? "" : "s");
		for (size_t i = 0; i < json_array_size(scan->notes); i++)
			printf("note: %s\n", json_string_value(json_array_get(scan->notes, i)));
		return;
	}
	json = json_object();
	json_object_set_new(json, "schema_version", json_integer(1));
	json_object_set_new(json, "severity",
			    json_from_text(posture_severity_name(scan->at_least)));
	json_object_set(json, "containers", scan->containers);
	json_object_set(json, "notes", scan->notes);
	if (json_dumpf(json, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER) < 0 || putchar('\n') < 0)
		scan->failed = true;
	json_decref(json);
}

static int tell_error(int r)
{
	if (r == -EPERM || r == -EACCES) {
		log_message("scan", "may not look at the host's processes: run as root, or with "
				    "CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH");
		return EXIT_PRIVILEGES;
	}
	log_message("scan", "cannot look for containers: %s", strerror(-r));
	return EXIT_INTERNAL;
}

static int finish(struct scan *scan, const struct scan_stats *stats, int r)
{
	int code = scan->n_findings ? EXIT_FINDINGS : EXIT_DONE;
	bool is_blind;

	add_notes(scan, stats, r);
	print_end(scan);
	for (size_t i = 0; i < scan->n_wanted; i++)
		if (!scan->is_found[i]) {
			fprintf(stderr, "brigwatch scan: no running container is called \"%s\"\n",
				scan->wanted[i]);
			code = EXIT_USAGE;
		}
	/* Nothing found is not nothing there. */
	is_blind = scan->n_blind || (stats->n_unreadable && scan->n_wanted == 0);
	if (r < 0 || stats->n_dropped || scan->failed || fflush(stdout) != 0 ||
	    (code == EXIT_DONE && is_blind))
		code = EXIT_INTERNAL;
	return code;
}

int cmd_scan(int argc, char **argv)
{
	struct scan scan = { .at_least = POSTURE_INFORMATIONAL };
	struct scan_stats stats = { 0 };
	int code, r;

	code = parse_options(argc, argv, &scan);
	if (code != EXIT_DONE)
		return code < 0 ? EXIT_DONE : code;
	scan.is_found = calloc(scan.n_wanted + 1, sizeof(*scan.is_found));
	scan.containers = json_array();
	scan.notes = json_array();
	r = -ENOMEM;
	if (scan.is_found && scan.containers && scan.notes)
		r = scan_run(&scan.reader, visit, &scan, &stats);
	if (r < 0 && r != -EPIPE && scan.n_shown == 0)
		code = tell_error(r);
	else
		code = finish(&scan, &stats, r);
	free(scan.is_found);
	json_decref(scan.containers);
	json_decref(scan.notes);
	return code;
}
