/* SPDX-License-Identifier: Apache-2.0 */
/* Calls on the kernel's own surface, all harmless by their arguments: no module,
 * no kernel, no valid magic number, no program that passes the verifier. */
#include "attack.h"
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_alg.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static long result(long ret)
{
	return ret < 0 ? -errno : ret;
}

static long int80(long nr, const long a[6])
{
	register long r9 __asm__("r9") = a[5];
	long ret;

	__asm__ volatile("push %%rbp\n\tmov %%r9, %%rbp\n\tint $0x80\n\tpop %%rbp"
			 : "=a"(ret), "+r"(r9)
			 : "a"(nr), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4])
			 : "r8", "r10", "r11", "memory", "cc");
	return (int)ret;
}

static long call(int gate32, long nr, long nr32, const long a[6])
{
	if (gate32)
		return int80(nr32, a);
	return result(syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]));
}

/* ---- calls with plain arguments ---- */

#define TEXT(s) (long)deed_low(s, sizeof(s))

static long low_bpf_attr(void)
{
	struct {
		unsigned int type, insn_cnt;
		unsigned long long insns, license;
		unsigned char rest[104];
	} attr = { .type = 1 /* socket filter */, .insn_cnt = 1 };

	attr.insns = (unsigned long long)TEXT("\0\0\0\0\0\0\0"); /* no such instruction */
	attr.license = (unsigned long long)TEXT("GPL");
	return (long)deed_low(&attr, sizeof(attr));
}

static long low_perf_attr(void)
{
	struct {
		unsigned int type, size;
		unsigned char rest[104];
	} attr = { .type = 1 /* software: processor's clock */, .size = 112 };

	return (long)deed_low(&attr, sizeof(attr));
}

/* surface native|int80 NAME [ARG] */
static int attack_surface(char **argv)
{
	long nothing = TEXT("/nothing");
	long arg = argv[2] ? atoi(argv[2]) : 0;
	const struct {
		const char *name;
		long nr, nr32, args[6];
	} calls[] = {
		{ "init_module", 175, 128, { 0, 0, nothing } },
		{ "finit_module", 313, 350, { -1, nothing, 0 } },
		{ "delete_module", 176, 129, { nothing, 0 } },
		{ "kexec_load", 246, 283, { 0, 99, 0, 0xff } },
		{ "kexec_file_load", 320, 320, { -1, -1, 0, 0, 0xff } },
		{ "reboot", 169, 88, { 1, 1, 1, 0 } },
		{ "swapon", 167, 87, { nothing, 0 } },
		{ "acct", 163, 51, { nothing } },
		{ "iopl", 172, 110, { 3 } },
		{ "syslog", 103, 103, { 3, TEXT("0123456789abcdef"), 16 } },
		{ "userfaultfd", 323, 374, { 0 } },
		{ "bpf", 321, 357, { 5, low_bpf_attr(), 120 } },
		{ "perf", 298, 336, { low_perf_attr(), -1, 0, -1, 0 } },
		{ "perf-pid", 298, 336, { low_perf_attr(), arg, -1, -1, 0 } },
		{ "keyctl", 250, 288, { 6 /* DESCRIBE */, -3, 0, 0, 0 } },
		{ "packet", 41, 359, { AF_PACKET, SOCK_RAW, 0 } },
		{ "vsock", 41, 359, { AF_VSOCK, SOCK_STREAM, 0 } },
		{ "alg", 41, 359, { AF_ALG, SOCK_SEQPACKET, 0 } },
	};
	int gate32 = strcmp(argv[0], "int80") == 0;
	size_t i;

	if (gate32)
		deed_int80_probe();
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(argv[1], calls[i].name) == 0) {
			deed_harm(argv[1]);
			return deed_done(call(gate32, calls[i].nr, calls[i].nr32, calls[i].args));
		}
	deed_fail("no such call: %s", argv[1]);
}

/* keys native|int80: all serial numbers of a range that nobody has */
static int attack_keys(char **argv)
{
	int gate32 = strcmp(argv[0], "int80") == 0;
	long args[6] = { 6 /* DESCRIBE */ }, r = 0;

	if (gate32)
		deed_int80_probe();
	deed_harm("keyctl");
	for (args[1] = 1; args[1] <= 200; args[1]++)
		r = call(gate32, SYS_keyctl, 288, args);
	return deed_done(r);
}

/* socket socketcall|uring FAMILY */
static int attack_socket(char **argv)
{
	unsigned int args[3] = { (unsigned int)atoi(argv[1]), SOCK_RAW, 0 };
	struct io_uring_sqe sqe = { .opcode = 45 /* IORING_OP_SOCKET */,
				    .fd = (int)args[0],
				    .off = args[1],
				    .len = args[2] };

	if (strcmp(argv[0], "uring") == 0) {
		deed_harm("socket");
		return deed_done(deed_uring(&sqe, URING_PLAIN));
	}
	deed_int80_probe();
	deed_harm("socket");
	return deed_done(deed_int80(102 /* socketcall */, 1 /* SYS_SOCKET */,
				    (long)deed_low(args, sizeof(args)), 0, 0, 0));
}

