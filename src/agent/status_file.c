// SPDX-License-Identifier: Apache-2.0
#include "agent/status_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "agent/log.h"
#include "agent/status_metrics.h"

int status_file_open(struct status_file *ret, const char *path)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *dir = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");

	*ret = (struct status_file){ .dir_fd = -1, .path = path, .name = slash ? slash + 1 : path };
	if (!dir)
		return -ENOMEM;
	if (!ret->name[0])
		return -EISDIR;
	/* Not *.prom: the collector would read it. */
	snprintf(ret->temporary, sizeof(ret->temporary), ".brigwatch.%d.tmp", getpid());
	ret->dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return ret->dir_fd < 0 ? -errno : 0;
}

void status_file_close(struct status_file *file)
{
	if (file->dir_fd >= 0)
		close(file->dir_fd);
	file->dir_fd = -1;
}

static int write_temporary(const struct status_file *file, const struct view *view, const struct verdict *verdict)
{
	int fd = openat(file->dir_fd, file->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	FILE *to;
	int r = 0;

	if (fd < 0)
		return -errno;
	/* The collector is another user, whatever the umask. */
	(void)fchmod(fd, 0644);
	to = fdopen(fd, "w");
	if (!to) {
		close(fd);
		return -ENOMEM;
	}
	metrics_write(view, verdict, true, to);
	if (fflush(to) != 0 || ferror(to))
		r = errno ? -errno : -EIO;
	if (fclose(to) != 0 && r == 0)
		r = -errno;
	return r;
}

void status_file_write(struct status_file *file, const struct view *view, const struct verdict *verdict, bool now)
{
	int r;

	if (file->dir_fd < 0 || (!now && view->now_ns < file->next_ns))
		return;
	file->next_ns = view->now_ns + STATUS_FILE_INTERVAL_NS;
	r = write_temporary(file, view, verdict);
	if (r == 0 && renameat(file->dir_fd, file->temporary, file->dir_fd, file->name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(file->dir_fd, file->temporary, 0);
	if (r < 0 && -r != file->error)
		log_message("status", "cannot write %s: %s, trying again every 15 s", file->path, strerror(-r));
	else if (r == 0 && file->error)
		log_message("status", "%s is written again", file->path);
	file->error = -r;
}
