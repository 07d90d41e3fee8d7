// SPDX-License-Identifier: Apache-2.0
/* The live view: what containers do, as it happens. It is a client of the agent
 * that runs, or of one that it starts for as long as it runs itself. */
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "agent/log.h"
#include "agent/watch.h"
#include "base/json_text.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/usage.h"
#include "cmd/watch_view.h"
#include "enrich/enrich.h"
#include "rule/rule.h"

#define RUN_DIR_DEFAULT "/run/brigwatch"
#define RULES_MAX_GIVEN 16
#define START_MS 15000
#define TICK_MS 250

struct watch_options {
	const char *filter, *container, *run_dir;
	const char *rules[RULES_MAX_GIVEN];
	size_t n_rules;
	const char *colour; /* "auto", "always", "never" */
	bool tree, all, alerts_only;
};

struct watch {
	const struct watch_options *options;
	struct view *view;
	struct enrich *enrich;
	struct rule_set *shown; /* the filter and the columns, as rules */
	const struct rule *best; /* of the record under way */
	uint64_t wall_offset_ns, dropped, dropped_told, n_malformed;
	char detail[8192], buf[WATCH_MESSAGE_MAX];
};

static volatile sig_atomic_t is_stopped;

static void on_signal(int sig)
{
	(void)sig;
	is_stopped = 1;
}

/* ---- what is shown: the same language, fields and templates as rules have ---- */

static const struct {
	const char *name;
	enum view_class class;
	const char *condition, *output;
} kinds[] = {
	{ "exec", VIEW_EXEC, "evt.type = exec", "%proc.exepath %proc.args" },
	{ "write", VIEW_PLAIN, "evt.type = open and evt.is_open_write and file.path exists", "write %file.path" },
	{ "open", VIEW_PLAIN, "evt.type = open and file.path exists", "%file.path" },
	{ "tried", VIEW_PLAIN, "evt.type = open", "%evt.arg.path" },
	{ "mount", VIEW_BORDER, "evt.type in (mount, move_mount, open_tree, fsopen, fsconfig, fsmount, fspick, mount_setattr)",
	  "%mount.op %mount.source on %mount.target type %mount.fstype" },
	{ "umount", VIEW_BORDER, "evt.type in (umount, pivot_root)", "%mount.target" },
	{ "chdir", VIEW_PLAIN, "evt.type in (chdir, fchdir, chroot)", "%file.path" },
	{ "ns", VIEW_BORDER, "evt.type in (setns, unshare, clone)", "%ns.flags" },
	{ "connect", VIEW_NET, "evt.type = connect", "%sock.path" },
	{ "inet", VIEW_NET, "evt.type = inet", "%fd.l4proto %fd.sip port %fd.sport" },
	{ "cgroup", VIEW_BORDER, "evt.type = cgroup", "moved to %cgroup.path" },
	{ "moved", VIEW_PLAIN, "evt.type in (rename, link, symlink)", "%evt.arg.path2 to %evt.arg.path" },
	{ "change", VIEW_PLAIN,
	  "evt.type in (unlink, mkdir, mknod, truncate, chmod, chown, setxattr, utime, change) and file.path exists", "%file.path" },
	{ "change2", VIEW_PLAIN, "evt.type in (unlink, mkdir, mknod, truncate, chmod, chown, setxattr, utime, change)",
	  "%evt.arg.path" },
	{ "access", VIEW_BORDER,
	  "evt.type in (ptrace, process_vm_readv, process_vm_writev, pidfd_getfd, signal, process_madvise, kcmp, pidfd_open, proc_open)",
	  "process %target.name (%target.pid) of %target.container" },
	{ "syscall", VIEW_BORDER, "evt.type = syscall", "%evt.syscall" },
	{ "cred", VIEW_BORDER, "evt.type = cred", "changed without a call: %cred.changed" },
	{ "capable", VIEW_META, "evt.type = capable", "used %cap.name" },
	{ "rate", VIEW_BORDER, "evt.type = rate", "%rate.count %rate.kind" },
	{ "use", VIEW_BORDER, "evt.type = use", "%use.op %file.path" },
	{ "born", VIEW_META, "evt.type = container", "container %container.id, cgroup %cgroup.path" },
	{ "named", VIEW_META, "evt.type = container_info", "container %container.id is %container.name, image %container.image" },
};

