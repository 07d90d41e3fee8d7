/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts by POST, with libcurl. It is loaded when the first such output opens, in
 * the output process only: who posts nothing carries neither it nor the TLS
 * library behind it. Whatever a server says back is not read beyond its status.
 *
 * 2xx: taken. 408, 429, 5xx and everything that goes wrong on the way: again, after
 * Retry-After where the server gives one. Other answers are final for a record; a
 * batch is first tried without what follows its first, so that one that the server
 * cannot take does not take others with it. Redirects are not followed: alerts go
 * where they were sent. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>

#include "agent/output_socket.h"

/* The macros that check arguments would name the library's functions. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

#define HEADERS_MAX (64u << 10) /* bytes of the file of header lines */
#define ANSWER_MAX (64u << 10)	/* of an answer; a longer one is cut off */
#define RETRY_AFTER_MAX_S 3600

static struct {
	CURLcode (*global_init)(long flags);
	CURL *(*init)(void);
	CURLcode (*setopt)(CURL *curl, CURLoption option, ...);
	CURLcode (*perform)(CURL *curl);
	CURLcode (*getinfo)(CURL *curl, CURLINFO info, ...);
	void (*cleanup)(CURL *curl);
	const char *(*strerror)(CURLcode code);
	struct curl_slist *(*append)(struct curl_slist *list, const char *line);
	void (*free_all)(struct curl_slist *list);
	const char *missing; /* why not; NULL: all are there */
} lib;

struct http_output {
	const struct output_spec *spec;
	CURL *curl;
	struct curl_slist *headers;
	size_t answered; /* bytes of this answer */
	char error[CURL_ERROR_SIZE];
};

/* ---- the library ---- */

static void *find(void *handle, const char *name)
{
	void *symbol = dlsym(handle, name);

	if (!symbol)
		lib.missing = "the libcurl that is installed is too old";
	return symbol;
}

/* Objects and functions have one kind of address here; ISO C does not say so. */
#define FIND(handle, member, name) (*(void **)&lib.member = find(handle, name))

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load_library(void)
{
	/* GnuTLS' build first: it is the one that smaller systems have anyway. */
	static const char *const names[] = { "libcurl-gnutls.so.4", "libcurl.so.4" };
	void *handle = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names) && !handle; i++)
		handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!handle) {
		lib.missing = "libcurl is not installed (Debian: libcurl3-gnutls or libcurl4)";
		return;
	}
	FIND(handle, global_init, "curl_global_init");
	FIND(handle, init, "curl_easy_init");
	FIND(handle, setopt, "curl_easy_setopt");
	FIND(handle, perform, "curl_easy_perform");
	FIND(handle, getinfo, "curl_easy_getinfo");
	FIND(handle, cleanup, "curl_easy_cleanup");
	FIND(handle, strerror, "curl_easy_strerror");
	FIND(handle, append, "curl_slist_append");
	FIND(handle, free_all, "curl_slist_free_all");
	if (!lib.missing && lib.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		lib.missing = "libcurl does not start";
}

/* ---- headers ---- */

static int read_file(const char *path, char *buf, size_t size)
{
	cleanup_close int fd = -1;
	size_t len = 0;
	struct stat st;
	ssize_t n;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	while (len < size && (n = read(fd, buf + len, size - len)) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		len += n > 0 ? (size_t)n : 0;
	}
	if (len == size)
		return -EFBIG;
	buf[len] = '\0';
	return memchr(buf, '\0', len) ? -EINVAL : 0;
}

static int add_header(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = lib.append(*list, line);

	if (!longer)
		return -ENOMEM;
	*list = longer;
	return 0;
}

/* "Name: value", nothing that would end the line early. */
static bool is_header(const char *line)
{
	const char *colon = strchr(line, ':');

	if (!colon || colon == line)
		return false;
	for (const char *p = line; *p; p++)
		if ((unsigned char)*p < (p < colon ? '!' : ' ') && *p != '\t')
			return false;
	return true;
}

/* One a line; empty ones and those that begin with # say nothing. */
static int add_lines(const struct output_spec *spec, struct curl_slist **list, char *text, struct output_error *ret_error)
{
	unsigned int number = 0;
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		number++;
		line[strcspn(line, "\r")] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (!is_header(line)) /* it may hold a secret: not shown */
			return output_fail(ret_error, EINVAL, "%s: line %u of %s is no header (Name: value)", spec->name,
					   number, spec->headers);
		if (add_header(list, line) < 0)
			return output_fail(ret_error, ENOMEM, "%s: out of memory", spec->name);
	}
	return 0;
}

