// SPDX-License-Identifier: Apache-2.0
/* The drivers against real sockets: what comes out is what went in, a receiver
 * that is slow or gone loses nothing that it was not given, and what cannot be is
 * told. (tests/outputs has rsyslogd, journald and HTTP servers.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <endian.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "agent/output_driver.h"
#include "agent/output_socket.h"

static char dir[] = "/tmp/brigwatch-drivers-XXXXXX";

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[160];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command); /* NOLINT */
}

static struct output_spec parse(const char *scheme, const char *target, const char *options)
{
	char text[300], error[OUTPUT_ERROR_MAX];
	struct output_spec spec;

	snprintf(text, sizeof(text), "%s%s%s", scheme, target, options);
	if (output_spec_parse(text, &spec, error) < 0 || output_spec_finish(&spec, SINK_JSON, error) < 0)
		fail_msg("%s: %s", text, error);
	spec.hostname = strdup("node 1");
	return spec;
}

/* 2026-07-01T12:34:56.123456789Z */
static struct outbox_record record_of(const char *text, uint64_t number)
{
	return (struct outbox_record){
		.wall_ns = 1782909296123456789ull,
		.number = number,
		.severity = 2,
		.labels = { [OUTBOX_RULE] = SLICE_LITERAL("BW-0103"), [OUTBOX_POD] = SLICE_LITERAL("a \"b\" \\ ]c") },
		.text = slice_from(text),
	};
}

static int listen_unix(const char *path, int type)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	unlink(path);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 8), 0);
	return fd;
}

/* On a free port, which goes to `ret_port`. */
static int listen_inet(int type, char ret_port[8])
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(addr);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &size), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 8), 0);
	snprintf(ret_port, 8, "%u", ntohs(addr.sin_port));
	return fd;
}

static void read_exactly(int fd, char *buf, size_t len)
{
	size_t off = 0;
	ssize_t n;

	while (off < len) {
		n = read(fd, buf + off, len - off);
		if (n <= 0)
			fail_msg("%zu of %zu bytes came: %s", off, len, n < 0 ? strerror(errno) : "end");
		off += (size_t)n;
	}
}

static void assert_read(int fd, const char *want)
{
	char buf[4096] = "";

	assert_true(strlen(want) < sizeof(buf));
	read_exactly(fd, buf, strlen(want));
	assert_string_equal(buf, want);
}

static void *open_driver(const struct output_driver *driver, const struct output_spec *spec)
{
	struct output_error error;
	void *state = NULL;

	if (driver->open(spec, -1, &state, &error) < 0)
		fail_msg("%s: %s", spec->name, error.text);
	return state;
}

static void assert_delivers(const struct output_driver *driver, void *output, const struct outbox_record *records,
			    unsigned int n)
{
	struct output_error error = { .text = "" };
	int r = driver->deliver(output, records, n, &error);

	if (r != (int)n)
		fail_msg("%d: %s", r, error.text);
}

static void test_unix_stream(void **state)
{
	struct output_spec spec = parse("unix:", path_of("s"), "");
	int server = listen_unix(spec.target, SOCK_STREAM), client;
	struct outbox_record records[] = { record_of("{\"a\":1}\n", 1), record_of("{\"a\":2}\n", 2) };
	void *output = open_driver(&output_unix, &spec);
	struct output_error error;

	(void)state;
	client = accept(server, NULL, NULL);
	assert_delivers(&output_unix, output, records, 2);
	assert_read(client, "{\"a\":1}\n{\"a\":2}\n");

	/* A receiver that starts anew gets the next alert, without a call of open(). */
	close(client);
	assert_delivers(&output_unix, output, &records[1], 1);
	client = accept(server, NULL, NULL);
	assert_read(client, "{\"a\":2}\n");

	/* Nobody there: said, and tried again at the next call. */
	close(client);
	close(server);
	unlink(spec.target);
	assert_int_equal(output_unix.deliver(output, records, 1, &error), -ENOENT);
	assert_non_null(strstr(error.text, spec.target));
	assert_false(error.is_final);
	server = listen_unix(spec.target, SOCK_STREAM);
	assert_delivers(&output_unix, output, records, 1);
	client = accept(server, NULL, NULL);
	assert_read(client, "{\"a\":1}\n");
	close(client);
	close(server);
	output_unix.close(output);
	output_spec_release(&spec);
}

