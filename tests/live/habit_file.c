/* SPDX-License-Identifier: Apache-2.0 */
/* Healthy use of files. */
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "benign: %s: %s\n", what, strerrorname_np(errno));
	return 1;
}

/* setcap FILE: as a package does with its ping. */
static int do_setcap(char **argv)
{
	struct vfs_cap_data caps = { .magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE };

	caps.data[0].permitted = 1u << CAP_NET_RAW;
	return setxattr(argv[0], "security.capability", &caps, sizeof(caps), 0) < 0 ? fail(argv[0]) :
										       0;
}

/* swap DIR: new configuration takes the old one's place at once: a relative link
 * renamed over the one before, as kubelet does, and two files exchanged. */
static int do_swap(char **argv)
{
	char name[64];
	int i, dir;

	if (chdir(argv[0]) < 0)
		return fail(argv[0]);
	dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "..v%d", i);
		if (mkdir(name, 0755) < 0 || symlink(name, "..data_tmp") < 0 ||
		    renameat(dir, "..data_tmp", dir, "..data") < 0)
			return fail("swap of the link");
	}
	close(open("one", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	close(open("two", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	if (syscall(SYS_renameat2, dir, "one", dir, "two", 2 /* EXCHANGE */) < 0 && errno != EINVAL)
		return fail("exchange");
	return 0;
}

/* db FILE: locks, shared mappings, space reserved and cut, a journal renamed. */
static int do_db(char **argv)
{
	int fd = open(argv[0], O_RDWR | O_CREAT | O_CLOEXEC, 0600), i;
	char journal[300];
	char *map;

	if (fd < 0 || flock(fd, LOCK_EX) < 0 || ftruncate(fd, 1 << 20) < 0)
		return fail(argv[0]);
	map = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return fail("map");
	for (i = 0; i < 100; i++) {
		int other;

		memset(map + i * 4096, i, 4096);
		snprintf(journal, sizeof(journal), "%s-journal", argv[0]);
		other = open(journal, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (other < 0 || pwrite(other, map, 4096, 0) != 4096)
			return fail(journal);
		fdatasync(other);
		close(other);
		if (unlink(journal) < 0)
			return fail(journal);
	}
	if (msync(map, 1 << 20, MS_SYNC) < 0 || fchmod(fd, 0640) < 0 || ftruncate(fd, 4096) < 0)
		return fail("sync");
	return 0;
}

/* fuse DIR: the kernel's half of a file system of one's own. */
static int do_fuse(char **argv)
{
	char options[100];
	int fd;

	if (mknod("/dev/fuse", S_IFCHR | 0666, 10 << 8 | 229) < 0 && errno != EEXIST)
		return fail("node");
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return fail("/dev/fuse");
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (mount("own", argv[0], "fuse", MS_NOSUID | MS_NODEV, options) < 0)
		return fail("mount");
	return umount2(argv[0], MNT_DETACH) < 0 ? fail("umount") : 0;
}

/* tmpfile DIR: no name until it is complete; never run. */
static int do_tmpfile(char **argv)
{
	char link_path[64], path[300];
	int fd = open(argv[0], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, "text\n", 5) != 5)
		return fail(argv[0]);
	snprintf(link_path, sizeof(link_path), "/proc/self/fd/%d", fd);
	snprintf(path, sizeof(path), "%s/complete", argv[0]);
	return linkat(AT_FDCWD, link_path, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0 ? fail("linkat") :
										    0;
}

static const struct deed deeds[] = {
	{ "setcap", 1, do_setcap }, { "swap", 1, do_swap },	  { "db", 1, do_db },
	{ "fuse", 1, do_fuse },	    { "tmpfile", 1, do_tmpfile }, { 0 },
};
DEED_TABLE(deeds);
