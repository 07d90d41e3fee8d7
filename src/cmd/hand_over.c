// SPDX-License-Identifier: Apache-2.0
/* `brigwatch hand-over`: gives directories to the user that the agent runs as. In a pod
 * they are made for root; an image without a shell has nothing else to do it with. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/log.h"
#include "cmd/cmd.h"
#include "cmd/usage.h"

/* Pins are two directories down; what is deeper is not the agent's. */
#define DEPTH_MAX 4

static void usage(FILE *to)
{
	fprintf(to, "usage: brigwatch hand-over USER:GROUP DIR...\n\n"
		    "Makes the user USER (a number) owner of each DIR and of what is in it, for an\n"
		    "agent that does not run as root. Needs CAP_CHOWN. Links are not followed, other\n"
		    "file systems not entered.\n\n"
		    "  --help             this text\n\n"
		    "Exit codes: 0 done, 2 usage, 3 privileges are missing, 5 input or output.\n");
}

static int parse_owner(const char *text, uid_t *uid, gid_t *gid)
{
	unsigned long numbers[2];
	const char *at = text;

	for (int i = 0; i < 2; i++) {
		char *end;

		if (*at < '0' || *at > '9')
			return -1;
		errno = 0;
		numbers[i] = strtoul(at, &end, 10);
		/* The last number means "no change" to chown(). */
		if (errno || numbers[i] >= UINT32_MAX || *end != (i == 0 ? ':' : '\0'))
			return -1;
		at = end + 1;
	}
	*uid = (uid_t)numbers[0];
	*gid = (gid_t)numbers[1];
	return 0;
}

static int give_all(int fd, uid_t uid, gid_t gid, int depth, dev_t device, char *at, size_t size);

/* One entry of the directory `dir`; 0 or an errno. What the user has already is left alone
 * with all that is in it: without CAP_DAC_OVERRIDE it could not be entered. */
static int give(int dir, const char *name, uid_t uid, gid_t gid, int depth, dev_t device, char *at, size_t size)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : errno;
	if (st.st_dev != device || (st.st_uid == uid && st.st_gid == gid))
		return 0;
	if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
		int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		return fd < 0 ? errno : give_all(fd, uid, gid, depth + 1, device, at, size);
	}
	return fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 ? errno : 0;
}

/* The directory `fd`, which is closed, and what is in it: that first, as the directory may
 * not be open to others. 0, or an errno with `at` naming the entry. */
static int give_all(int fd, uid_t uid, gid_t gid, int depth, dev_t device, char *at, size_t size)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;
	int error = 0;

	if (!dir) {
		error = errno;
		close(fd);
		return error;
	}
	while (!error && (errno = 0, entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		error = give(dirfd(dir), entry->d_name, uid, gid, depth, device, at, size);
		if (error && !at[0])
			snprintf(at, size, "%s", entry->d_name);
	}
	if (!error && (errno || fchown(dirfd(dir), uid, gid) < 0))
		error = errno;
	closedir(dir);
	return error;
}

int cmd_hand_over(int argc, char **argv)
{
	static const struct option longs[] = { { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	uid_t uid;
	gid_t gid;
	int option;

	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (option != 'h')
			return usage_refuse("hand-over", longs, argv);
		usage(stdout);
		return EXIT_DONE;
	}
	if (argc - optind < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (parse_owner(argv[optind], &uid, &gid) < 0) {
		fprintf(stderr, "brigwatch hand-over: \"%s\" is not USER:GROUP in numbers, as in 65532:65532\n",
			argv[optind]);
		return EXIT_USAGE;
	}
	for (int i = optind + 1; i < argc; i++) {
		char at[NAME_MAX + 1] = "";
		struct stat st;
		int fd = open(argv[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int error = fd < 0 || fstat(fd, &st) < 0 ? errno : give_all(fd, uid, gid, 0, st.st_dev, at, sizeof(at));

		if (error) {
			fprintf(stderr, "brigwatch hand-over: %s%s%s: %s%s\n", argv[i], at[0] ? ": " : "", at,
				strerror(error), error == EPERM ? " (needs CAP_CHOWN)" : "");
			return error == EPERM || error == EACCES ? EXIT_PRIVILEGES : EXIT_INTERNAL;
		}
	}
	return EXIT_DONE;
}