/* A receiver that stops reading within a line, then goes on: each line whole and
 * once. */
static void test_unix_stream_slow(void **state)
{
	struct output_spec spec = parse("unix:", path_of("slow"), "");
	int server = listen_unix(spec.target, SOCK_STREAM), client;
	const size_t len = 600000;
	char *large = malloc(len + 2), *got = malloc(2 * len + 2);
	struct outbox_record records[2];
	struct output_error error;
	void *output;
	int64_t start;

	(void)state;
	memset(large, 'x', len);
	memcpy(large + len, "\n", 2);
	records[0] = record_of(large, 7);
	records[1] = record_of("last\n", 8);
	output = open_driver(&output_unix, &spec);
	client = accept(server, NULL, NULL);

	start = output_now_ms();
	assert_int_equal(output_unix.deliver(output, records, 2, &error), -EAGAIN);
	assert_true(output_now_ms() - start < OUTPUT_WAIT_MS + 900);

	/* It comes again, and only its rest goes out. */
	read_exactly(client, got, 100000);
	assert_int_equal(fcntl(client, F_SETFL, O_NONBLOCK), 0);
	for (size_t off = 100000; off < len + 1;) {
		ssize_t n = read(client, got + off, 2 * len - off);

		if (n > 0)
			off += (size_t)n;
		else if (output_unix.deliver(output, records, 1, &error) == 1)
			records[0] = records[1];
	}
	assert_int_equal(fcntl(client, F_SETFL, 0), 0);
	if (records[0].number == 7)
		assert_delivers(&output_unix, output, records, 1);
	assert_delivers(&output_unix, output, &records[1], 1);
	assert_memory_equal(got, large, len);
	close(client);
	close(server);
	output_unix.close(output);
	output_spec_release(&spec);
	free(large);
	free(got);
}

static void test_unix_datagram(void **state)
{
	struct output_spec spec = parse("unixgram:", path_of("d"), "");
	struct outbox_record records[] = { record_of("one\n", 1), record_of("two\n", 2) };
	int server = listen_unix(spec.target, SOCK_DGRAM);
	struct output_error error;
	char buf[64] = "", *large = calloc(1, 1 << 20);
	void *output = open_driver(&output_unixgram, &spec);

	(void)state;
	assert_delivers(&output_unixgram, output, records, 2);
	assert_int_equal(recv(server, buf, sizeof(buf), 0), 3);
	assert_int_equal(recv(server, buf, sizeof(buf), 0), 3);
	assert_memory_equal(buf, "two", 3);

	/* What never fits is final: the next one goes on. */
	memset(large, 'x', (1 << 20) - 1);
	records[0] = record_of(large, 3);
	assert_int_equal(output_unixgram.deliver(output, records, 1, &error), -EMSGSIZE);
	assert_true(error.is_final);

	close(server);
	assert_int_equal(output_unixgram.deliver(output, &records[1], 1, &error), -ECONNREFUSED);
	assert_false(error.is_final);
	output_unixgram.close(output);
	assert_true(output_unixgram.closes_on_error);
	output_spec_release(&spec);

	/* The wrong kind of socket is told by name. */
	spec = parse("unixgram:", path_of("stream"), "");
	server = listen_unix(spec.target, SOCK_STREAM);
	assert_int_equal(output_unixgram.open(&spec, -1, &output, &error), -EPROTOTYPE);
	assert_non_null(strstr(error.text, "use unix:"));
	close(server);
	output_spec_release(&spec);
	free(large);
}