/* crypto native|int80|socketcall TYPE NAME: bind, and feed it from a file */
static int attack_crypto(char **argv)
{
	struct sockaddr_alg addr = { .salg_family = AF_ALG };
	int fd = socket(AF_ALG, SOCK_SEQPACKET, 0);
	unsigned int args[3];
	long r;

	if (fd < 0)
		deed_skip("no AF_ALG: %s", strerrorname_np(errno));
	snprintf((char *)addr.salg_type, sizeof(addr.salg_type), "%s", argv[1]);
	snprintf((char *)addr.salg_name, sizeof(addr.salg_name), "%s", argv[2]);
	args[0] = (unsigned int)fd;
	args[1] = (unsigned int)(uintptr_t)deed_low(&addr, sizeof(addr));
	args[2] = sizeof(addr);
	if (strcmp(argv[0], "native") != 0)
		deed_int80_probe();
	deed_harm("bind");
	if (strcmp(argv[0], "native") == 0)
		r = result(bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	else if (strcmp(argv[0], "int80") == 0)
		r = deed_int80(361 /* bind */, fd, args[1], args[2], 0, 0);
	else
		r = deed_int80(102 /* socketcall */, 2 /* SYS_BIND */,
			       (long)deed_low(args, sizeof(args)), 0, 0, 0);
	return deed_done(r);
}

/* ---- splice ---- */

static long splice_by(const char *way, int file, int pipe_fd)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_SPLICE,
				    .fd = pipe_fd,
				    .off = (unsigned long long)-1,
				    .len = 1,
				    .splice_fd_in = file,
				    .splice_off_in = 0 };
	const long args[6] = { file, 0, pipe_fd, 0, 1, 0 };

	if (strcmp(way, "uring") == 0)
		return deed_uring(&sqe, URING_PLAIN);
	if (strcmp(way, "sendfile") == 0)
		return result(sendfile(pipe_fd, file, NULL, 1));
	if (strcmp(way, "int80-sendfile") == 0)
		return deed_int80(187 /* sendfile */, pipe_fd, file, 0, 1, 0);
	if (strcmp(way, "int80") == 0)
		return int80(313 /* splice */, args);
	return result(syscall(SYS_splice, file, NULL, pipe_fd, NULL, 1, 0));
}

/* splice WAY PATH|-: one byte into a pipe; "-" is a set-id program of our own that
 * we then may not write any more. Nothing is written to the pipe afterwards. */
static int attack_splice(char **argv)
{
	const char *path = argv[1];
	int file, ends[2];

	if (strcmp(path, "-") == 0) {
		path = "/tmp/set-id";
		file = open(path, O_WRONLY | O_CREAT, 0755);
		if (file < 0 || write(file, DECOY_TEXT, 8) != 8 || fchmod(file, 04755) < 0)
			deed_fail("no set-id decoy");
		close(file);
		if (setgid(65534) < 0 || setuid(65534) < 0)
			deed_fail("cannot become nobody");
	}
	file = open(path, O_RDONLY);
	if (file < 0 || pipe(ends) < 0)
		deed_fail("no file or no pipe");
	if (strncmp(argv[0], "int80", 5) == 0)
		deed_int80_probe();
	deed_harm("splice");
	return deed_done(splice_by(argv[0], file, ends[1]));
}

/* ---- terminals ---- */

/* terminal native|int80 PTMX: a new terminal of the host, and a key pushed to it */
static int attack_terminal(char **argv)
{
	int master = open(argv[1], O_RDWR | O_NOCTTY), slave, unlock = 0;
	char key = 'x';

	if (master < 0)
		deed_fail("cannot open %s", argv[1]);
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		deed_fail("no new terminal");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	if (slave < 0)
		deed_fail("no other end");
	if (strcmp(argv[0], "int80") == 0)
		deed_int80_probe();
	deed_harm("TIOCSTI");
	if (strcmp(argv[0], "int80") == 0)
		return deed_done(
			deed_int80(54 /* ioctl */, slave, TIOCSTI, (long)deed_low(&key, 1), 0, 0));
	return deed_done(result(ioctl(slave, TIOCSTI, &key)));
}

/* ---- fanotify ---- */

/* fanotify native|int80 filesystem|mount */
static int attack_fanotify(char **argv)
{
	long scope = strcmp(argv[1], "mount") == 0 ? 0x10 : 0x100;
	const long native[6] = {
		0, 1 /* FAN_MARK_ADD */ | scope, 0x20 /* FAN_OPEN */, AT_FDCWD, TEXT("/"), 0
	};
	const long gate[6] = { 0, 1 | scope, 0x20, 0, AT_FDCWD, native[4] };
	long args[6], fd;

	fd = result(syscall(SYS_fanotify_init, 0x200 /* FAN_REPORT_FID */, O_RDONLY));
	if (fd < 0)
		deed_skip("fanotify_init: %s", strerrorname_np((int)-fd));
	memcpy(args, strcmp(argv[0], "int80") == 0 ? gate : native, sizeof(args));
	args[0] = fd;
	if (strcmp(argv[0], "int80") == 0)
		deed_int80_probe();
	deed_harm("fanotify_mark");
	return deed_done(call(strcmp(argv[0], "int80") == 0, SYS_fanotify_mark, 339, args));
}

static const struct deed deeds[] = {
	{ "keys", 1, attack_keys },	    { "surface", 2, attack_surface },
	{ "socket", 2, attack_socket },	    { "crypto", 3, attack_crypto },
	{ "splice", 2, attack_splice },	    { "terminal", 2, attack_terminal },
	{ "fanotify", 2, attack_fanotify }, { 0 },
};
DEED_TABLE(deeds);
