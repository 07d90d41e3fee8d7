/* SPDX-License-Identifier: Apache-2.0 */
/* Other processes touched: a decoy's memory, descriptors, entries of /proc, and
 * signals to it. What is written is what was there before; no signal that ends
 * anything goes to a process that is not there to be ended. */
#include "attack.h"
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static long result(long ret)
{
	return ret < 0 ? -errno : ret;
}

/* All six arguments: the last one travels in ebp. */
static long int80(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("push %%rbp\n\tmov %%r9, %%rbp\n\tint $0x80\n\tpop %%rbp"
			 : "=a"(ret), "+r"(r9)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "r8", "r10", "r11", "memory", "cc");
	return (int)ret;
}

/* Start of a writable mapping of the process; what can be read anyway. A decoy
 * is linked to fixed addresses like this program: its data stand where ours do. */
static unsigned long writable_address(int pid)
{
	static int here;
	char path[64], line[256];
	unsigned long from = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "re");
	if (!f)
		return (unsigned long)&here & ~0xffful;
	while (fgets(line, sizeof(line), f))
		if (strstr(line, " rw-p ") && sscanf(line, "%lx-", &from) == 1)
			break;
	fclose(f);
	return from;
}

/* ---- ptrace ---- */

static long do_ptrace(int gate32, long request, long pid, long addr, long data)
{
	if (gate32)
		return deed_int80(26 /* ptrace */, request, pid, addr, data, 0);
	return result(syscall(SYS_ptrace, request, pid, addr, data));
}

/* The word at `addr` is read and written back. */
static long rewrite_word(int gate32, int pid, unsigned long addr)
{
	unsigned int *low = deed_low("\0\0\0\0\0\0\0\0", 8);
	long word, r;

	if (gate32) {
		r = do_ptrace(1, PTRACE_PEEKDATA, pid, (long)addr, (long)low);
		return r < 0 ? r : do_ptrace(1, PTRACE_POKEDATA, pid, (long)addr, (long)*low);
	}
	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, pid, addr, 0);
	return errno ? -errno : do_ptrace(0, PTRACE_POKEDATA, pid, (long)addr, word);
}

/* ptrace attach|seize|int80 PID */
static int attack_ptrace(char **argv)
{
	int gate32 = strcmp(argv[0], "int80") == 0, seize = strcmp(argv[0], "seize") == 0;
	int pid = atoi(argv[1]);
	unsigned long addr = writable_address(pid);
	long r;

	if (gate32)
		deed_int80_probe();
	deed_harm("ptrace");
	r = do_ptrace(gate32, seize ? PTRACE_SEIZE : PTRACE_ATTACH, pid, 0, 0);
	if (r == 0 && seize)
		r = do_ptrace(0, PTRACE_INTERRUPT, pid, 0, 0);
	if (r < 0)
		return deed_done(r);
	if (waitpid(pid, NULL, __WALL) != pid)
		deed_fail("the decoy does not stop");
	r = rewrite_word(gate32, pid, addr);
	do_ptrace(gate32, PTRACE_DETACH, pid, 0, 0);
	return deed_done(r);
}

/* ---- memory ---- */

static long vm_call(int gate32, int writes, int pid, void *buf, unsigned long addr, size_t len)
{
	struct iovec here = { buf, len }, there = { (void *)addr, len };
	unsigned int mine[2] = { (unsigned int)(uintptr_t)buf, (unsigned int)len };
	unsigned int theirs[2] = { (unsigned int)addr, (unsigned int)len };

	if (gate32)
		return int80(writes ? 348 : 347 /* process_vm_writev, readv */, pid,
			     (long)deed_low(mine, sizeof(mine)), 1,
			     (long)deed_low(theirs, sizeof(theirs)), 1, 0);
	return result(syscall(writes ? SYS_process_vm_writev : SYS_process_vm_readv, pid, &here, 1,
			      &there, 1, 0));
}

/* vm read|write native|int80 PID */
static int attack_vm(char **argv)
{
	int writes = strcmp(argv[0], "write") == 0, gate32 = strcmp(argv[1], "int80") == 0;
	int pid = atoi(argv[2]);
	unsigned long addr = writable_address(pid);
	void *buf = deed_low("\0\0\0\0\0\0\0\0", 8);
	long r;

	if (gate32)
		deed_int80_probe();
	deed_harm("process_vm");
	r = vm_call(gate32, 0, pid, buf, addr, 8);
	if (writes && (r == 8 || r == -EPERM))
		r = vm_call(gate32, 1, pid, buf, addr, 8);
	return deed_done(r == 8 || r < 0 ? r : -EIO);
}