#define HEAD_AND_DATA                                                                                                  \
	"1 2026-07-01T12:34:56.123456Z node_1 brigwatch %d BW-0103 [meta sequenceId=\"%u\"]"                           \
	"[origin software=\"brigwatch\" swVersion=\"" BRIGWATCH_VERSION "\"]"                                          \
	"[brigwatch@32473 rule=\"BW-0103\" pod=\"a \\\"b\\\" \\\\ \\]c\"] %s"

static void test_syslog_datagrams(void **state)
{
	static const struct {
		const char *name, *scheme, *options;
		bool is_inet;
		unsigned int priority;
	} cases[] = {
		{ "local", "syslog:", "", false, 10 * 8 + 2 },
		{ "udp", "syslog:udp://127.0.0.1:", ",facility=local0", true, 16 * 8 + 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct outbox_record record = record_of("{\"a\":1}\n", 4000000000u);
		char port[8], buf[2000] = "", want[2000];
		struct output_spec spec;
		void *output;
		int server;

		server = cases[i].is_inet ? listen_inet(SOCK_DGRAM, port) : listen_unix(path_of("log"), SOCK_DGRAM);
		spec = parse(cases[i].scheme, cases[i].is_inet ? port : path_of("log"), cases[i].options);
		output = open_driver(&output_syslog, &spec);
		assert_delivers(&output_syslog, output, &record, 1);
		assert_true(recv(server, buf, sizeof(buf) - 1, 0) > 0);
		snprintf(want, sizeof(want), "<%u>" HEAD_AND_DATA, cases[i].priority, (int)getpid(), 1852516353u, "{\"a\":1}");
		if (strcmp(buf, want) != 0)
			fail_msg("%s: %s\nnot %s", cases[i].name, buf, want);

		/* The daemon starts anew: alerts find the new one. */
		close(server);
		if (!cases[i].is_inet) {
			struct output_error error;

			assert_int_equal(output_syslog.deliver(output, &record, 1, &error), -ECONNREFUSED);
			server = listen_unix(path_of("log"), SOCK_DGRAM);
			assert_delivers(&output_syslog, output, &record, 1);
			assert_true(recv(server, buf, sizeof(buf) - 1, 0) > 0);
			close(server);
		}
		output_syslog.close(output);
		output_spec_release(&spec);
	}
}

static void test_syslog_old(void **state)
{
	struct outbox_record record = record_of("text\n", 1);
	struct output_spec spec = parse("syslog:", path_of("old"), ",rfc=3164,facility=daemon");
	int server = listen_unix(spec.target, SOCK_DGRAM);
	void *output = open_driver(&output_syslog, &spec);
	char port[8], buf[200] = "", want[200];

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	assert_delivers(&output_syslog, output, &record, 1);
	assert_true(recv(server, buf, sizeof(buf) - 1, 0) > 0);
	snprintf(want, sizeof(want), "<26>Jul  1 12:34:56 brigwatch[%d]: text", (int)getpid());
	assert_string_equal(buf, want);
	output_syslog.close(output);
	output_spec_release(&spec);
	close(server);

	server = listen_inet(SOCK_DGRAM, port);
	spec = parse("syslog:udp://localhost:", port, ",rfc=3164,facility=daemon");
	output = open_driver(&output_syslog, &spec);
	assert_delivers(&output_syslog, output, &record, 1);
	memset(buf, 0, sizeof(buf));
	assert_true(recv(server, buf, sizeof(buf) - 1, 0) > 0);
	snprintf(want, sizeof(want), "<26>Jul  1 12:34:56 node_1 brigwatch[%d]: text", (int)getpid());
	assert_string_equal(buf, want);
	output_syslog.close(output);
	output_spec_release(&spec);
	close(server);
}

/* A closed port of this host is known at once, even over UDP. */
static void test_syslog_udp_refused(void **state)
{
	struct outbox_record record = record_of("x\n", 1);
	struct output_error error;
	struct output_spec spec;
	void *output;
	char port[8], *large = malloc(70001);

	(void)state;
	close(listen_inet(SOCK_DGRAM, port));
	spec = parse("syslog:udp://127.0.0.1:", port, "");
	output = open_driver(&output_syslog, &spec);
	assert_int_equal(output_syslog.deliver(output, &record, 1, &error), -ECONNREFUSED);
	assert_false(error.is_final);
	memset(large, 'x', 70000);
	large[70000] = '\0';
	record = record_of(large, 2);
	assert_int_equal(output_syslog.deliver(output, &record, 1, &error), -EMSGSIZE);
	assert_true(error.is_final);
	output_syslog.close(output);
	output_spec_release(&spec);
	free(large);
}

static void test_syslog_streams(void **state)
{
	struct outbox_record records[] = { record_of("{\"a\":1}\n", 1), record_of("{\"a\":2}\n", 2) };
	char port[8], message[2000], want[4100];
	int server = listen_inet(SOCK_STREAM, port), client, len;
	struct output_spec spec = parse("syslog:tcp://127.0.0.1:", port, "");
	void *output = open_driver(&output_syslog, &spec);

	(void)state;
	/* TCP: the length goes before the message. */
	client = accept(server, NULL, NULL);
	assert_delivers(&output_syslog, output, records, 2);
	len = snprintf(message, sizeof(message), "<82>" HEAD_AND_DATA, (int)getpid(), 1u, "{\"a\":1}");
	snprintf(want, sizeof(want), "%d %s%d <82>" HEAD_AND_DATA, len, message, len, (int)getpid(), 2u, "{\"a\":2}");
	assert_read(client, want);

	/* The server went away while nothing was sent: the next alert is not lost to it. */
	close(client);
	usleep(50000);
	assert_delivers(&output_syslog, output, records, 1);
	client = accept(server, NULL, NULL);
	snprintf(want, sizeof(want), "%d %s", len, message);
	assert_read(client, want);
	close(client);
	close(server);
	output_syslog.close(output);
	output_spec_release(&spec);

	/* A local stream: lines. */
	server = listen_unix(path_of("stream"), SOCK_STREAM);
	spec = parse("syslog:", path_of("stream"), "");
	output = open_driver(&output_syslog, &spec);
	client = accept(server, NULL, NULL);
	assert_delivers(&output_syslog, output, records, 1);
	snprintf(want, sizeof(want), "%s\n", message);
	assert_read(client, want);
	close(client);
	close(server);
	output_syslog.close(output);
	output_spec_release(&spec);
}

static void test_nobody_there(void **state)
{
	static const struct { const char *text; const struct output_driver *driver; int want; } cases[] = {
		{ "unix:/nowhere/s", &output_unix, -ENOENT },
		{ "unixgram:/nowhere/s", &output_unixgram, -ENOENT },
		{ "syslog:/nowhere/s", &output_syslog, -ENOENT },
		{ "syslog:tcp://127.0.0.1:1", &output_syslog, -ECONNREFUSED },
		{ "journald:/nowhere/s", &output_journald, -ENOENT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct output_spec spec = parse("", cases[i].text, "");
		struct output_error error;
		void *output = NULL;
		int r = cases[i].driver->open(&spec, -1, &output, &error);

		if (r != cases[i].want || output || error.error != -r || error.is_final || error.is_gone ||
		    !strstr(error.text, strerror(-r)))
			fail_msg("%s: %d: %s", cases[i].text, r, error.text);
		output_spec_release(&spec);
	}
}

/* ---- journald's protocol, read as journald reads it ---- */

/* The value of `key` within an entry; its length in *ret_len. */
static const char *entry_field(const char *entry, size_t len, const char *key, size_t *ret_len)
{
	const char *p = entry, *end = entry + len, *stop;
	uint64_t size;

	while (p < end) {
		size_t key_len = strcspn(p, "=\n");
		bool is_it = key_len == strlen(key) && memcmp(p, key, key_len) == 0;

		p += key_len;
		if (*p++ == '=') {
			stop = memchr(p, '\n', (size_t)(end - p));
			assert_non_null(stop);
		} else {
			memcpy(&size, p, sizeof(size));
			p += sizeof(size);
			stop = p + le64toh(size);
			assert_true(stop < end && *stop == '\n');
		}
		*ret_len = (size_t)(stop - p);
		if (is_it)
			return p;
		p = stop + 1;
	}
	return NULL;
}

static void assert_field(const char *entry, size_t len, const char *key, const char *want)
{
	size_t got_len = 0;
	const char *got = entry_field(entry, len, key, &got_len);

	if (!got || got_len != strlen(want) || memcmp(got, want, got_len) != 0)
		fail_msg("%s: '%.*s', not '%s'", key, (int)(got ? got_len : 0), got ? got : "", want);
}

static int receive_descriptor(int socket)
{
	char control[CMSG_SPACE(sizeof(int))], data[16];
	struct iovec iov = { data, sizeof(data) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	int fd;

	assert_int_equal(recvmsg(socket, &message, 0), 0);
	assert_non_null(CMSG_FIRSTHDR(&message));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static void test_journald(void **state)
{
	struct output_spec spec = parse("journald:", path_of("journal"), ",facility=4");
	struct outbox_record record = record_of("{\"a\":1}\n", 5);
	int server = listen_unix(spec.target, SOCK_DGRAM), fd;
	const size_t large_len = 1 << 20;
	char buf[4096], *large = malloc(large_len + 1), *map;
	void *output = open_driver(&output_journald, &spec);
	struct stat st;
	ssize_t n;

	(void)state;
	assert_delivers(&output_journald, output, &record, 1);
	n = recv(server, buf, sizeof(buf), 0);
	assert_true(n > 0);
	assert_field(buf, (size_t)n, "MESSAGE", "{\"a\":1}");
	assert_field(buf, (size_t)n, "PRIORITY", "2");
	assert_field(buf, (size_t)n, "SYSLOG_FACILITY", "4");
	assert_field(buf, (size_t)n, "SYSLOG_IDENTIFIER", "brigwatch");
	assert_field(buf, (size_t)n, "BRIGWATCH_RULE", "BW-0103");
	assert_field(buf, (size_t)n, "BRIGWATCH_POD", "a \"b\" \\ ]c");

	/* Several lines take the other form. */
	record = record_of("two\nPRIORITY=0\nlines\n", 6);
	assert_delivers(&output_journald, output, &record, 1);
	n = recv(server, buf, sizeof(buf), 0);
	assert_field(buf, (size_t)n, "MESSAGE", "two\nPRIORITY=0\nlines");
	assert_field(buf, (size_t)n, "PRIORITY", "2");

	/* Too large for a datagram: a sealed file. */
	memset(large, 'x', large_len);
	large[large_len] = '\0';
	record = record_of(large, 7);
	assert_delivers(&output_journald, output, &record, 1);
	fd = receive_descriptor(server);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true((fcntl(fd, F_GET_SEALS) & (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)) ==
		    (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL));
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(map != MAP_FAILED);
	assert_field(map, (size_t)st.st_size, "MESSAGE", large);
	assert_field(map, (size_t)st.st_size, "BRIGWATCH_NUMBER", "7");
	munmap(map, (size_t)st.st_size);
	close(fd);
	close(server);
	output_journald.close(output);
	output_spec_release(&spec);
	free(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unix_stream),	   cmocka_unit_test(test_unix_stream_slow),
		cmocka_unit_test(test_unix_datagram),	   cmocka_unit_test(test_syslog_datagrams),
		cmocka_unit_test(test_syslog_old),
		cmocka_unit_test(test_syslog_udp_refused), cmocka_unit_test(test_syslog_streams),
		cmocka_unit_test(test_nobody_there),	   cmocka_unit_test(test_journald),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
