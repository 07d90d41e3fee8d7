// SPDX-License-Identifier: Apache-2.0
#include "agent/sensor.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "agent/engine.h"
#include "agent/log.h"
#include "agent/notify.h"
#include "agent/outputs.h"
#include "agent/reload.h"
#include "agent/sandbox.h"
#include "agent/status_file.h"
#include "agent/status_sensor.h"
#include "agent/status_server.h"
#include "agent/watch.h"
#include "source/live.h"

#define RUN_DIR_DEFAULT "/run/brigwatch"
#define LOCK_WAIT_MS 3000		/* a killed agent's engine needs a moment to notice */
#define CANARY_INTERVAL_MS 5000
#define SOCKETS_INTERVAL_MS 2000
#define BINARIES_INTERVAL_MS 10000
#define ADDRESSES_INTERVAL_MS 5000
#define IDENTITIES_INTERVAL_MS 10000
#define SWEEP_INTERVAL_MS 60000
#define HOOKS_INTERVAL_MS 10000
#define STATUS_INTERVAL_MS 1000
#define NS_UNSEEN_NS 180000000000ull	/* a mount namespace without a task for so long is forgotten */
#define ENGINE_READY_MS 5000
#define ENGINE_STOP_MS 5000
#define ENGINE_TRIES 3
#define RESTARTS_MAX 5			/* of one child within RESTART_WINDOW_MS: then the agent ends */
#define RESTART_WINDOW_MS 60000

struct child {
	const char *name;
	const char *without;	/* what is missing while it is not there */
	pid_t pid;
	unsigned int restarts;	/* within the window */
	uint64_t window_start_ms;
	uint64_t falls;		/* since the agent started */
};