static json_t *make_kind(size_t i, const char *filter)
{
	char text[24], condition[8192];
	json_t *rule = json_object(), *response = json_array();

	snprintf(text, sizeof(text), "W-%04zu", i);
	snprintf(condition, sizeof(condition), "%s%s%s%s", kinds[i].condition, filter ? " and (" : "", filter ? filter : "",
		 filter ? ")" : "");
	json_object_set_new(rule, "id", json_from_text(text));
	json_object_set_new(rule, "name", json_from_text(kinds[i].name));
	json_object_set_new(rule, "priority", json_from_text("debug"));
	json_object_set_new(rule, "description", json_from_text(kinds[i].name));
	json_object_set_new(rule, "why", json_from_text("shown"));
	json_array_append_new(response, json_from_text("none"));
	json_object_set_new(rule, "response", response);
	json_object_set_new(rule, "condition", json_from_text(condition));
	json_object_set_new(rule, "output", json_from_text(kinds[i].output));
	return rule;
}

static int load_shown(const char *filter, struct rule_set **ret, struct parse_error *reterr)
{
	json_t *root = json_object(), *rules = json_array();
	char *text = NULL;
	int r = -ENOMEM;

	json_object_set_new(root, "schema_version", json_integer(1));
	json_object_set_new(root, "ruleset", json_from_text("watch"));
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		json_array_append_new(rules, make_kind(i, filter));
	json_object_set_new(root, "rules", rules);
	text = json_dumps(root, JSON_INDENT(1));
	json_decref(root);
	if (text)
		r = rule_set_load_text("--filter", slice_from(text), ret, reterr);
	free(text);
	return r;
}

/* ---- records ---- */

static void note_kind(const struct rule *rule, const struct event *ev, void *arg)
{
	struct watch *watch = arg;

	(void)ev;
	if (!watch->best)
		watch->best = rule;
}

static size_t kind_of(const struct rule *rule)
{
	return strtoul(rule_id(rule) + 2, NULL, 10);
}

/* Of the ancestors, those in the container: its first process has none. */
static unsigned int depth_of(const struct event *ev)
{
	unsigned int depth = 0;

	while (depth < ev->n_ancestors && ev->ancestors[depth]->exe_owner == OWNER_OWN)
		depth++;
	return depth;
}

static bool starts(struct slice s, const char *what)
{
	return s.len >= strlen(what) && memcmp(s.data, what, strlen(what)) == 0;
}

static bool is_chosen(const struct watch *watch, const struct container_view *container)
{
	const char *want = watch->options->container;

	return !want || (container && (slice_eq(container->name, slice_from(want)) || starts(container->id, want)));
}

static void show_record(struct watch *watch, struct slice record)
{
	struct event ev;
	size_t kind, len;

	if (event_decode(record.data, record.len, &ev) < 0) {
		watch->n_malformed++;
		return;
	}
	ev.wall_ns = ev.hdr.time_ns + watch->wall_offset_ns;
	enrich_apply(watch->enrich, &ev);
	if (watch->options->alerts_only || !ev.container || !is_chosen(watch, ev.container))
		return;
	watch->best = NULL;
	rule_set_evaluate(watch->shown, &ev, note_kind, watch);
	if (!watch->best)
		return;
	kind = kind_of(watch->best);
	len = rule_format_output(watch->best, &ev, watch->detail, sizeof(watch->detail));
	view_event(watch->view, &ev, kind < ARRAY_SIZE(kinds) ? kinds[kind].class : VIEW_PLAIN,
		   (struct slice){ watch->detail, len }, depth_of(&ev));
}

