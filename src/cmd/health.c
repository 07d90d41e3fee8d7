// SPDX-License-Identifier: Apache-2.0
/* `brigwatch health`: asks the agent that runs here, and shows what it says. */
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "agent/log.h"
#include "agent/status_server.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/usage.h"

#define RUN_DIR_DEFAULT "/run/brigwatch"
#define ANSWER_MAX (4u << 20)
#define TIMEOUT_MS 5000u

struct ask {
	const char *run_dir, *only; /* only: "live" or "ready"; NULL: all */
	unsigned int timeout_ms;
	bool is_json;
};

static void usage(FILE *to)
{
	fprintf(to, "usage: brigwatch health [OPTION...]\n\n"
		    "Asks the agent that runs on this host how it fares: books of what it saw and\n"
		    "lost, hooks, pins, rules, outputs.\n\n"
		    "  --json          the whole answer as JSON\n"
		    "  --live          judge only whether it lives: for liveness probes\n"
		    "  --ready         judge only whether it watches: for readiness probes\n"
		    "  --run-dir DIR   as given to `run` (default: what BRIGWATCH_RUN_DIR or the\n"
		    "                  configuration say, else " RUN_DIR_DEFAULT ")\n"
		    "  --timeout MS    how long to wait for the answer (default 5000)\n"
		    "  --help          this text\n\n"
		    "Exit codes: 0 all is well, 1 it is not, and why, 2 usage, or there is no agent.\n");
}

/* ---- the answer */

static int left_ms(uint64_t end_ns)
{
	uint64_t now = status_now();

	return now >= end_ns ? 0 : (int)((end_ns - now) / 1000000 + 1);
}

/* 0, or -errno: -ENOENT and -ECONNREFUSED say that there is no agent. */
static int connect_to(const char *run_dir, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	cleanup_close int dir = -1, fd = -1;
	int len;

	len = snprintf(address.sun_path, sizeof(address.sun_path), "%s/" STATUS_SOCKET, run_dir);
	/* Too long for an address: by the directory's descriptor, whose path is short. */
	if (len >= (int)sizeof(address.sun_path)) {
		dir = open(run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			return -errno;
		snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" STATUS_SOCKET, dir);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	*ret_fd = take_fd(fd);
	return 0;
}

/* All that comes, up to its end. */
static int receive(int fd, uint64_t end_ns, char **ret, size_t *ret_len)
{
	cleanup_free char *text = NULL;
	size_t len = 0, room = 0;

	for (;;) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (room - len < 2) {
			char *larger = room < ANSWER_MAX ? realloc(text, room + 65536) : NULL;

			if (!larger)
				return room < ANSWER_MAX ? -ENOMEM : -EMSGSIZE;
			text = larger;
			room += 65536;
		}
		if (poll(&pfd, 1, left_ms(end_ns)) == 0)
			return -ETIMEDOUT;
		n = recv(fd, text + len, room - len - 1, 0);
		if (n == 0)
			break;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n > 0)
			len += (size_t)n;
	}
	text[len] = '\0';
	*ret = take_ptr(text);
	*ret_len = len;
	return 0;
}

/* The object in the body of an answer, NULL: it is none. */
static json_t *parse(const char *text, size_t len)
{
	const char *body = strstr(text, "\r\n\r\n");
	json_t *root;

	if (strncmp(text, "HTTP/1.", 7) != 0 || !body)
		return NULL;
	body += 4;
	root = json_loadb(body, len - (size_t)(body - text), JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(root))
		return root;
	json_decref(root);
	return NULL;
}

static int fetch(const struct ask *ask, json_t **ret)
{
	static const char request[] = "GET /health HTTP/1.0\r\nHost: brigwatch\r\n\r\n";
	uint64_t end_ns = status_now() + ask->timeout_ms * 1000000ull;
	cleanup_free char *text = NULL;
	cleanup_close int fd = -1;
	size_t len = 0;
	int r;

	r = connect_to(ask->run_dir, &fd);
	if (r < 0)
		return r;
	if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) != (ssize_t)sizeof(request) - 1)
		return -errno;
	r = receive(fd, end_ns, &text, &len);
	if (!text)
		return r;
	*ret = parse(text, len);
	return *ret ? 0 : -EBADMSG;
}

/* ---- for people */

static uint64_t number(const json_t *obj, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(obj, key));

	return value > 0 ? (uint64_t)value : 0;
}