struct sensor {
	const struct sensor_options *options;
	struct live *live;
	struct child engine, reader;
	/* Another reader, for refused opens: it goes where a container's strings
	 * lead, and may be made to hang there. Names are not to wait for that. */
	struct child resolver;
	struct child server;		/* answers HTTP with the status pages */
	struct child output;
	struct outputs outputs;
	int control_fd;			/* our end to the engine */
	int reader_engine_fd, reader_fd;	/* both ends, kept for restarts */
	int resolver_engine_fd, resolver_fd;
	int run_dir_fd, lock_fd, signal_fd;
	int status_unix_fd, status_tcp_fd;	/* kept for restarts: clients wait meanwhile */
	int host_root_fd;		/* O_PATH: where the host's files are */
	struct own own;			/* who we are, so that the engine knows us */
	struct reload reload; /* the rules, and others that are to come */
	struct sensor_status status;
	struct status_file metrics_file;
	struct notify notify;	/* the service manager */
	struct watch_door door; /* of the live view */
	char hostname[256];
	uint64_t canary;
	uint64_t missed_told;
	bool stop;
	int exit_code;
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static uint64_t boot_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

/* ---- one agent per host ---- */

static const char *run_dir(const struct sensor *sensor)
{
	return sensor->options->run_dir ? sensor->options->run_dir : RUN_DIR_DEFAULT;
}

static const char *host_root(const struct sensor *sensor)
{
	return sensor->options->reader.host_root ? sensor->options->reader.host_root : "/";
}

static int take_lock(struct sensor *sensor)
{
	uint64_t end = now_ms() + LOCK_WAIT_MS;
	struct timespec pause = { .tv_nsec = 20000000 };
	int dir;

	if (mkdir(run_dir(sensor), 0700) < 0 && errno != EEXIST)
		return -errno;
	sensor->run_dir_fd = dir = open(run_dir(sensor), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	sensor->lock_fd = openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (sensor->lock_fd < 0)
		return -errno;
	while (flock(sensor->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK || now_ms() > end)
			return -errno;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* ---- children ---- */

static int engine_main(const struct sensor *sensor, int control_fd)
{
	struct engine_config config = {
		.urgent_fd = live_map_fd(sensor->live, "ring_urgent"),
		.bulk_fd = live_map_fd(sensor->live, "ring_bulk"),
		.books_fd = live_map_fd(sensor->live, "books"),
		.counters_fd = live_map_fd(sensor->live, "counters"),
		.budgets_fd = live_map_fd(sensor->live, "budgets"),
		.call_counts_fd = live_map_fd(sensor->live, "call_counts"),
		.control_fd = control_fd,
		.reader_fd = sensor->reader_engine_fd,
		.resolve_fd = sensor->resolver_engine_fd,
		.binaries_fd = live_map_fd(sensor->live, "runtime_binaries"),
		.status_fd = sensor->status.engine_fd,
		.outputs = sensor->outputs.specs,
		.outboxes = sensor->outputs.files,
		.n_outputs = sensor->outputs.n,
		.colour = sensor->options->colour,
		.rules = sensor->reload.rules,
		.load = &sensor->options->load,
		.own = sensor->own,
		.hostname = sensor->hostname,
	};
	/* The lock is kept: while this engine reads the rings no other may. */
	int keep[12 + 3 * OUTPUTS_MAX] = { config.urgent_fd, config.bulk_fd,    config.books_fd,  config.counters_fd, config.budgets_fd,
		       config.control_fd, config.reader_fd, sensor->lock_fd,
		       config.resolve_fd, config.binaries_fd, config.call_counts_fd, config.status_fd };
	size_t n = 12;

	for (size_t i = 0; i < sensor->outputs.n; i++) {
		keep[n++] = sensor->outputs.files[i].fd;
		keep[n++] = sensor->outputs.files[i].read_fd;
		keep[n++] = sensor->outputs.files[i].wake_fd;
	}
	sandbox_close_all_but(keep, n);
	prctl(PR_SET_NAME, "brigwatch-engin");
	return engine_run(&config);
}

static int wait_ready(struct sensor *sensor)
{
	struct pollfd pfd = { .fd = sensor->control_fd, .events = POLLIN };
	struct control control;
	ssize_t n;

	if (poll(&pfd, 1, ENGINE_READY_MS) <= 0)
		return -ETIMEDOUT;
	n = recv(sensor->control_fd, &control, sizeof(control), MSG_DONTWAIT);
	return n == (ssize_t)sizeof(control) && control.type == CONTROL_READY ? 0 : -EPROTO;
}

static int spawn_engine(struct sensor *sensor)
{
	int pair[2];
	sigset_t none;
	pid_t pid;

	if (sensor->control_fd >= 0)
		close(sensor->control_fd);
	sensor->control_fd = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		close(pair[0]);
		close(pair[1]);
		return -errno;
	}
	if (pid == 0) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		_exit(engine_main(sensor, pair[1]));
	}
	close(pair[1]);
	sensor->control_fd = pair[0];
	sensor->engine.pid = pid;
	return wait_ready(sensor);
}

/* One that is ended before it is ready gets a successor: else the agent would end,
 * take its hooks away, and miss what happens until it is started again. */
static int start_engine(struct sensor *sensor)
{
	int r;

	for (int i = 0; i < ENGINE_TRIES; i++) {
		r = spawn_engine(sensor);
		if (r != -EPROTO)
			return r;
		kill(sensor->engine.pid, SIGKILL);
		(void)waitpid(sensor->engine.pid, NULL, 0);
		sensor->engine.pid = 0;
	}
	return r;
}

/* Readers judge nothing: their copies of the rules would be megabytes. */
static void shed_rules(void *arg)
{
	struct sensor *sensor = arg;

	rule_set_free(sensor->options->rules);
	rule_set_free(sensor->reload.own);
	malloc_trim(0);
}

static int start_reader(struct sensor *sensor, struct child *child)
{
	struct reader_config config = sensor->options->reader;

	config.shed = shed_rules;
	config.shed_arg = sensor;

	if (child == &sensor->reader)
		return reader_spawn(&config, sensor->reader_fd, &child->pid);
	config.name = "brigwatch-resol";
	return reader_spawn(&config, sensor->resolver_fd, &child->pid);
}

static void start_readers(struct sensor *sensor)
{
	struct child *children[] = { &sensor->reader, &sensor->resolver };
	int pairs, r;

	pairs = reader_socketpair(&sensor->reader_engine_fd, &sensor->reader_fd);
	if (pairs == 0)
		pairs = reader_socketpair(&sensor->resolver_engine_fd, &sensor->resolver_fd);
	for (size_t i = 0; i < ARRAY_SIZE(children); i++) {
		r = pairs < 0 ? pairs : start_reader(sensor, children[i]);
		if (r < 0)
			log_message("sensor", "cannot start the %s: %s, going on without %s", children[i]->name,
				    strerror(-r), children[i]->without);
	}
}

/* ---- the status server: nothing waits for it, and all goes on without ---- */

static int start_server(struct sensor *sensor)
{
	struct status_server_config config = {
		.unix_fd = sensor->status_unix_fd,
		.tcp_fd = sensor->status_tcp_fd,
		.engine_fd = sensor->status.engine_read_fd,
		.sensor_fd = sensor->status.sensor_read_fd,
		.outputs = (const struct outbox *const *)sensor->outputs.boxes,
		.n_outputs = sensor->outputs.n,
		.shed = shed_rules,
		.shed_arg = sensor,
	};

	return status_server_spawn(&config, &sensor->server.pid);
}

static void close_server(struct sensor *sensor)
{
	if (sensor->status_unix_fd >= 0) {
		close(sensor->status_unix_fd);
		(void)unlinkat(sensor->run_dir_fd, STATUS_SOCKET, 0);
	}
	if (sensor->status_tcp_fd >= 0)
		close(sensor->status_tcp_fd);
	sensor->status_unix_fd = sensor->status_tcp_fd = -1;
}

/* An address that was asked for must be had; the socket is the agent's own idea. */
static int open_server(struct sensor *sensor)
{
	const char *listen = sensor->options->listen;
	int r;

	r = status_listen_unix(sensor->run_dir_fd, &sensor->status_unix_fd);
	if (r < 0)
		log_message("status", "cannot listen on %s/" STATUS_SOCKET ": %s, `brigwatch health` will not work",
			    run_dir(sensor), strerror(-r));
	r = listen ? status_listen_tcp(listen, &sensor->status_tcp_fd) : 0;
	if (r < 0) {
		log_message("status", "cannot listen on %s: %s", listen, strerror(-r));
		return EXIT_INTERNAL;
	}
	r = start_server(sensor);
	if (r == 0)
		return EXIT_DONE;
	close_server(sensor);
	if (r == -ENOPKG)
		log_message("status", "no libmicrohttpd.so.12 (Debian: libmicrohttpd12): metrics and health are not served");
	else
		log_message("status", "cannot start the status server: %s, metrics and health are not served", strerror(-r));
	return listen ? EXIT_INTERNAL : EXIT_DONE;
}

static int start_output(struct sensor *sensor)
{
	return outputs_spawn(&sensor->outputs, sensor->output.falls > 0, shed_rules, sensor, &sensor->output.pid);
}

/* False: it falls over and over, there is no point in another try. */
static bool may_restart(struct child *child)
{
	uint64_t now = now_ms();

	child->falls++;
	if (now - child->window_start_ms > RESTART_WINDOW_MS) {
		child->window_start_ms = now;
		child->restarts = 0;
	}
	return ++child->restarts <= RESTARTS_MAX;
}

static void describe_end(int status, char *buf, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(buf, size, "was ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(buf, size, "ended with code %d", WEXITSTATUS(status));
}

static void tell_refused(struct sensor *sensor, const char *error);

static void on_engine_end(struct sensor *sensor, int status)
{
	bool was_changing;
	char how[96];
	int r;

	sensor->engine.pid = 0;
	if (sensor->stop)
		return;
	describe_end(status, how, sizeof(how));
	/* It ended by itself and said why: output is gone, rings unreadable. */
	if (WIFEXITED(status)) {
		log_message("sensor", "the engine %s, ending", how);
		sensor->stop = true;
		sensor->exit_code = WEXITSTATUS(status) ? WEXITSTATUS(status) : EXIT_INTERNAL;
		return;
	}
	if (!may_restart(&sensor->engine)) {
		log_message("sensor", "the engine %s, for the %dth time within a minute, ending", how, RESTARTS_MAX + 1);
		sensor->stop = true;
		sensor->exit_code = EXIT_INTERNAL;
		return;
	}
	log_message("sensor", "the engine %s, starting another; the rings hold what came meanwhile", how);
	was_changing = sensor->reload.coming;
	reload_end(&sensor->reload, sensor->live, false);
	/* Who watched comes again by itself. */
	reload_set_watched(&sensor->reload, sensor->live, 0, 0);
	/* Its process tree is empty: tell it what runs, before it reads what waits. */
	(void)live_scan_subjects(sensor->live);
	r = start_engine(sensor);
	if (r < 0) {
		log_message("sensor", "cannot start another engine: %s, ending", strerror(-r));
		sensor->stop = true;
		sensor->exit_code = EXIT_INTERNAL;
		return;
	}
	/* Again, should the ring have been too full for it. */
	(void)live_scan_subjects(sensor->live);
	if (was_changing)
		tell_refused(sensor, "the engine fell while it took the new rules");
}

static void on_child_end(struct sensor *sensor, struct child *child, int status)
{
	char how[96];
	int r;

	child->pid = 0;
	if (sensor->stop)
		return;
	describe_end(status, how, sizeof(how));
	if (!may_restart(child)) {
		log_message("sensor", "the %s %s again; going on without %s for a minute", child->name, how,
			    child->without);
		return;
	}
	log_message("sensor", "the %s %s, starting another", child->name, how);
	r = child == &sensor->server ? start_server(sensor) : start_reader(sensor, child);
	if (r < 0)
		log_message("sensor", "cannot start another %s: %s, going on without %s for a minute", child->name,
			    strerror(-r), child->without);
}

static void on_output_end(struct sensor *sensor, int status)
{
	char how[96];
	int r;

	sensor->output.pid = 0;
	if (sensor->stop)
		return;
	describe_end(status, how, sizeof(how));
	if (!may_restart(&sensor->output)) {
		log_message("sensor", "the output process %s again; alerts wait for a minute", how);
		return;
	}
	log_message("sensor", "the output process %s, starting another; alerts wait meanwhile", how);
	r = start_output(sensor);
	if (r < 0)
		log_message("sensor", "cannot start another output process: %s, alerts wait for a minute", strerror(-r));
}

/* One that fell too often is given another chance: a container can make it fall. */
static void revive_children(struct sensor *sensor)
{
	if (!sensor->reader.pid && sensor->reader_fd >= 0)
		(void)start_reader(sensor, &sensor->reader);
	if (!sensor->resolver.pid && sensor->resolver_fd >= 0)
		(void)start_reader(sensor, &sensor->resolver);
	if (!sensor->server.pid && (sensor->status_unix_fd >= 0 || sensor->status_tcp_fd >= 0))
		(void)start_server(sensor);
	if (!sensor->output.pid)
		(void)start_output(sensor);
}

static void reap_children(struct sensor *sensor)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == sensor->engine.pid)
			on_engine_end(sensor, status);
		else if (pid == sensor->reader.pid)
			on_child_end(sensor, &sensor->reader, status);
		else if (pid == sensor->resolver.pid)
			on_child_end(sensor, &sensor->resolver, status);
		else if (pid == sensor->server.pid)
			on_child_end(sensor, &sensor->server, status);
		else if (pid == sensor->output.pid)
			on_output_end(sensor, status);
	}
}

