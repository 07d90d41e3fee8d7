// SPDX-License-Identifier: Apache-2.0
#include "agent/status_server.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "agent/log.h"
#include "agent/sandbox.h"
#include "agent/status_http.h"

#define LIBRARY "libmicrohttpd.so.12"
#define TICK_MS 200		   /* how often slow connections are looked for, while there are any */
#define EVICT_MS 1000		   /* so long a connection may stay when others wait for its place */
#define IDLE_SECONDS 3u

/* What is used of the library. */
static struct {
	__typeof__(MHD_start_daemon) *start;
	__typeof__(MHD_get_daemon_info) *info;
	__typeof__(MHD_get_connection_info) *connection_info;
	__typeof__(MHD_get_timeout) *timeout;
	__typeof__(MHD_run) *run;
	__typeof__(MHD_create_response_from_buffer) *response;
	__typeof__(MHD_add_response_header) *header;
	__typeof__(MHD_queue_response) *queue;
	__typeof__(MHD_destroy_response) *destroy;
} mhd;

struct connection {
	int fd;
	uint64_t since_ns; /* 0: free */
	bool is_cut;
};

struct server;

/* One listening socket. */
struct door {
	struct server *server;
	struct MHD_Daemon *daemon;
	int epoll_fd;
	bool is_local;
	struct connection connections[STATUS_CONNECTIONS_MAX];
};

struct server {
	struct view_sources from;
	struct status_page *engine, *sensor;
	struct view view;
	struct door doors[2];
	size_t n_doors;
};

static int load_library(void)
{
	void *lib = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	const struct {
		void *to;
		const char *name;
	} symbols[] = {
		{ &mhd.start, "MHD_start_daemon" },
		{ &mhd.info, "MHD_get_daemon_info" },
		{ &mhd.connection_info, "MHD_get_connection_info" },
		{ &mhd.timeout, "MHD_get_timeout" },
		{ &mhd.run, "MHD_run" },
		{ &mhd.response, "MHD_create_response_from_buffer" },
		{ &mhd.header, "MHD_add_response_header" },
		{ &mhd.queue, "MHD_queue_response" },
		{ &mhd.destroy, "MHD_destroy_response" },
	};

	if (!lib)
		return -ENOPKG;
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		void *symbol = dlsym(lib, symbols[i].name);

		if (!symbol)
			return -ENOPKG;
		memcpy(symbols[i].to, &symbol, sizeof(symbol));
	}
	return 0;
}

/* ---- requests */

static enum MHD_Result send_answer(struct MHD_Connection *to, struct http_answer *answer)
{
	static char empty[] = "";
	struct MHD_Response *response;
	enum MHD_Result result;

	/* It frees the body, if there is one, even when it fails. */
	response = answer->body ? mhd.response(answer->len, answer->body, MHD_RESPMEM_MUST_FREE)
				: mhd.response(0, empty, MHD_RESPMEM_PERSISTENT);
	if (!response)
		return MHD_NO;
	(void)mhd.header(response, "Content-Type", answer->type);
	(void)mhd.header(response, "Cache-Control", "no-store");
	(void)mhd.header(response, "X-Content-Type-Options", "nosniff");
	/* Places are few: one request, and the next client. */
	(void)mhd.header(response, "Connection", "close");
	if (answer->code == 405)
		(void)mhd.header(response, "Allow", "GET, HEAD");
	result = mhd.queue(to, answer->code, response);
	mhd.destroy(response);
	return result;
}

/* Called with the head of a request, then again for each part of a body, which
 * nobody wants, and at its end. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *path, const char *method,
				  const char *version, const char *body, size_t *body_len, void **request)
{
	struct door *door = cls;
	struct http_answer answer;
	bool is_read = !strcmp(method, "GET") || !strcmp(method, "HEAD");

	(void)version;
	(void)body;
	if (!*request && is_read) {
		*request = door;
		return MHD_YES;
	}
	if (*body_len) {
		*body_len = 0;
		return MHD_YES;
	}
	http_answer(&door->server->from, &door->server->view, method, path, door->is_local, &answer);
	return send_answer(connection, &answer);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *info;
	struct door *door = cls;
	struct connection *slot = *context;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (slot)
			slot->since_ns = 0;
		return;
	}
	info = mhd.connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	for (size_t i = 0; info && i < STATUS_CONNECTIONS_MAX; i++) {
		slot = &door->connections[i];
		if (slot->since_ns)
			continue;
		*slot = (struct connection){ .fd = info->connect_fd, .since_ns = status_now() };
		*context = slot;
		return;
	}
}

/* ---- time */

/* The library sees the end of such a connection and closes it. */
static void cut(struct door *door, struct connection *slot)
{
	shutdown(slot->fd, SHUT_RDWR);
	slot->is_cut = true;
	door->server->view.http.cut++;
}

/* A client that sends a byte now and then is never idle, so the library lets it
 * stay. True: there are connections to look after. */
static bool look_after(struct door *door)
{
	struct connection *oldest = NULL;
	uint64_t now = status_now();
	size_t n = 0;

	for (size_t i = 0; i < STATUS_CONNECTIONS_MAX; i++) {
		struct connection *slot = &door->connections[i];

		if (!slot->since_ns)
			continue;
		n++;
		if (slot->is_cut)
			continue;
		if (now - slot->since_ns > STATUS_CONNECTION_MS * 1000000ull)
			cut(door, slot);
		else if (!oldest || slot->since_ns < oldest->since_ns)
			oldest = slot;
	}
	if (n == STATUS_CONNECTIONS_MAX && oldest && now - oldest->since_ns > EVICT_MS * 1000000ull)
		cut(door, oldest);
	return n > 0;
}

