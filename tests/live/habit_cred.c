/* SPDX-License-Identifier: Apache-2.0 */
/* Healthy changes of identity: whatever the kernel offers for it, each in a child
 * of its own that checks that it took place. */
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SOMEBODY 1000
#define NR_IA32_SETRESUID 208
#define KEYCTL_JOIN_SESSION 1
#define KEYCTL_SESSION_TO_PARENT_OP 18

/* A call of no interest, at whose end the new identity is there to be looked at. */
static int settle(int r)
{
	(void)getppid();
	return r;
}

static int become_somebody(void)
{
	return settle(setgroups(0, NULL) < 0 || setresgid(SOMEBODY, SOMEBODY, SOMEBODY) < 0 ||
		      setresuid(SOMEBODY, SOMEBODY, SOMEBODY) < 0 || geteuid() != SOMEBODY);
}

/* What daemons do: give up the privilege for a moment, take it back. */
static int there_and_back(void)
{
	return settle(seteuid(SOMEBODY) < 0 || settle(seteuid(0)) < 0 || setegid(SOMEBODY) < 0 ||
		      settle(setegid(0)) < 0 || setreuid(SOMEBODY, 0) < 0 ||
		      settle(setreuid(0, 0)) < 0);
}

static int file_system_ids(void)
{
	setfsuid(SOMEBODY);
	setfsgid(SOMEBODY);
	return settle(setfsuid(0) != SOMEBODY || setfsgid(0) != SOMEBODY);
}

static int by_the_32bit_gate(void)
{
	long r = deed_int80(NR_IA32_SETRESUID, SOMEBODY, SOMEBODY, SOMEBODY, 0, 0);

	return settle(r != -ENOSYS && (r < 0 || geteuid() != SOMEBODY));
}

static int set_caps(unsigned int inheritable, unsigned int keep)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data) < 0)
		return -1;
	data[0].permitted &= keep;
	data[0].effective &= keep;
	data[0].inheritable = inheritable & data[0].permitted;
	data[1].permitted = data[1].effective = data[1].inheritable = 0;
	return (int)syscall(SYS_capset, &head, data);
}

/* Less and less, and what is left kept over the change of the user id. */
static int capabilities(void)
{
	const unsigned int keep = 1u << CAP_NET_BIND_SERVICE | 1u << CAP_SETUID | 1u << CAP_SETPCAP;

	if (prctl(PR_CAPBSET_DROP, CAP_MKNOD) < 0 || settle(prctl(PR_SET_KEEPCAPS, 1)) < 0 ||
	    settle(set_caps(keep, keep)) < 0 || setresuid(SOMEBODY, SOMEBODY, SOMEBODY) < 0)
		return 1;
	if (settle(set_caps(keep, keep)) < 0 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0) < 0)
		return 1;
	settle(0);
	execl("/bin/true", "true", NULL);
	return 1;
}

static void *sleeper(void *arg)
{
	for (int i = 0; i < 50; i++)
		usleep(2000);
	return arg;
}

/* A filter for all threads, from one of them. */
static int sandbox(void)
{
	struct sock_filter allow[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	struct sock_fprog program = { .len = 1, .filter = allow };
	pthread_t thread;

	if (pthread_create(&thread, NULL, sleeper, NULL) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
		return 1;
	settle(0);
	pthread_join(thread, NULL);
	execl("/bin/true", "true", NULL);
	return 1;
}

/* Keyrings swap the pointer to the credentials, the parent's too. */
static int keyrings(void)
{
	pid_t child;
	int status;

	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION, "habit", 0, 0, 0) < 0)
		return errno == EPERM || errno == ENOSYS ? 0 : 1;
	settle(0);
	child = fork();
	if (child == 0) {
		syscall(SYS_keyctl, KEYCTL_JOIN_SESSION, NULL, 0, 0, 0);
		syscall(SYS_keyctl, KEYCTL_SESSION_TO_PARENT_OP, 0, 0, 0, 0);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return 1;
	return settle(0);
}

static int user_namespace(void)
{
	if (unshare(CLONE_NEWUSER) < 0)
		return errno == EPERM || errno == ENOSPC ? 0 : 1;
	settle(0);
	execl("/bin/true", "true", NULL);
	return 1;
}

static int user_namespace_by_clone(void)
{
	int status;
	long child = syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWUTS | SIGCHLD, 0, 0, 0, 0);

	if (child == 0) {
		settle(0);
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	if (child < 0)
		return errno == EPERM || errno == ENOSPC ? 0 : 1;
	return waitpid((pid_t)child, &status, 0) < 0 || status != 0;
}

static int copy_self(const char *to)
{
	char buf[65536];
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	ssize_t n;

	if (in < 0 || out < 0)
		return -1;
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, (size_t)n) != n)
			return -1;
	close(in);
	close(out);
	return n < 0 ? -1 : 0;
}

/* sudo, su, passwd: somebody runs a set-id program of root's. */
static int set_id_program(void)
{
	if (copy_self("/set-id") < 0 || chmod("/set-id", 06755) < 0 || become_somebody() != 0)
		return 1;
	execl("/set-id", "set-id", "is-root", NULL);
	return 1;
}

/* The same with no_new_privs: the bits do not count. */
static int set_id_without_effect(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || become_somebody() != 0)
		return 1;
	execl("/set-id", "set-id", "is-somebody", NULL);
	return 1;
}

/* ping: somebody runs a program with a capability on its file. */
static int file_capability(void)
{
	struct vfs_cap_data cap = { .magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
				    .data[0].permitted = 1u << CAP_NET_RAW };

	if (copy_self("/file-cap") < 0 ||
	    setxattr("/file-cap", "security.capability", &cap, sizeof(cap), 0) < 0 ||
	    become_somebody() != 0)
		return 1;
	execl("/file-cap", "file-cap", "is-able", NULL);
	return 1;
}

static int do_is_root(char **argv)
{
	(void)argv;
	return geteuid() != 0 || settle(setuid(0)) < 0 || getuid() != 0;
}

static int do_is_somebody(char **argv)
{
	(void)argv;
	return geteuid() == SOMEBODY ? 0 : 1;
}

static int do_is_able(char **argv)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	(void)argv;
	return syscall(SYS_capget, &head, data) < 0 || !(data[0].effective & 1u << CAP_NET_RAW);
}

static int do_identities(char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} habits[] = {
		{ "become somebody", become_somebody },
		{ "there and back", there_and_back },
		{ "file system ids", file_system_ids },
		{ "32-bit gate", by_the_32bit_gate },
		{ "capabilities", capabilities },
		{ "sandbox", sandbox },
		{ "keyrings", keyrings },
		{ "user namespace", user_namespace },
		{ "user namespace by clone", user_namespace_by_clone },
		{ "set-id program", set_id_program },
		{ "set-id without effect", set_id_without_effect },
		{ "file capability", file_capability },
	};
	int status, bad = 0;

	(void)argv;
	for (size_t i = 0; i < sizeof(habits) / sizeof(habits[0]); i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(habits[i].run());
		if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0) {
			fprintf(stderr, "benign: %s: not done (%d)\n", habits[i].name, status);
			bad = 1;
		}
	}
	return bad;
}

static const struct deed deeds[] = {
	{ "identities", 0, do_identities },
	{ "is-root", 0, do_is_root },
	{ "is-somebody", 0, do_is_somebody },
	{ "is-able", 0, do_is_able },
	{ 0 },
};
DEED_TABLE(deeds);
