/* SPDX-License-Identifier: Apache-2.0 */
/* Files that were never opened here: passed by an accomplice on the host, or made
 * by fanotify; and programs that have no file. What is written is what was there. */
#include "attack.h"
#include "deed.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVER "/serve.sock"

/* The host's helper opens `what` ("r secret", "w secret", "d .") below its
 * directory of decoys and passes the descriptor. */
int attack_receive(const char *what)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = SERVER };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte;
	struct iovec io = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &io,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd = -1;
	struct cmsghdr *c;

	if (connect(peer, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    write(peer, what, strlen(what)) < 0 || recvmsg(peer, &msg, 0) < 0)
		deed_fail("cannot ask for %s: %s", what, strerrorname_np(errno));
	close(peer);
	c = CMSG_FIRSTHDR(&msg);
	if (!c || c->cmsg_type != SCM_RIGHTS)
		deed_fail("nothing came for %s", what);
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static long judge_text(ssize_t n, const char *text)
{
	if (n < 0)
		return -errno;
	if ((size_t)n < strlen(DECOY_TEXT) || memcmp(text, DECOY_TEXT, strlen(DECOY_TEXT)) != 0)
		deed_fail("that was not the decoy's text");
	return 0;
}

static long use_read(int fd)
{
	char text[64] = "";

	return judge_text(read(fd, text, sizeof(text)), text);
}

static long use_pread(int fd)
{
	char text[64] = "";

	return judge_text(pread(fd, text, sizeof(text), 0), text);
}

static long use_readv(int fd)
{
	char text[64] = "";
	struct iovec io = { text, sizeof(text) };

	return judge_text(readv(fd, &io, 1), text);
}

static long use_int80(int fd)
{
	char *text = deed_low(DECOY_TEXT "........", 24);

	deed_int80_probe();
	memset(text, 0, 24);
	return judge_text(deed_int80(3 /* read */, fd, (long)text, 16, 0, 0), text);
}

static long use_uring(int fd)
{
	char text[64] = "";
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_READ, .fd = fd, .addr = (uintptr_t)text, .len = sizeof(text)
	};
	int n = deed_uring(&sqe, URING_PLAIN);

	errno = n < 0 ? -n : 0;
	return judge_text(n < 0 ? -1 : n, text);
}

static long use_write(int fd)
{
	return pwrite(fd, DECOY_TEXT, strlen(DECOY_TEXT), 0) < 0 ? -errno : 0;
}

static long use_writev(int fd)
{
	struct iovec io = { (void *)(uintptr_t)DECOY_TEXT, strlen(DECOY_TEXT) };

	return writev(fd, &io, 1) < 0 ? -errno : 0;
}

static long use_map(int fd)
{
	char *text = mmap(NULL, 16, PROT_READ, MAP_PRIVATE, fd, 0);

	return text == MAP_FAILED ? -errno : judge_text(16, text);
}

static long use_map_exec(int fd)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -errno :
											   0;
}

static long use_mprotect(int fd)
{
	void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	return mprotect(p, 4096, PROT_READ | PROT_EXEC) < 0 ? -errno : 0;
}

static long use_list(int fd)
{
	char names[2048];
	long n = syscall(SYS_getdents64, fd, names, sizeof(names));

	return n < 0 ? -errno : 0;
}

static long use_copy(int fd)
{
	int out = open("/tmp/copy", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char text[64] = "";

	if (out < 0)
		deed_fail("/tmp/copy");
	if (copy_file_range(fd, NULL, out, NULL, 64, 0) < 0)
		return -errno;
	return judge_text(pread(out, text, sizeof(text), 0), text);
}

static const struct {
	const char *name, *what;
	long (*run)(int fd);
} uses[] = {
	{ "read", "r secret", use_read },
	{ "pread", "r secret", use_pread },
	{ "readv", "r secret", use_readv },
	{ "int80", "r secret", use_int80 },
	{ "uring", "r secret", use_uring },
	{ "copy", "r secret", use_copy },
	{ "write", "w secret", use_write },
	{ "writev", "w secret", use_writev },
	{ "map", "r secret", use_map },
	{ "map-exec", "r bin/hostprog", use_map_exec },
	{ "mprotect", "r bin/hostprog", use_mprotect },
	{ "list", "d .", use_list },
};

/* use OP: a descriptor that came over a socket. */
static int attack_use(char **argv)
{
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		int fd;

		if (strcmp(argv[0], uses[i].name) != 0)
			continue;
		fd = attack_receive(uses[i].what);
		deed_harm("use");
		return deed_done(uses[i].run(fd));
	}
	deed_fail("no use %s", argv[0]);
}

/* use-inherited FD: one that the runtime let through. */
static int attack_use_inherited(char **argv)
{
	int fd = atoi(argv[0]);

	deed_harm("read");
	return deed_done(use_read(fd));
}

