/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over files and folders without libFuzzer:
 *
 *	replay FILE|DIR...
 *
 * Exit status 0: every input was run; 2: one could not be read, or there was
 * none (an empty corpus proves nothing). A finding of the target aborts. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/base.h"

/* Inputs over this are no seeds. */
#define INPUT_MAX (8u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int replay_fd(int fd, size_t size)
{
	cleanup_free uint8_t *data = malloc(size > 0 ? size : 1);
	size_t len = 0;
	ssize_t n;

	if (!data)
		return -ENOMEM;
	while (len < size) {
		n = read(fd, data + len, size - len);
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	LLVMFuzzerTestOneInput(data, len);
	return 0;
}

static int replay_path(const char *path, bool into, unsigned int *n_run);

static int replay_dir(const char *path, unsigned int *n_run)
{
	char entry_path[PATH_MAX];
	struct dirent **entries;
	int n, r = 0;

	n = scandir(path, &entries, NULL, alphasort);
	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		snprintf(entry_path, sizeof(entry_path), "%s/%s", path, entries[i]->d_name);
		if (r == 0 && entries[i]->d_name[0] != '.')
			r = replay_path(entry_path, false, n_run);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int replay_path(const char *path, bool into, unsigned int *n_run)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		r = -errno;
	else if (S_ISDIR(st.st_mode))
		return into ? replay_dir(path, n_run) : 0;
	else if (st.st_size > INPUT_MAX)
		r = -EFBIG;
	else
		r = replay_fd(fd, (size_t)st.st_size);

	if (r < 0)
		fprintf(stderr, "replay: %s: %s\n", path, strerror(-r));
	else
		++*n_run;
	return r;
}

int main(int argc, char **argv)
{
	unsigned int n_run = 0;
	int r = 0;

	for (int i = 1; i < argc && r == 0; i++)
		r = replay_path(argv[i], true, &n_run);
	if (r == 0 && n_run == 0)
		fprintf(stderr, "replay: no inputs; name files or folders of a corpus\n");
	if (r < 0 || n_run == 0)
		return 2;

	printf("replay: %u inputs\n", n_run);
	return 0;
}