static int serve(struct server *server)
{
	struct pollfd pfds[ARRAY_SIZE(server->doors)] = {};

	for (;;) {
		int timeout_ms = -1;

		for (size_t i = 0; i < server->n_doors; i++) {
			MHD_UNSIGNED_LONG_LONG wait;

			pfds[i] = (struct pollfd){ .fd = server->doors[i].epoll_fd, .events = POLLIN };
			if (look_after(&server->doors[i]))
				timeout_ms = TICK_MS;
			if (mhd.timeout(server->doors[i].daemon, &wait) == MHD_YES && (timeout_ms < 0 || wait < (unsigned int)timeout_ms))
				timeout_ms = (int)(wait < TICK_MS ? wait : TICK_MS);
		}
		if (poll(pfds, server->n_doors, timeout_ms) < 0 && errno != EINTR)
			return -errno;
		for (size_t i = 0; i < server->n_doors; i++)
			if (mhd.run(server->doors[i].daemon) != MHD_YES)
				return -EIO;
	}
}

/* ---- start */

static int open_door(struct server *server, int fd, bool is_local)
{
	struct door *door = &server->doors[server->n_doors];
	const union MHD_DaemonInfo *info;

	if (fd < 0)
		return 0;
	*door = (struct door){ .server = server, .is_local = is_local };
	door->daemon = mhd.start(MHD_USE_EPOLL, 0, NULL, NULL, on_request, door, MHD_OPTION_LISTEN_SOCKET, fd,
				 MHD_OPTION_CONNECTION_LIMIT, STATUS_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
				 is_local ? 0u : STATUS_CONNECTIONS_PER_ADDRESS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				 (size_t)STATUS_CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
				 MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION, on_connection, door,
				 MHD_OPTION_END);
	info = door->daemon ? mhd.info(door->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info)
		return -EIO;
	door->epoll_fd = info->listen_fd;
	server->n_doors++;
	return 0;
}

static int open_sources(const struct status_server_config *config, struct server *server)
{
	int r;

	r = status_page_read(config->engine_fd, STATUS_OF_ENGINE, &server->engine);
	if (r == 0)
		r = status_page_read(config->sensor_fd, STATUS_OF_SENSOR, &server->sensor);
	server->from.engine = server->engine;
	server->from.sensor = server->sensor;
	server->from.outputs = config->outputs;
	server->from.n_outputs = config->n_outputs;
	return r;
}

/* Descriptors of the sensor: rings, programs, links. Only two are needed here. */
enum { UNIX_FD = 3, TCP_FD, READY_FD, KEEP_FD };

static int keep_descriptors(int *unix_fd, int *tcp_fd, int *ready_fd)
{
	int *fds[] = { unix_fd, tcp_fd, ready_fd };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		return -errno;
	/* Away from the numbers that they are to have, then there. */
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (*fds[i] >= 0 && (*fds[i] = fcntl(*fds[i], F_DUPFD_CLOEXEC, KEEP_FD)) < 0)
			return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		int to = UNIX_FD + (int)i;

		if (*fds[i] < 0)
			close(to);
		else if (dup3(*fds[i], to, O_CLOEXEC) < 0)
			return -errno;
		else
			*fds[i] = to;
	}
	return close_range(KEEP_FD, ~0u, 0) < 0 ? -errno : 0;
}

static int prepare(const struct status_server_config *config, pid_t parent, int *ready_fd, struct server *server)
{
	int unix_fd = config->unix_fd, tcp_fd = config->tcp_fd;
	int r;

	r = load_library();
	if (r == 0)
		r = open_sources(config, server);
	if (r == 0)
		r = keep_descriptors(&unix_fd, &tcp_fd, ready_fd);
	if (r == 0)
		r = sandbox_enter_status(parent);
	if (r < 0)
		return r;
	r = open_door(server, unix_fd, true);
	return r < 0 ? r : open_door(server, tcp_fd, false);
}

static void __attribute__((noreturn))
child(const struct status_server_config *config, int ready_fd, pid_t parent)
{
	struct server *server = calloc(1, sizeof(*server));
	sigset_t none;
	int r;

	prctl(PR_SET_NAME, "brigwatch-stat");
	if (config->shed)
		config->shed(config->shed_arg);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	signal(SIGINT, SIG_IGN); /* the terminal's is for the sensor */
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	r = server ? prepare(config, parent, &ready_fd, server) : -ENOMEM;
	if (write(ready_fd, &r, sizeof(r)) != sizeof(r) || r < 0)
		_exit(1);
	close(ready_fd);
	r = serve(server);
	log_message("status", "cannot go on: %s", strerror(-r));
	_exit(1);
}

int status_server_spawn(const struct status_server_config *config, pid_t *ret_pid)
{
	pid_t parent = getpid(), pid;
	int ready[2], r = -ECHILD;
	ssize_t n;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		child(config, ready[1], parent);
	r = pid < 0 ? -errno : -ECHILD;
	close(ready[1]);
	if (pid > 0) {
		do
			n = read(ready[0], &r, sizeof(r));
		while (n < 0 && errno == EINTR);
		if (n != sizeof(r))
			r = -ECHILD; /* it died before it could say why */
	}
	close(ready[0]);
	if (r == 0) {
		*ret_pid = pid;
		return 0;
	}
	if (pid > 0) {
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	return r;
}