/* peek openat|int80|uring PID ENTRY r|w: an entry of /proc/PID */
static int attack_peek(char **argv)
{
	int flags = *argv[3] == 'w' ? O_RDWR : O_RDONLY;
	char path[96], text[16];
	long fd, r = 0;

	snprintf(path, sizeof(path), "/proc/%d/%s", atoi(argv[1]), argv[2]);
	if (strcmp(argv[0], "int80") == 0)
		deed_int80_probe();
	deed_harm(path);
	if (strcmp(argv[0], "int80") == 0)
		fd = deed_int80(295 /* openat */, AT_FDCWD, (long)deed_low(path, strlen(path) + 1),
				flags, 0, 0);
	else if (strcmp(argv[0], "uring") == 0)
		fd = deed_uring_openat(AT_FDCWD, path, flags, 0);
	else
		fd = result(open(path, flags));
	/* The right is asked for when the file is opened; some show nothing at their
	 * beginning, and memory begins with a hole. */
	if (fd >= 0 && !strstr(argv[2], "mem") && strncmp(argv[2], "ns/", 3) != 0)
		r = result(read((int)fd, text, sizeof(text)));
	return deed_done(fd < 0 ? fd : r);
}

/* ---- descriptors ---- */

/* getfd native|int80 PID FD */
static int attack_getfd(char **argv)
{
	int pid = atoi(argv[1]), fd = atoi(argv[2]), pidfd;
	char mine[64], theirs[64], path[64];
	long r;

	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		deed_fail("no pidfd of the decoy");
	if (strcmp(argv[0], "int80") == 0)
		deed_int80_probe();
	deed_harm("pidfd_getfd");
	if (strcmp(argv[0], "int80") == 0)
		r = deed_int80(438 /* pidfd_getfd */, pidfd, fd, 0, 0, 0);
	else
		r = result(syscall(SYS_pidfd_getfd, pidfd, fd, 0));
	if (r < 0)
		return deed_done(r);
	snprintf(path, sizeof(path), "/proc/self/fd/%ld", r);
	memset(mine, 0, sizeof(mine));
	memset(theirs, 0, sizeof(theirs));
	if (readlink(path, mine, sizeof(mine) - 1) < 0)
		return deed_done(-errno);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	if (readlink(path, theirs, sizeof(theirs) - 1) < 0)
		return deed_done(-errno);
	return deed_done(strcmp(mine, theirs) == 0 ? 0 : -EBADF);
}

/* madvise PID: give its cold pages back, which changes nothing it could read */
static int attack_madvise(char **argv)
{
	int pid = atoi(argv[0]), pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct iovec there = { (void *)writable_address(pid), 4096 };

	if (pidfd < 0)
		deed_fail("no pidfd of the decoy");
	deed_harm("process_madvise");
	return deed_done(
		result(syscall(SYS_process_madvise, pidfd, &there, 1, 20 /* MADV_COLD */, 0)));
}

/* kcmp PID: are its files ours? */
static int attack_kcmp(char **argv)
{
	deed_harm("kcmp");
	return deed_done(
		result(syscall(SYS_kcmp, getpid(), atoi(argv[0]), 2 /* KCMP_FILES */, 0, 0)));
}

/* ---- signals ---- */

static long queue_signal(int pid, int sig)
{
	siginfo_t info = { .si_signo = sig, .si_code = SI_QUEUE };

	return result(syscall(SYS_rt_sigqueueinfo, pid, sig, &info));
}

static long send_signal(const char *way, int pid, int sig)
{
	if (strcmp(way, "kill") == 0)
		return result(syscall(SYS_kill, pid, sig));
	if (strcmp(way, "group") == 0)
		return result(syscall(SYS_kill, -pid, sig));
	if (strcmp(way, "tgkill") == 0)
		return result(syscall(SYS_tgkill, pid, pid, sig));
	if (strcmp(way, "tkill") == 0)
		return result(syscall(SYS_tkill, pid, sig));
	if (strcmp(way, "queue") == 0)
		return queue_signal(pid, sig);
	if (strcmp(way, "pidfd") == 0)
		return result(syscall(SYS_pidfd_send_signal, syscall(SYS_pidfd_open, pid, 0), sig,
				      NULL, 0));
	if (strcmp(way, "int80") == 0)
		return deed_int80(37 /* kill */, pid, sig, 0, 0, 0);
	if (strcmp(way, "int80-tgkill") == 0)
		return deed_int80(270 /* tgkill */, pid, pid, sig, 0, 0);
	deed_fail("no such way: %s", way);
}

/* signal WAY PID SIGNAL; what was stopped goes on */
static int attack_signal(char **argv)
{
	int pid = atoi(argv[1]), sig = atoi(argv[2]);
	long r;

	if (pid <= 1)
		deed_fail("not at this process: %d", pid);
	if (strncmp(argv[0], "int80", 5) == 0)
		deed_int80_probe();
	deed_harm("signal");
	r = send_signal(argv[0], pid, sig);
	if (r == 0 && sig == SIGSTOP)
		r = result(syscall(SYS_kill, pid, SIGCONT));
	return deed_done(r);
}

static const struct deed deeds[] = {
	{ "ptrace", 2, attack_ptrace },	  { "vm", 3, attack_vm },
	{ "peek", 4, attack_peek },	  { "getfd", 3, attack_getfd },
	{ "madvise", 1, attack_madvise }, { "kcmp", 1, attack_kcmp },
	{ "signal", 3, attack_signal },	  { 0 },
};
DEED_TABLE(deeds);
