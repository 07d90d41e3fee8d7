// SPDX-License-Identifier: Apache-2.0
#include "cmd/run_outputs.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "agent/log.h"

/* Who reads slowly must not stop the agent, so pipes and terminals do not
 * block. They are opened anew for that: O_NONBLOCK belongs to the open file,
 * which the shell and its other children share. Where this is not allowed the
 * descriptor stays as it is. */
static int unblocked(int fd)
{
	char path[32];
	struct stat st;
	int fresh;

	if (fstat(fd, &st) < 0 || (!S_ISFIFO(st.st_mode) && !isatty(fd)))
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fresh = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fresh < 0)
		return fd;
	close(fd);
	return fresh;
}

static int open_stdout(int *ret)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

	if (fd < 0 || (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY) {
		if (fd >= 0)
			close(fd);
		log_message("output", "stdout is closed: alerts would be lost; use --output FILE");
		return EXIT_INTERNAL;
	}
	*ret = unblocked(fd);
	return EXIT_DONE;
}

/* Names of our own descriptors lead nowhere in the process that writes. */
static bool is_descriptor(const char *path)
{
	return strncmp(path, "/dev/fd/", 8) == 0 || strncmp(path, "/proc/self/fd/", 14) == 0 ||
	       strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/stderr") == 0;
}

static int open_descriptor(const char *path, int *ret)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		log_message("output", "cannot open %s for alerts: %s", path, strerror(errno));
		return EXIT_INTERNAL;
	}
	*ret = fd;
	return EXIT_DONE;
}

static int open_one(const char *text, enum sink_format format, const char *hostname, struct run_outputs *ret)
{
	struct output_spec *spec = &ret->specs[ret->n];
	char error[OUTPUT_ERROR_MAX];
	int *fd = &ret->fds[ret->n];

	if (output_spec_parse(text, spec, error) < 0) {
		log_message("output", "%s", error);
		return EXIT_USAGE;
	}
	*fd = -1;
	ret->n++;
	if (output_spec_finish(spec, format, error) < 0) {
		/* Not `text`: a URL may hold a secret. */
		log_message("output", "output number %zu, %s: %s", ret->n, output_kind_name(spec->kind), error);
		return EXIT_USAGE;
	}
	spec->hostname = hostname ? strdup(hostname) : NULL; /* without memory: the system's */
	if (spec->kind == OUTPUT_STDOUT)
		return open_stdout(fd);
	if (spec->kind == OUTPUT_FILE && is_descriptor(spec->target))
		return open_descriptor(spec->target, fd);
	return EXIT_DONE;
}

int run_outputs_open(const struct options *options, struct run_outputs *ret)
{
	enum sink_format format = output_format_from(options_text(options, OPTION_FORMAT));
	static const char *const usual[] = { "-" };
	const char *const *texts;
	int code = EXIT_DONE;
	size_t n = 0;

	texts = options_list(options, OPTION_OUTPUTS, &n);
	if (!texts || !n) {
		texts = usual;
		n = 1;
	}
	if (n > OUTPUTS_MAX) {
		log_message("output", "at most %d outputs, not %zu", OUTPUTS_MAX, n);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < n && code == EXIT_DONE; i++) {
		code = open_one(texts[i], format, options_text(options, OPTION_HOSTNAME), ret);
		if (code == EXIT_DONE && ret->specs[i].kind == OUTPUT_STDOUT)
			ret->colour = isatty(ret->fds[i]) && !getenv("NO_COLOR");
	}
	return code;
}

void run_outputs_release(struct run_outputs *outputs)
{
	for (size_t i = 0; i < outputs->n; i++) {
		output_spec_release(&outputs->specs[i]);
		close_fd(&outputs->fds[i]);
	}
	outputs->n = 0;
}