static int add_file(const struct output_spec *spec, struct curl_slist **list, struct output_error *ret_error)
{
	cleanup_free char *text = malloc(HEADERS_MAX + 1);
	int r;

	if (!text)
		return output_fail(ret_error, ENOMEM, "%s: out of memory", spec->name);
	r = read_file(spec->headers, text, HEADERS_MAX);
	if (r < 0)
		output_fail(ret_error, -r, "%s: cannot read the headers in %s: %s", spec->name, spec->headers, strerror(-r));
	else
		r = add_lines(spec, list, text, ret_error);
	explicit_bzero(text, HEADERS_MAX);
	return r;
}

static int make_headers(const struct output_spec *spec, struct curl_slist **ret, struct output_error *ret_error)
{
	struct curl_slist *list = NULL;
	int r;

	r = add_header(&list, spec->format == SINK_TEXT ? "Content-Type: text/plain; charset=utf-8" :
							  "Content-Type: application/json");
	if (r == 0) /* no question before the body */
		r = add_header(&list, "Expect:");
	if (r < 0)
		output_fail(ret_error, ENOMEM, "%s: out of memory", spec->name);
	else if (spec->headers)
		r = add_file(spec, &list, ret_error);
	if (r < 0) {
		lib.free_all(list);
		return r;
	}
	*ret = list;
	return 0;
}

/* ---- requests ---- */

/* Nobody reads it; one without end is cut off. */
static size_t on_answer(char *data, size_t size, size_t n, void *arg)
{
	struct http_output *output = arg;

	(void)data;
	output->answered += size * n;
	return output->answered > ANSWER_MAX ? 0 : size * n;
}

static void close_output(void *state)
{
	struct http_output *output = state;

	if (output->curl)
		lib.cleanup(output->curl);
	lib.free_all(output->headers);
	free(output);
}

static CURLcode set_protocols(CURL *curl)
{
	CURLcode code = lib.setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");

	if (code == CURLE_UNKNOWN_OPTION) /* before 7.85 */
		code = lib.setopt(curl, (CURLoption)181 /* CURLOPT_PROTOCOLS */, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
	return code;
}

/* What stays the same. */
static CURLcode set_options(struct http_output *output)
{
	const struct output_spec *spec = output->spec;
	CURL *curl = output->curl;
	CURLcode code = set_protocols(curl);

	if (code == CURLE_OK)
		code = lib.setopt(curl, CURLOPT_URL, spec->target);
	if (code == CURLE_OK)
		code = lib.setopt(curl, CURLOPT_NOSIGNAL, 1L);
	if (code == CURLE_OK)
		code = lib.setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	if (code == CURLE_OK)
		code = lib.setopt(curl, CURLOPT_TIMEOUT_MS, (long)spec->timeout_ms);
	if (code == CURLE_OK)
		code = lib.setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)spec->timeout_ms);
	if (code == CURLE_OK)
		code = lib.setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	if (code == CURLE_OK)
		code = lib.setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	if (code == CURLE_OK && spec->ca)
		code = lib.setopt(curl, CURLOPT_CAINFO, spec->ca);
	if (code == CURLE_OK)
		code = lib.setopt(curl, CURLOPT_USERAGENT, "brigwatch/" BRIGWATCH_VERSION);
	if (code == CURLE_OK)
		code = lib.setopt(curl, CURLOPT_ERRORBUFFER, output->error);
	if (code == CURLE_OK)
		code = lib.setopt(curl, CURLOPT_WRITEFUNCTION, on_answer);
	if (code == CURLE_OK)
		code = lib.setopt(curl, CURLOPT_WRITEDATA, output);
	if (code == CURLE_OK)
		code = lib.setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
	return code == CURLE_OK ? lib.setopt(curl, CURLOPT_POST, 1L) : code;
}

/* After SIGHUP a token may be another. */
static int reopen(void *state, struct output_error *ret_error)
{
	struct http_output *output = state;
	struct curl_slist *headers = NULL;
	int r;

	r = make_headers(output->spec, &headers, ret_error);
	if (r < 0)
		return r;
	lib.free_all(output->headers);
	output->headers = headers;
	return 0;
}

static int open_output(const struct output_spec *spec, int fd, void **ret_state, struct output_error *ret_error)
{
	struct http_output *output;
	CURLcode code;
	int r;

	(void)fd;
	pthread_once(&once, load_library);
	if (lib.missing)
		return output_fail(ret_error, ENOPKG, "%s: %s", spec->name, lib.missing);
	output = calloc(1, sizeof(*output));
	if (!output)
		return output_fail(ret_error, ENOMEM, "%s: out of memory", spec->name);
	output->spec = spec;
	output->curl = lib.init();
	if (!output->curl) {
		close_output(output);
		return output_fail(ret_error, ENOMEM, "%s: out of memory", spec->name);
	}
	code = set_options(output);
	r = code == CURLE_OK ? reopen(output, ret_error) :
			       output_fail(ret_error, EINVAL, "%s: libcurl: %s", spec->name, lib.strerror(code));
	if (r < 0) {
		close_output(output);
		return r;
	}
	*ret_state = output;
	return 0;
}