/* ---- feeding the kernel side ---- */

/* A file of the host, by the path that the host has for it. Links lead to where
 * they lead on the host, which from a pod is below --host-root. */
static int open_on_host(const struct sensor *sensor, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, sensor->host_root_fd, path, &how, sizeof(how));
}

/* Runtimes' programs that do not run now. Those that do, and those under other
 * names, are learned from the kernel: by name at exec, and by deed. */
static void register_binaries(struct sensor *sensor)
{
	static const char *const dirs[] = { "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin",
					    "/usr/libexec/podman", "/usr/lib/cri-o-runc/sbin", "/opt/cni/bin",
					    "/usr/libexec/crio", "/var/lib/rancher/k3s/data/current/bin" };
	char path[256];

	for (size_t d = 0; d < ARRAY_SIZE(dirs); d++) {
		for (size_t i = 0; live_runtime_names[i]; i++) {
			cleanup_close int fd = -1;
			struct stat st;

			snprintf(path, sizeof(path), "%s/%s", dirs[d], live_runtime_names[i]);
			fd = open_on_host(sensor, path);
			if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
				(void)live_register_runtime(sensor->live, fd, RUNTIME_BY_PATH);
		}
	}
}

/* The program that a setting of the kernel names: its first word, without the
 * `|` of core_pattern. */