/* use-fanotify: the kernel opens for us what others open on our file system. */
static int attack_use_fanotify(char **argv)
{
	char buf[4096];
	int fan = fanotify_init(FAN_CLASS_CONTENT, O_RDONLY), tries;
	struct fanotify_event_metadata *ev;
	ssize_t n;

	(void)argv;
	if (fan < 0)
		deed_skip("fanotify_init: %s", strerrorname_np(errno));
	if (fanotify_mark(fan, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN, AT_FDCWD, "/") < 0)
		deed_skip("fanotify_mark: %s", strerrorname_np(errno));
	deed_ready();
	for (tries = 0; tries < 200; tries++) {
		n = read(fan, buf, sizeof(buf));
		ev = (struct fanotify_event_metadata *)buf;
		for (; FAN_EVENT_OK(ev, n); ev = FAN_EVENT_NEXT(ev, n)) {
			char text[64] = "";
			struct stat st;

			/* Nothing but the decoy is read. */
			if (fstat(ev->fd, &st) == 0 && S_ISREG(st.st_mode) &&
			    st.st_size == (off_t)strlen(DECOY_TEXT)) {
				deed_harm("read");
				return deed_done(
					judge_text(read(ev->fd, text, sizeof(text)), text));
			}
			close(ev->fd);
		}
	}
	deed_fail("the decoy was not opened");
}

/* ---- programs that are not from the image ---- */

static void copy_program(int to)
{
	char buf[65536];
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			deed_fail("cannot copy");
	if (from < 0 || n < 0)
		deed_fail("cannot copy");
	close(from);
}

/* Run it by descriptor, in a child; 0 if it arrived, -ENOEXEC if it was not run. */
static long run_fd(int fd)
{
	char *const argv[] = { (char *)(uintptr_t) "dropped", (char *)(uintptr_t) "arrived", NULL };
	char *const envp[] = { NULL };
	pid_t child = fork();
	int status;

	if (child == 0) {
		syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return -EIO;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -ENOEXEC;
	return status == 0 ? 0 : -EIO;
}

/* A file that is open for writing cannot be run. */
static int reopen(int fd)
{
	char link[64];
	int again;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	again = open(link, O_RDONLY | O_CLOEXEC);
	close(fd);
	return again;
}

/* drop memfd|tmpfile|shm|deleted|upper */
static int attack_drop(char **argv)
{
	const char *how = argv[0], *path = "/dropped";
	int fd;

	sleep(2); /* times of files are compared by the second */
	if (strcmp(how, "memfd") == 0) {
		fd = memfd_create("x", MFD_CLOEXEC);
	} else if (strcmp(how, "tmpfile") == 0) {
		fd = open("/", O_TMPFILE | O_RDWR | O_CLOEXEC, 0755);
	} else {
		if (strcmp(how, "shm") == 0)
			path = "/dev/shm/dropped";
		fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	}
	if (fd < 0)
		deed_skip("%s: %s", how, strerrorname_np(errno));
	copy_program(fd);
	fchmod(fd, 0755);
	fd = reopen(fd);
	if (strcmp(how, "deleted") == 0)
		unlink(path);
	deed_harm("run");
	return deed_done(run_fd(fd));
}

/* loader: a program of one's own whose interpreter is a file of the host. */
static int attack_loader(char **argv)
{
	static const char interpreter[] = "/proc/self/fd/9";
	struct {
		Elf64_Ehdr head;
		Elf64_Phdr parts[2];
		char interp[16];
	} elf = { 0 };
	int host = attack_receive("r bin/hostprog"), fd;

	(void)argv;
	if (dup2(host, 9) < 0)
		deed_fail("dup2");
	memcpy(elf.head.e_ident, ELFMAG, SELFMAG);
	elf.head.e_ident[EI_CLASS] = ELFCLASS64;
	elf.head.e_ident[EI_DATA] = ELFDATA2LSB;
	elf.head.e_ident[EI_VERSION] = EV_CURRENT;
	elf.head.e_type = ET_EXEC;
	elf.head.e_machine = EM_X86_64;
	elf.head.e_version = EV_CURRENT;
	elf.head.e_entry = 0x10000000;
	elf.head.e_phoff = sizeof(elf.head);
	elf.head.e_ehsize = sizeof(elf.head);
	elf.head.e_phentsize = sizeof(elf.parts[0]);
	elf.head.e_phnum = 2;
	elf.parts[0] = (Elf64_Phdr){ .p_type = PT_INTERP,
				     .p_flags = PF_R,
				     .p_offset = sizeof(elf) - sizeof(elf.interp),
				     .p_filesz = sizeof(interpreter),
				     .p_memsz = sizeof(interpreter) };
	elf.parts[1] = (Elf64_Phdr){ .p_type = PT_LOAD,
				     .p_flags = PF_R | PF_X,
				     .p_vaddr = 0x10000000,
				     .p_paddr = 0x10000000,
				     .p_filesz = sizeof(elf),
				     .p_memsz = sizeof(elf),
				     .p_align = 4096 };
	memcpy(elf.interp, interpreter, sizeof(interpreter));
	fd = open("/loaded", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	if (fd < 0 || write(fd, &elf, sizeof(elf)) != (ssize_t)sizeof(elf))
		deed_fail("/loaded");
	fd = reopen(fd);
	deed_harm("run");
	/* What a program becomes that finds itself an interpreter is of no interest: it ran. */
	return deed_done(run_fd(fd) == -ENOEXEC ? -ENOEXEC : 0);
}

static const struct deed deeds[] = {
	{ "use", 1, attack_use },
	{ "use-inherited", 1, attack_use_inherited },
	{ "use-fanotify", 0, attack_use_fanotify },
	{ "drop", 1, attack_drop },
	{ "loader", 0, attack_loader },
	{ 0 },
};
DEED_TABLE(deeds);