/* The line of one alert, or an array of several. */
static char *make_body(const struct http_output *output, const struct outbox_record *records, unsigned int n,
		       size_t *ret_len)
{
	bool is_array = output->spec->batch > 1;
	struct slice line;
	size_t len = 2, off = 0;
	char *body;

	for (unsigned int i = 0; i < n; i++)
		len += records[i].text.len + 1;
	body = malloc(len);
	if (!body)
		return NULL;
	if (is_array)
		body[off++] = '[';
	for (unsigned int i = 0; i < n; i++) {
		line = output_line(records[i].text);
		if (i > 0)
			body[off++] = ',';
		memcpy(body + off, line.data, line.len);
		off += line.len;
	}
	if (is_array)
		body[off++] = ']';
	*ret_len = off;
	return body;
}

static int errno_of(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_CONNECT: return ECONNREFUSED;
	case CURLE_OPERATION_TIMEDOUT: return ETIMEDOUT;
	case CURLE_COULDNT_RESOLVE_HOST: return EHOSTUNREACH;
	case CURLE_OUT_OF_MEMORY: return ENOMEM;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE: return EACCES;
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR: return ECONNRESET;
	default: return EIO;
	}
}

/* 0 when it was taken. */
static int judge(struct http_output *output, CURLcode code, struct output_error *ret_error)
{
	const char *name = output->spec->name;
	curl_off_t after_s = 0;
	long status = 0;
	int r;

	lib.getinfo(output->curl, CURLINFO_RESPONSE_CODE, &status);
	/* An answer that was too long is an answer. */
	if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && output->answered > ANSWER_MAX))
		return output_fail(ret_error, errno_of(code), "cannot post to %s: %s", name,
				   output->error[0] ? output->error : lib.strerror(code));
	if (status >= 200 && status < 300)
		return 0;
	lib.getinfo(output->curl, CURLINFO_RETRY_AFTER, &after_s);
	if (after_s > RETRY_AFTER_MAX_S)
		after_s = RETRY_AFTER_MAX_S;
	r = output_fail(ret_error, EPROTO, "%s answered %ld%s", name, status,
			status >= 300 && status < 400 ? ", a redirect, which is not followed" : "");
	ret_error->status = (unsigned int)status;
	ret_error->retry_after_ms = after_s > 0 ? (unsigned int)after_s * 1000 : 0;
	ret_error->is_final = status >= 400 && status < 500 && status != 408 && status != 429;
	return r;
}

static int post(struct http_output *output, const struct outbox_record *records, unsigned int n,
		struct output_error *ret_error)
{
	cleanup_free char *body = NULL;
	CURL *curl = output->curl;
	size_t len;

	body = make_body(output, records, n, &len);
	if (!body)
		return output_fail(ret_error, ENOMEM, "%s: out of memory", output->spec->name);
	output->error[0] = '\0';
	output->answered = 0;
	if (lib.setopt(curl, CURLOPT_POSTFIELDS, body) != CURLE_OK ||
	    lib.setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len) != CURLE_OK ||
	    lib.setopt(curl, CURLOPT_HTTPHEADER, output->headers) != CURLE_OK)
		return output_fail(ret_error, ENOMEM, "%s: libcurl takes no body", output->spec->name);
	return judge(output, lib.perform(curl), ret_error);
}

static int deliver(void *state, const struct outbox_record *records, unsigned int n, struct output_error *ret_error)
{
	struct http_output *output = state;
	int r;

	if (n > output->spec->batch)
		n = output->spec->batch;
	r = post(output, records, n, ret_error);
	if (r < 0 && ret_error->is_final && n > 1) {
		n = 1;
		r = post(output, records, n, ret_error);
	}
	return r < 0 ? r : (int)n;
}

/* While libraries can be loaded: libcurl, and those that look names up, which the C
 * library loads at the first name. */
static int prepare_library(const struct output_spec *spec, struct output_error *ret_error)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;

	pthread_once(&once, load_library);
	if (lib.missing)
		return output_fail(ret_error, ENOENT, "%s: %s", spec->name, lib.missing);
	if (getaddrinfo("localhost", NULL, &hints, &found) == 0)
		freeaddrinfo(found);
	return 0;
}

const struct output_driver output_http = {
	.open = open_output,
	.deliver = deliver,
	.reopen = reopen,
	.close = close_output,
	.prepare = prepare_library,
};