static void register_helper(struct sensor *sensor, const char *setting)
{
	cleanup_close int fd = -1, program = -1;
	char text[256], *path = text;
	struct stat st;
	ssize_t n;

	fd = open(setting, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return;
	text[n] = '\0';
	if (*path == '|')
		path++;
	path[strcspn(path, " \n")] = '\0';
	if (*path != '/')
		return;
	program = open_on_host(sensor, path);
	if (program >= 0 && fstat(program, &st) == 0 && S_ISREG(st.st_mode))
		(void)live_register_runtime(sensor->live, program, REGISTER_HELPER);
}

/* What the host lets the kernel run, before any container had its say. */
static void register_helpers(struct sensor *sensor)
{
	static const char *const settings[] = { "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe",
						"/proc/sys/kernel/hotplug", "/proc/sys/kernel/poweroff_cmd",
						"/sys/kernel/uevent_helper",
						"/sys/fs/cgroup/systemd/release_agent" };

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		register_helper(sensor, settings[i]);
}

static void tell_engine(struct sensor *sensor, enum control_type type, uint64_t value)
{
	(void)control_send(sensor->control_fd, type, value, -1);
}

/* A harmless system call that the kernel side must report: setns() on no
 * descriptor, with a number that only we know. */
static void send_canary(struct sensor *sensor)
{
	uint32_t nonce = 0;

	if (getrandom(&nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce))
		nonce = (uint32_t)boot_ns();
	nonce = (nonce & 0x7fffffff) | 1;
	tell_engine(sensor, CONTROL_CANARY, nonce);
	(void)syscall(SYS_setns, -1, (int)nonce);
}

/* Runs that were missed are losses, and told apart from hooks and pins that are
 * gone: those blind everything, and those stay gone. */
static void check_hooks(struct sensor *sensor)
{
	struct live_state state;
	uint64_t gone;

	live_check_hooks(sensor->live, &state);
	gone = state.n_detached + state.n_pins_missing;
	if (!gone && state.pin_error)
		gone = 1;
	if (gone)
		tell_engine(sensor, CONTROL_HOOKS, gone);
	if (state.missed_runs > sensor->missed_told &&
	    control_send(sensor->control_fd, CONTROL_MISSED, state.missed_runs - sensor->missed_told, -1) == 0)
		sensor->missed_told = state.missed_runs;
	sensor_status_take_hooks(&sensor->status, &state);
}

static void note_child(struct sensor *sensor, const struct child *child, bool is_wanted)
{
	sensor_status_note_process(&sensor->status, child->name, child->pid, is_wanted, child->falls);
}

/* The watchdog hears of us only while the engine turns, too. */
static void tell_others(struct sensor *sensor, bool is_last)
{
	struct verdict verdict;
	char text[256];

	if ((sensor->notify.fd < 0 && sensor->metrics_file.dir_fd < 0) ||
	    !sensor_status_judge(&sensor->status, (const struct outbox *const *)sensor->outputs.boxes,
				 sensor->outputs.n, &verdict))
		return;
	status_file_write(&sensor->metrics_file, sensor->status.view, &verdict, is_last);
	snprintf(text, sizeof(text), "%s%s; %zu rules, %llu alerts", verdict.is_healthy ? "watching" : "unhealthy: ",
		 verdict.is_healthy ? "" : verdict.reasons[0].what, rule_set_len(sensor->reload.rules),
		 (unsigned long long)sensor->status.view->engine.alerts);
	notify_status(&sensor->notify, text);
	if (verdict.is_live)
		notify_alive(&sensor->notify, status_now());
}

static void write_status(struct sensor *sensor)
{
	struct status_sensor *data = &sensor->status.data;

	sensor_status_note_process(&sensor->status, "sensor", getpid(), true, 0);
	note_child(sensor, &sensor->engine, true);
	note_child(sensor, &sensor->reader, sensor->reader_fd >= 0);
	note_child(sensor, &sensor->resolver, sensor->resolver_fd >= 0);
	note_child(sensor, &sensor->output, sensor->outputs.n > 0);
	note_child(sensor, &sensor->server, sensor->status_unix_fd >= 0 || sensor->status_tcp_fd >= 0);
	data->is_stopping = sensor->stop;
	data->is_reloading = sensor->reload.coming != NULL;
	data->is_refused = sensor->reload.is_refused;
	sensor_status_publish(&sensor->status);
	tell_others(sensor, sensor->stop);
}

/* ---- the loop ---- */

struct duty {
	uint64_t interval_ms, next_ms;
	void (*fn)(struct sensor *sensor);
};

static void scan_sockets(struct sensor *sensor)
{
	(void)live_scan_sockets(sensor->live);
}

static void scan_addresses(struct sensor *sensor)
{
	(void)live_scan_addresses(sensor->live);
}

static void sweep_identities(struct sensor *sensor)
{
	(void)live_sweep_identities(sensor->live);
}

static void sweep(struct sensor *sensor)
{
	uint64_t now = boot_ns();

	(void)live_sweep_namespaces(sensor->live, now > NS_UNSEEN_NS ? now - NS_UNSEEN_NS : 0);
	revive_children(sensor);
}

/* ---- other rules ---- */

/* The engine makes a record of it, so that a rule can tell. */
static void tell_refused(struct sensor *sensor, const char *error)
{
	cleanup_close int fd = memfd_create("brigwatch-error", MFD_CLOEXEC);

	if (fd < 0 || write(fd, error, strlen(error)) < 0 ||
	    control_send(sensor->control_fd, CONTROL_REFUSED, 0, fd) < 0)
		log_message("rules", "no alert tells of that: %s", strerror(errno));
	log_message("rules", "the rules before stay, %zu (%.12s)",
		    rule_set_len(sensor->reload.rules), rule_set_hash(sensor->reload.rules));
}

static void change_rules(struct sensor *sensor)
{
	cleanup_close int fd = -1;
	char error[1024];
	int r;

	r = reload_begin(&sensor->reload, sensor->live, &fd, error, sizeof(error));
	if (r > 0) {
		r = control_send(sensor->control_fd, CONTROL_RULES, 0, fd);
		if (r == 0)
			return;
		snprintf(error, sizeof(error), "cannot hand the new rules over: %s", strerror(-r));
		log_message("rules", "%s", error);
		reload_end(&sensor->reload, sensor->live, false);
	}
	if (r < 0)
		tell_refused(sensor, error);
}

/* ---- the live view ---- */

/* Who comes first gets a snapshot of what runs, through the ring like all else. */
static void let_watch(struct sensor *sensor)
{
	struct watch_hello hello;
	int fd = watch_door_take(&sensor->door, now_ms(), &hello);

	if (fd < 0)
		return;
	if (control_send(sensor->control_fd, CONTROL_WATCH, 0, fd) == 0) {
		reload_set_watched(&sensor->reload, sensor->live,
				   sensor->reload.watched | watch_wanted(),
				   sensor->reload.watched_plain | watch_wanted_plain(&hello));
		(void)live_scan_subjects(sensor->live);
	}
	close(fd);
}

/* The engine told of a refusal itself. */
static void read_answer(struct sensor *sensor)
{
	struct control control;
	int n;

	for (;;) {
		cleanup_close int fd = -1;

		n = control_receive(sensor->control_fd, &control, &fd);
		if (n < 0)
			return;
		if (n > 0 && control.type == CONTROL_WATCHERS && control.value == 0)
			reload_set_watched(&sensor->reload, sensor->live, 0, 0);
		if (n > 0 && control.type != CONTROL_TAKEN)
			continue;
		reload_end(&sensor->reload, sensor->live, n > 0 && control.value == 0);
		if (n == 0)
			return;
	}
}

/* Only rules change while we run. */
static void tell_changed_config(const struct sensor_options *options)
{
	const struct stat *before = &options->config_state;
	struct stat now;

	if (!options->config_file)
		return;
	if (stat(options->config_file, &now) < 0)
		log_message("config", "cannot look at %s: %s, going on with what it said at the start",
			    options->config_file, strerror(errno));
	else if (now.st_ino != before->st_ino || now.st_dev != before->st_dev || now.st_size != before->st_size ||
		 now.st_mtim.tv_sec != before->st_mtim.tv_sec || now.st_mtim.tv_nsec != before->st_mtim.tv_nsec)
		log_message("config", "%s has changed, which needs a restart: rules are read again, all else stays",
			    options->config_file);
}

static void read_anew(struct sensor *sensor)
{
	tell_changed_config(sensor->options);
	reload_ask(&sensor->reload);
	outputs_reopen(&sensor->outputs);
	notify_reloading(&sensor->notify);
}

/* There is nobody left to tell: what was detected would only be counted. */
static void read_output(struct sensor *sensor)
{
	if (!outputs_read(&sensor->outputs))
		return;
	sensor->stop = true;
	sensor->exit_code = EXIT_INTERNAL;
}

static void read_signals(struct sensor *sensor)
{
	struct signalfd_siginfo info;

	while (read(sensor->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			reap_children(sensor);
		} else if (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM) {
			sensor->stop = true;
		} else if (info.ssi_signo == SIGHUP) {
			read_anew(sensor);
		}
	}
}

static void wait_for_news(struct sensor *sensor, int timeout_ms)
{
	struct pollfd pfds[] = {
		{ .fd = sensor->signal_fd, .events = POLLIN },
		{ .fd = sensor->reload.inotify_fd, .events = POLLIN },
		{ .fd = sensor->control_fd, .events = POLLIN },
		{ .fd = sensor->door.listen_fd, .events = POLLIN },
		{ .fd = sensor->door.coming_fd, .events = POLLIN },
		{ .fd = sensor->outputs.control_fd, .events = POLLIN },
	};

	if (poll(pfds, ARRAY_SIZE(pfds), timeout_ms) <= 0)
		return;
	if (pfds[2].revents)
		read_answer(sensor);
	if (pfds[3].revents || pfds[4].revents)
		let_watch(sensor);
	if (pfds[1].revents)
		reload_notice(&sensor->reload, now_ms());
	if (pfds[5].revents)
		read_output(sensor);
	if (pfds[0].revents)
		read_signals(sensor);
}

static void loop(struct sensor *sensor)
{
	struct duty duties[] = {
		{ CANARY_INTERVAL_MS, 0, send_canary },
		{ SOCKETS_INTERVAL_MS, now_ms() + SOCKETS_INTERVAL_MS, scan_sockets },
		{ BINARIES_INTERVAL_MS, now_ms() + BINARIES_INTERVAL_MS, register_binaries },
		{ ADDRESSES_INTERVAL_MS, 0, scan_addresses },
		{ HOOKS_INTERVAL_MS, 0, check_hooks },
		{ STATUS_INTERVAL_MS, 0, write_status },
		{ IDENTITIES_INTERVAL_MS, now_ms() + IDENTITIES_INTERVAL_MS, sweep_identities },
		{ SWEEP_INTERVAL_MS, now_ms() + SWEEP_INTERVAL_MS, sweep },
	};
	uint64_t now, next;
	int64_t due;

	while (!sensor->stop) {
		now = now_ms();
		next = now + SWEEP_INTERVAL_MS;
		for (size_t i = 0; i < ARRAY_SIZE(duties); i++) {
			if (now >= duties[i].next_ms) {
				duties[i].fn(sensor);
				duties[i].next_ms = now + duties[i].interval_ms;
			}
			if (duties[i].next_ms < next)
				next = duties[i].next_ms;
		}
		due = reload_due_ms(&sensor->reload, now);
		if (due == 0)
			change_rules(sensor);
		else if (due < 0 && !sensor->reload.coming)
			notify_reloaded(&sensor->notify);
		if (due > 0 && now + (uint64_t)due < next)
			next = now + (uint64_t)due;
		wait_for_news(sensor, due == 0 ? 0 : (int)(next - now));
	}
}

static void stop_engine(struct sensor *sensor)
{
	uint64_t end = now_ms() + ENGINE_STOP_MS;
	struct timespec pause = { .tv_nsec = 5000000 };
	int status;

	if (!sensor->engine.pid)
		return;
	tell_engine(sensor, CONTROL_STOP, 0);
	while (now_ms() < end) {
		if (waitpid(sensor->engine.pid, &status, WNOHANG) == sensor->engine.pid) {
			sensor->engine.pid = 0;
			if (WIFEXITED(status) && WEXITSTATUS(status) != EXIT_DONE)
				sensor->exit_code = WEXITSTATUS(status);
			return;
		}
		nanosleep(&pause, NULL);
	}
	log_message("sensor", "the engine does not end, killing it: its summary is missing");
	kill(sensor->engine.pid, SIGKILL);
	waitpid(sensor->engine.pid, &status, 0);
	sensor->exit_code = EXIT_INTERNAL;
}

/* After the engine: nobody says anything any more. */
static void stop_outputs(struct sensor *sensor)
{
	bool is_started = sensor->output.pid > 0 || sensor->output.falls > 0;

	outputs_stop(&sensor->outputs, &sensor->output.pid);
	if (is_started)
		outputs_print_summary(&sensor->outputs);
	if (sensor->exit_code == EXIT_DONE)
		write_status(sensor); /* for the file: the books are final */
	outputs_release(&sensor->outputs);
}

static void stop_child(struct child *child)
{
	if (child->pid <= 0)
		return;
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
}

static int exit_code_of(int r)
{
	return r == -EPERM ? EXIT_PRIVILEGES : r == -ENOTSUP || r == -EINVAL || r == -EACCES ? EXIT_KERNEL : EXIT_INTERNAL;
}

/* Before there is something to tell, and before there is something to inherit. */
static int open_outputs(struct sensor *sensor)
{
	const struct sensor_options *options = sensor->options;
	int r;

	r = outputs_init(&sensor->outputs, options->outputs, options->output_fds, options->n_outputs, run_dir(sensor));
	if (r < 0)
		return r == -EEXIST ? EXIT_USAGE : EXIT_INTERNAL;
	r = start_output(sensor);
	if (r < 0 && r != -ECANCELED)
		log_message("output", "cannot start the output process: %s", strerror(-r));
	return r < 0 ? EXIT_INTERNAL : EXIT_DONE;
}

static int start(struct sensor *sensor)
{
	struct live_error error = {};
	bool is_adopted = false;
	const char *missing;
	sigset_t signals;
	int code, r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	sensor->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (sensor->signal_fd < 0)
		return EXIT_INTERNAL;

	sandbox_raise();
	missing = sandbox_missing();
	if (missing) {
		log_message("sensor", "needs root, or CAP_BPF and CAP_PERFMON (with CAP_SYS_PTRACE and "
			    "CAP_DAC_READ_SEARCH for container names): %s missing, nothing is watched", missing);
		return EXIT_PRIVILEGES;
	}
	sensor->host_root_fd = open(host_root(sensor), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (sensor->host_root_fd < 0) {
		log_message("sensor", "cannot open %s, the host's root directory: %s", host_root(sensor),
			    strerror(errno));
		return EXIT_USAGE;
	}
	r = take_lock(sensor);
	if (r == -EWOULDBLOCK) {
		log_message("sensor", "another brigwatch watches this host already (%s/lock is locked)", run_dir(sensor));
		return EXIT_USAGE;
	}
	if (r < 0) {
		log_message("sensor", "cannot lock %s/lock: %s", run_dir(sensor), strerror(-r));
		return r == -EPERM || r == -EACCES ? EXIT_PRIVILEGES : EXIT_INTERNAL;
	}
	r = open_outputs(sensor);
	if (r != EXIT_DONE)
		return r;

	r = live_start(reload_wanted(sensor->options->rules),
		       rule_set_plain_types(sensor->options->rules), &sensor->live, &is_adopted,
		       &error);
	if (r < 0) {
		log_message("source", "%s", error.message[0] ? error.message : strerror(-r));
		/* The capabilities are there, as was asked above. */
		if ((r == -EPERM || r == -ENOSYS) && prctl(PR_GET_SECCOMP) == 2)
			log_message("source", "a seccomp filter holds for this process, which may refuse bpf() in spite of "
				    "CAP_BPF: the container runtime's default profile, if it is old (docs/kubernetes.md)");
		log_message("source", "nothing is watched; `brigwatch doctor` tells what this kernel allows");
		return exit_code_of(r);
	}
	if (!live_is_pinned(sensor->live))
		log_message("source", "no bpf file system at /sys/fs/bpf: hooks are not pinned, a killed agent leaves a gap");
	if (is_adopted)
		log_message("source", "took over the hooks of an agent that was killed; the rings hold what came meanwhile");
	sensor->status.data.is_adopted = is_adopted;
	sensor->status.data.is_pinned = live_is_pinned(sensor->live);
	register_binaries(sensor);
	register_helpers(sensor);
	if (reload_watch_names(sensor->live, sensor->options->rules) < 0)
		log_message("source",
			    "the lists of names to watch are too long: the rest is not watched");
	(void)live_scan_runtimes(sensor->live);
	(void)live_scan_sockets(sensor->live);
	malloc_trim(0);

	r = watch_door_open(&sensor->door, run_dir(sensor));
	if (r < 0)
		log_message("sensor", "no live view: cannot listen in %s: %s", run_dir(sensor), strerror(-r));
	start_readers(sensor);
	if (is_adopted)
		(void)live_scan_subjects(sensor->live);
	r = start_engine(sensor);
	if (r < 0) {
		log_message("sensor", "cannot start the engine: %s", strerror(-r));
		return EXIT_INTERNAL;
	}
	r = live_scan_subjects(sensor->live);
	if (r < 0)
		log_message("source", "cannot look at what runs already: %s, containers are learned as they act",
			    strerror(-r));
	code = open_server(sensor);
	if (code != EXIT_DONE)
		return code;
	r = sensor->options->metrics_file ? status_file_open(&sensor->metrics_file, sensor->options->metrics_file) : 0;
	if (r < 0) {
		log_message("status", "cannot write %s: its directory: %s", sensor->options->metrics_file, strerror(-r));
		return EXIT_INTERNAL;
	}
	r = sandbox_enter_sensor();
	if (r < 0)
		log_message("sensor", "cannot give up capabilities: %s, going on with all", strerror(-r));
	return EXIT_DONE;
}

int sensor_run(const struct sensor_options *options)
{
	struct sensor sensor = {
		.options = options,
		.engine.name = "engine",
		.reader = { .name = "reader", .without = "container names" },
		.resolver = { .name = "resolver", .without = "the objects of refused opens" },
		.server = { .name = "status", .without = "metrics and health" },
		.output.name = "output",
		.outputs.control_fd = -1,
		.control_fd = -1,
		.reader_engine_fd = -1,
		.reader_fd = -1,
		.resolver_engine_fd = -1,
		.resolver_fd = -1,
		.run_dir_fd = -1,
		.lock_fd = -1,
		.signal_fd = -1,
		.status_unix_fd = -1,
		.status_tcp_fd = -1,
		.host_root_fd = -1,
		.metrics_file = { .dir_fd = -1 },
		.door = { .listen_fd = -1, .coming_fd = -1 },
	};
	int r;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (options->hostname)
		snprintf(sensor.hostname, sizeof(sensor.hostname), "%s", options->hostname);
	else if (gethostname(sensor.hostname, sizeof(sensor.hostname) - 1) < 0)
		snprintf(sensor.hostname, sizeof(sensor.hostname), "localhost");
	r = own_init(&sensor.own, (uint32_t)getpid());
	if (r < 0)
		log_message("sensor", "cannot read /proc/self: %s, what the agent does is judged, too", strerror(-r));
	notify_init(&sensor.notify);
	r = sensor_status_init(&sensor.status, sensor.hostname);
	if (r < 0)
		log_message("sensor", "no memory for the status pages: %s, going on without metrics", strerror(-r));
	reload_init(&sensor.reload, &options->load, options->rules);
	sensor.exit_code = start(&sensor);
	if (sensor.exit_code == EXIT_DONE) {
		log_message("run", "watching with %zu rules (%.12s)", rule_set_len(options->rules),
			    rule_set_hash(options->rules));
		notify_ready(&sensor.notify, "watching");
		loop(&sensor);
	}
	notify_stopping(&sensor.notify);
	watch_door_close(&sensor.door);
	live_stop(sensor.live);		/* first the hooks, so that the books are final */
	stop_engine(&sensor);
	stop_outputs(&sensor);
	stop_child(&sensor.reader);
	stop_child(&sensor.resolver);
	stop_child(&sensor.server);
	close_server(&sensor);
	live_free(sensor.live);
	sensor_status_release(&sensor.status);
	status_file_close(&sensor.metrics_file);
	notify_release(&sensor.notify);
	reload_release(&sensor.reload);
	if (sensor.host_root_fd >= 0)
		close(sensor.host_root_fd);
	return sensor.exit_code;
}