static void show_alert(struct watch *watch, const struct watch_message *message)
{
	const struct watch_alert *alert = &message->alert;
	struct view_alert shown = {
		.wall_ns = alert->wall_ns,
		.severity = alert->severity,
		.pid = alert->pid,
		.rule_id = message->rule_id,
		.rule_name = message->rule_name,
		.message = message->message,
		.container = alert->container ? enrich_find_container(watch->enrich, alert->container) : NULL,
	};

	if (is_chosen(watch, shown.container))
		view_alert(watch->view, &shown);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static void tell_dropped(struct watch *watch)
{
	if (watch->dropped == watch->dropped_told)
		return;
	view_note(watch->view, "%" PRIu64 " events were not shown: this terminal was too slow (alerts in the agent's own "
		  "outputs are not concerned)", watch->dropped - watch->dropped_told);
	watch->dropped_told = watch->dropped;
}

/* Until the agent closes (0), a signal (0) or an error. */
static int follow(struct watch *watch, int fd)
{
	struct watch_message message;
	uint64_t next_ns = 0, now;
	int r;

	while (!is_stopped) {
		r = watch_receive(fd, TICK_MS, watch->buf, &message);
		now = clock_ns(CLOCK_REALTIME);
		if (now >= next_ns) {
			next_ns = now + TICK_MS * 1000000ull;
			watch->wall_offset_ns = now - clock_ns(CLOCK_BOOTTIME);
			view_settle(watch->view, now);
			tell_dropped(watch);
			if (fflush(stdout) != 0)
				return -EPIPE;
		}
		if (r == -EAGAIN || r == -EINTR) {
			fflush(stdout);
			continue;
		}
		if (r <= 0)
			return r;
		watch->dropped = message.dropped;
		if (message.type == WATCH_ALERT)
			show_alert(watch, &message);
		else if (message.type == WATCH_RECORD)
			show_record(watch, message.record);
		if (ferror(stdout))
			return -EPIPE;
	}
	return 0;
}

/* ---- an agent of our own, if none runs ---- */

static pid_t start_agent(const struct watch_options *options)
{
	char *argv[2 * RULES_MAX_GIVEN + 8];
	pid_t parent = getpid(), pid;
	int argc = 0;

	argv[argc++] = (char *)"run";
	argv[argc++] = (char *)"--output";
	argv[argc++] = (char *)"/dev/null";
	argv[argc++] = (char *)"--run-dir";
	argv[argc++] = (char *)options->run_dir;
	for (size_t i = 0; i < options->n_rules; i++) {
		argv[argc++] = (char *)"--rules";
		argv[argc++] = (char *)options->rules[i];
	}
	argv[argc] = NULL;
	pid = fork();
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_INTERNAL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	optind = 0; /* getopt_long() begins anew */
	_exit(cmd_run(argc, argv));
}

/* Its code, when it ended before it could be asked. */
static int connect_to_own(const struct watch_options *options, pid_t agent, uint32_t flags, int *ret_fd)
{
	struct timespec pause = { .tv_nsec = 20000000 };
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + START_MS * 1000000ull;
	int fd = -ETIMEDOUT, status;

	while (!is_stopped && clock_ns(CLOCK_MONOTONIC) < end) {
		if (waitpid(agent, &status, WNOHANG) == agent)
			return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_INTERNAL;
		fd = watch_connect(options->run_dir, flags);
		if (fd >= 0) {
			*ret_fd = fd;
			return EXIT_DONE;
		}
		nanosleep(&pause, NULL);
	}
	log_message("watch", "the agent that was started cannot be asked: %s", strerror(-fd));
	return EXIT_INTERNAL;
}

static int stop_agent(pid_t agent)
{
	int status = 0;

	if (agent <= 0)
		return EXIT_DONE;
	kill(agent, SIGTERM);
	while (waitpid(agent, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_INTERNAL;
}

static int attach(const struct watch_options *options, uint32_t flags, int *ret_fd, pid_t *ret_agent)
{
	int fd = watch_connect(options->run_dir, flags);

	if (fd >= 0) {
		*ret_fd = fd;
		return EXIT_DONE;
	}
	if (fd == -EACCES || fd == -EPERM) {
		log_message("watch", "an agent runs, but %s/" WATCH_SOCKET " is for root only: try sudo", options->run_dir);
		return EXIT_PRIVILEGES;
	}
	if (fd != -ENOENT && fd != -ECONNREFUSED) {
		log_message("watch", "cannot connect to %s/" WATCH_SOCKET ": %s", options->run_dir, strerror(-fd));
		return EXIT_INTERNAL;
	}
	log_message("watch", "no agent runs here, starting one for as long as this view is open");
	*ret_agent = start_agent(options);
	if (*ret_agent < 0)
		return EXIT_INTERNAL;
	return connect_to_own(options, *ret_agent, flags, ret_fd);
}

/* ---- the command ---- */

static void usage(FILE *to)
{
	fprintf(to,
		"usage: brigwatch watch [OPTION...]\n\n"
		"Shows what containers on this host do, and alerts, a line each, as it happens.\n"
		"Attaches to the agent that runs here; if there is none, one is started and ends\n"
		"with the view. Needs root.\n\n"
		"  --filter CONDITION  show events for which this is true: the language of rules,\n"
		"                      such as 'container.image contains nginx and evt.type = exec'\n"
		"  --container WHICH   of this container only: its name, or the start of its id\n"
		"  --all               ordinary opens and changes of directory, too: many lines,\n"
		"                      and they count against each container's budget of events\n"
		"  --alerts            alerts only\n"
		"  --tree              processes below the one that started them\n"
		"  --colour WHEN       auto, always or never (default auto: on a terminal, unless\n"
		"                      NO_COLOR is set)\n"
		"  --rules DIR         rules of the agent that is started, if none runs\n"
		"  --run-dir DIR       run directory of the agent (default: what BRIGWATCH_RUN_DIR or the\n"
		"                      configuration say, else " RUN_DIR_DEFAULT ")\n"
		"  --help              this text\n\n"
		"Columns: time (UTC), container, process, event, what about. Equal lines within a\n"
		"second are told once, then as x37. Ctrl-C ends it.\n\n"
		"Exit codes: 0 ended, 2 usage, configuration or rules, 3 privileges are missing,\n"
		"4 the kernel cannot, 5 no agent to attach to, output or internal.\n");
}

static int parse_options(int argc, char **argv, struct watch_options *ret)
{
	static const struct option options[] = {
		{ "filter", required_argument, NULL, 'f' },  { "container", required_argument, NULL, 'c' },
		{ "all", no_argument, NULL, 'a' },	     { "alerts", no_argument, NULL, 'A' },
		{ "tree", no_argument, NULL, 't' },	     { "colour", required_argument, NULL, 'C' },
		{ "color", required_argument, NULL, 'C' },   { "rules", required_argument, NULL, 'r' },
		{ "run-dir", required_argument, NULL, 'd' }, { "help", no_argument, NULL, 'h' },
		{},
	};
	int c;

	while ((c = getopt_long(argc, argv, "f:c:r:h", options, NULL)) != -1) {
		switch (c) {
		case 'f': ret->filter = optarg; break;
		case 'c': ret->container = optarg; break;
		case 'a': ret->all = true; break;
		case 'A': ret->alerts_only = true; break;
		case 't': ret->tree = true; break;
		case 'C': ret->colour = optarg; break;
		case 'd': ret->run_dir = optarg; break;
		case 'r':
			if (ret->n_rules == RULES_MAX_GIVEN) {
				fprintf(stderr, "brigwatch watch: at most %d --rules\n", RULES_MAX_GIVEN);
				return EXIT_USAGE;
			}
			ret->rules[ret->n_rules++] = optarg;
			break;
		case 'h': usage(stdout); return -1;
		default:
			return usage_refuse("watch", options, argv);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "brigwatch watch: takes options only, got \"%s\"; a condition goes behind --filter\n",
			argv[optind]);
		return EXIT_USAGE;
	}
	if (strcmp(ret->colour, "auto") != 0 && strcmp(ret->colour, "always") != 0 && strcmp(ret->colour, "never") != 0) {
		fprintf(stderr, "brigwatch watch: --colour is auto, always or never, not \"%s\"\n", ret->colour);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* A mistake in the filter is one in the first kind's condition, behind its own words. */
static int tell_filter_error(const struct parse_error *error, const char *filter)
{
	fprintf(stderr, "brigwatch watch: --filter: %s\n    %s\n", error->message, filter ? filter : "");
	fprintf(stderr, "brigwatch watch: `brigwatch rules fields` lists the names, docs/rules.md has the language\n");
	return EXIT_USAGE;
}

static struct view_options choose_view(const struct watch_options *options)
{
	struct view_options ret = { .tree = options->tree };
	struct winsize size;

	if (!isatty(STDOUT_FILENO)) {
		ret.colour = strcmp(options->colour, "always") == 0;
		return ret;
	}
	ret.colour = strcmp(options->colour, "always") == 0 ||
		     (strcmp(options->colour, "auto") == 0 && !getenv("NO_COLOR"));
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		ret.width = size.ws_col;
	return ret;
}

static int run(struct watch *watch)
{
	struct sigaction action = { .sa_handler = on_signal };
	uint32_t flags = watch->options->all ? WATCH_F_PLAIN : 0;
	int fd = -1, code, r;
	pid_t agent = 0;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	code = attach(watch->options, flags, &fd, &agent);
	for (bool again = true; code == EXIT_DONE && again;) {
		r = follow(watch, fd);
		close(fd);
		fd = -1;
		again = false;
		if (r < 0 && r != -EPIPE) {
			log_message("watch", "what the agent sends makes no sense: %s", strerror(-r));
			code = EXIT_INTERNAL;
		} else if (r == 0 && !is_stopped) {
			/* Its engine was started anew, or the agent ended. */
			struct timespec pause = { .tv_nsec = 500000000 };

			nanosleep(&pause, NULL);
			fd = watch_connect(watch->options->run_dir, flags);
			again = fd >= 0;
			if (again)
				view_note(watch->view, "the agent's engine was started anew");
			else
				log_message("watch", "the agent has ended");
		}
	}
	if (agent > 0 && code == EXIT_DONE)
		code = stop_agent(agent);
	else
		(void)stop_agent(agent);
	return code;
}

int cmd_watch(int argc, char **argv)
{
	cleanup_free char *found = options_find(OPTION_RUN_DIR);
	struct watch_options options = { .run_dir = found ? found : RUN_DIR_DEFAULT, .colour = "auto" };
	struct parse_error error = { 0 };
	struct view_options view;
	struct watch *watch;
	int code;

	code = parse_options(argc, argv, &options);
	if (code != EXIT_DONE)
		return code < 0 ? EXIT_DONE : code;
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return EXIT_INTERNAL;
	watch->options = &options;
	view = choose_view(&options);
	if (load_shown(options.filter, &watch->shown, &error) < 0)
		code = tell_filter_error(&error, options.filter);
	else if (view_new(stdout, &view, &watch->view) < 0 || enrich_new(NULL, &watch->enrich) < 0)
		code = EXIT_INTERNAL;
	else
		code = run(watch);
	if (watch->n_malformed)
		log_message("watch", "%" PRIu64 " records could not be read", watch->n_malformed);
	view_free(watch->view);
	fflush(stdout);
	enrich_free(watch->enrich);
	rule_set_free(watch->shown);
	free(watch);
	return code;
}