/* Of whoever answers: may do nothing to a terminal. Four at a time. */
static const char *text(const json_t *obj, const char *key)
{
	static char bufs[4][256];
	static unsigned int next;
	const char *value = json_string_value(json_object_get(obj, key));
	char *buf = bufs[next++ % 4];

	snprintf(buf, sizeof(bufs[0]), "%s", value ? value : "");
	for (char *c = buf; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return buf;
}

static bool is_true(const json_t *obj, const char *key)
{
	return json_is_true(json_object_get(obj, key));
}

static void print_age(const json_t *obj, const char *key)
{
	const json_t *age = json_object_get(obj, key);

	if (json_is_number(age))
		printf("%.0f s ago", json_number_value(age));
	else
		printf("never");
}

static void print_book(const char *name, const json_t *book)
{
	printf("%-10s %" PRIu64 " seen = %" PRIu64 " delivered + %" PRIu64 " dropped + %" PRIu64 " suppressed", name,
	       number(book, "seen"), number(book, "delivered"), number(book, "dropped"), number(book, "suppressed"));
}

static void print_books(const json_t *root)
{
	const json_t *books = json_object_get(root, "books"), *losses = json_object_get(root, "losses");
	const json_t *ring, *containers = json_object_get(root, "containers"), *container;
	size_t i;

	print_book("books", books);
	printf("; %" PRIu64 " received\n", number(books, "received"));
	json_array_foreach(json_object_get(root, "rings"), i, ring) {
		char name[16];

		snprintf(name, sizeof(name), "  %s", text(ring, "ring"));
		print_book(name, ring);
		printf("; %" PRIu64 " of %" PRIu64 " KiB unread\n", number(ring, "unread_bytes") / 1024,
		       number(ring, "size_bytes") / 1024);
	}
	printf("losses     %" PRIu64 ": %" PRIu64 " dropped, %" PRIu64 " vanished, %" PRIu64 " malformed, %" PRIu64
	       " runs of hooks missed; last ", number(losses, "total"), number(losses, "dropped"),
	       number(losses, "unexplained"), number(losses, "malformed"), number(losses, "missed_runs"));
	print_age(losses, "last_age_seconds");
	printf("\n");
	json_array_foreach(json_object_get(containers, "list"), i, container) {
		if (!number(container, "suppressed") || i == 10)
			break;
		printf("%-10s %" PRIu64 " of %.12s (%s), which used up its budget\n", i ? "" : "suppressed",
		       number(container, "suppressed"), text(container, "id"), text(container, "name"));
	}
}

static void print_kernel(const json_t *root)
{
	const json_t *hooks = json_object_get(root, "hooks"), *hook;
	const json_t *pins = json_object_get(root, "pins"), *canary = json_object_get(root, "canary");
	uint64_t n_attached = 0, n_missed = 0;
	size_t i;

	json_array_foreach(hooks, i, hook) {
		n_attached += is_true(hook, "attached");
		n_missed += number(hook, "missed_runs");
	}
	printf("hooks      %" PRIu64 " of %zu attached, %" PRIu64 " runs missed\n", n_attached, json_array_size(hooks),
	       n_missed);
	json_array_foreach(hooks, i, hook) {
		if (!is_true(hook, "attached") || number(hook, "missed_runs"))
			printf("  %s: %s, %" PRIu64 " runs missed\n", text(hook, "hook"),
			       is_true(hook, "attached") ? "attached" : "not attached", number(hook, "missed_runs"));
	}
	if (is_true(pins, "used"))
		printf("pins       %" PRIu64 " of %" PRIu64 " intact, %" PRIu64 " put back so far; looked at ",
		       number(pins, "expected") - number(pins, "missing"), number(pins, "expected"),
		       number(pins, "restored"));
	else
		printf("pins       none, there is no bpf file system: an agent that is killed leaves a gap; looked at ");
	print_age(pins, "checked_age_seconds");
	printf("\ncanary     %" PRIu64 " sent, %" PRIu64 " missed; last came back ", number(canary, "sent"),
	       number(canary, "missed"));
	print_age(canary, "last_success_age_seconds");
	printf("\n");
}

static void print_outputs(const json_t *root)
{
	const json_t *output, *process;
	size_t i;

	json_array_foreach(json_object_get(root, "outputs"), i, output) {
		printf("%-10s %s (%s): %s, %" PRIu64 " written, %" PRIu64 " wait, %" PRIu64 " dropped, %" PRIu64 " given up\n",
		       i ? "" : "outputs", text(output, "sink"), text(output, "kind"),
		       is_true(output, "up") ? "up" : "failing", number(output, "written"), number(output, "queued"),
		       number(output, "dropped"), number(output, "failed"));
	}
	json_array_foreach(json_object_get(root, "processes"), i, process) {
		printf("%-10s %s: %s, %.1f MiB, %.1f s of CPU, %" PRIu64 " falls\n", i ? "" : "processes",
		       text(process, "process"), is_true(process, "up") ? "runs" : "does not run",
		       (double)number(process, "resident_bytes") / 1048576, (double)number(process, "cpu_ms") / 1e3,
		       number(process, "restarts"));
	}
}

static void print_reasons(const json_t *root, const char *only, FILE *to)
{
	const json_t *reason;
	size_t i;

	json_array_foreach(json_object_get(root, "reasons"), i, reason) {
		const char *against = text(reason, "against");

		if (only && strcmp(against, "live") != 0 && strcmp(against, only) != 0)
			continue;
		fprintf(to, "  %s\n", text(reason, "what"));
		fprintf(to, "    -> %s\n", text(reason, "advice"));
	}
}

static void print_all(const json_t *root)
{
	const json_t *agent = json_object_get(root, "agent"), *rules = json_object_get(root, "rules");
	const json_t *alerts = json_object_get(root, "alerts");

	printf("%s: brigwatch %s on %s, kernel %s, up %.0f s\n", text(root, "status"), text(agent, "version"),
	       text(agent, "hostname"), text(agent, "kernel"), json_number_value(json_object_get(agent, "uptime_seconds")));
	print_reasons(root, NULL, stdout);
	print_books(root);
	print_kernel(root);
	printf("rules      %" PRIu64 " judge (%.12s), changed %" PRIu64 " times, %" PRIu64 " changes refused\n",
	       number(rules, "loaded"), text(rules, "hash"), number(rules, "reloads_taken"),
	       number(rules, "reloads_refused"));
	printf("alerts     %" PRIu64 " told, %" PRIu64 " folded, %" PRIu64 " lost, %" PRIu64 " incidents\n",
	       number(alerts, "told"), number(alerts, "folded"), number(alerts, "lost"), number(alerts, "incidents"));
	print_outputs(root);
}

/* ---- the command */

static int parse_options(int argc, char **argv, struct ask *ret)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },    { "live", no_argument, NULL, 'l' },
		{ "ready", no_argument, NULL, 'r' },   { "run-dir", required_argument, NULL, 'R' },
		{ "timeout", required_argument, NULL, 't' }, { "help", no_argument, NULL, 'h' },
		{},
	};
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'j': ret->is_json = true; break;
		case 'l': ret->only = "live"; break;
		case 'r': ret->only = "ready"; break;
		case 'R': ret->run_dir = optarg; break;
		case 't':
			ret->timeout_ms = (unsigned int)strtoul(optarg, &end, 10);
			if (optarg[0] < '0' || optarg[0] > '9' || *end || !ret->timeout_ms || ret->timeout_ms > 600000) {
				fprintf(stderr, "brigwatch health: --timeout is 1 to 600000 milliseconds, not \"%s\"\n", optarg);
				return EXIT_USAGE;
			}
			break;
		case 'h':
			usage(stdout);
			return -1;
		default:
			return usage_refuse("health", options, argv);
		}
	}
	if (optind == argc)
		return EXIT_DONE;
	fprintf(stderr, "brigwatch health: takes options only, got \"%s\"\n", argv[optind]);
	return EXIT_USAGE;
}

static int tell_failure(const struct ask *ask, int error)
{
	const char *why = strerror(-error);

	switch (error) {
	case -ENOENT:
	case -ECONNREFUSED:
		fprintf(stderr, "brigwatch health: no agent answers at %s/" STATUS_SOCKET " (%s): is `brigwatch run` running, "
			"with this --run-dir, and libmicrohttpd12 installed?\n", ask->run_dir, why);
		return EXIT_USAGE;
	case -EACCES:
	case -EPERM:
		fprintf(stderr, "brigwatch health: cannot connect to %s/" STATUS_SOCKET ": %s; it is for root and for the user "
			"that the agent runs as\n", ask->run_dir, why);
		return EXIT_USAGE;
	case -ETIMEDOUT:
	case -EAGAIN:
		fprintf(stderr, "brigwatch health: unhealthy: the agent does not answer within %u ms; restart it, the hooks stay\n",
			ask->timeout_ms);
		return EXIT_FINDINGS;
	default:
		fprintf(stderr, "brigwatch health: unhealthy: no answer at %s/" STATUS_SOCKET " that makes sense: %s\n",
			ask->run_dir, why);
		return EXIT_FINDINGS;
	}
}

int cmd_health(int argc, char **argv)
{
	cleanup_free char *found = options_find(OPTION_RUN_DIR);
	struct ask ask = { .run_dir = found ? found : RUN_DIR_DEFAULT, .timeout_ms = TIMEOUT_MS };
	json_t *root = NULL;
	bool is_good;
	int code;

	code = parse_options(argc, argv, &ask);
	if (code != EXIT_DONE)
		return code < 0 ? EXIT_DONE : code;
	code = fetch(&ask, &root);
	if (code < 0)
		return tell_failure(&ask, code);
	is_good = is_true(root, ask.only ? ask.only : "healthy");
	if (ask.is_json) {
		json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
		printf("\n");
	} else if (!ask.only) {
		print_all(root);
	} else {
		printf("%s%s\n", is_good ? "" : "not ", ask.only);
		print_reasons(root, ask.only, stdout);
	}
	json_decref(root);
	return fflush(stdout) == 0 ? is_good ? EXIT_DONE : EXIT_FINDINGS : EXIT_INTERNAL;
}
