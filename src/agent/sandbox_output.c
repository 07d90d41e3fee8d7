// SPDX-License-Identifier: Apache-2.0
#include <cap-ng.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "agent/sandbox.h"
#include "base/base.h"

void sandbox_close_all_but(int *keep, size_t n)
{
	int from = 3;

	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++)
			if (keep[k] < keep[i]) {
				int swap = keep[i];

				keep[i] = keep[k];
				keep[k] = swap;
			}
	for (size_t i = 0; i < n; i++) {
		if (keep[i] < from)
			continue;
		if (keep[i] > from)
			(void)syscall(SYS_close_range, (unsigned int)from, (unsigned int)keep[i] - 1, 0);
		from = keep[i] + 1;
	}
	(void)syscall(SYS_close_range, (unsigned int)from, ~0u, 0);
}

/* Opens files and sockets and has threads, but starts no program and loads nothing. */
static const int output_calls[] = {
	SCMP_SYS(read),		SCMP_SYS(readv),	SCMP_SYS(pread64),	SCMP_SYS(write),
	SCMP_SYS(writev),	SCMP_SYS(pwrite64),	SCMP_SYS(close),	SCMP_SYS(lseek),
	SCMP_SYS(fstat),	SCMP_SYS(newfstatat),	SCMP_SYS(statx),	SCMP_SYS(open),
	SCMP_SYS(openat),	SCMP_SYS(access),	SCMP_SYS(faccessat),	SCMP_SYS(faccessat2),
	SCMP_SYS(readlink),	SCMP_SYS(readlinkat),	SCMP_SYS(getdents64),	SCMP_SYS(rename),
	SCMP_SYS(renameat),	SCMP_SYS(renameat2),	SCMP_SYS(unlink),	SCMP_SYS(unlinkat),
	SCMP_SYS(ftruncate),	SCMP_SYS(fsync),	SCMP_SYS(fdatasync),	SCMP_SYS(fcntl),
	SCMP_SYS(ioctl),	SCMP_SYS(dup),		SCMP_SYS(flock),	SCMP_SYS(socket),
	SCMP_SYS(socketpair),	SCMP_SYS(connect),	SCMP_SYS(bind),		SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),	SCMP_SYS(getsockopt),	SCMP_SYS(setsockopt),	SCMP_SYS(shutdown),
	SCMP_SYS(sendto),	SCMP_SYS(sendmsg),	SCMP_SYS(sendmmsg),	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),	SCMP_SYS(recvmmsg),	SCMP_SYS(poll),		SCMP_SYS(ppoll),
	SCMP_SYS(select),	SCMP_SYS(pselect6),	SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),	SCMP_SYS(epoll_pwait),	SCMP_SYS(eventfd2),	SCMP_SYS(pipe2),
	SCMP_SYS(memfd_create),	SCMP_SYS(munmap),	SCMP_SYS(mremap),	SCMP_SYS(brk),
	SCMP_SYS(madvise),	SCMP_SYS(futex),	SCMP_SYS(set_robust_list), SCMP_SYS(rseq),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday),
	SCMP_SYS(exit),		SCMP_SYS(exit_group),	SCMP_SYS(rt_sigreturn),	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall), SCMP_SYS(tgkill),
	SCMP_SYS(getrandom),	SCMP_SYS(getpid),	SCMP_SYS(getppid),	SCMP_SYS(gettid),
	SCMP_SYS(getuid),	SCMP_SYS(geteuid),	SCMP_SYS(getgid),	SCMP_SYS(getegid),
	SCMP_SYS(uname),	SCMP_SYS(sysinfo),	SCMP_SYS(sched_yield),	SCMP_SYS(sched_getaffinity),
};

static const int output_fatal_calls[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(ptrace), SCMP_SYS(fork), SCMP_SYS(vfork),
	SCMP_SYS(mount),  SCMP_SYS(setns),    SCMP_SYS(unshare), SCMP_SYS(bpf), SCMP_SYS(init_module),
	SCMP_SYS(finit_module), SCMP_SYS(kexec_load),
};

static int add_output_rules(scmp_filter_ctx ctx)
{
	size_t i;
	int r = 0;

	for (i = 0; i < ARRAY_SIZE(output_calls) && r == 0; i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, output_calls[i], 0);
	for (i = 0; i < ARRAY_SIZE(output_fatal_calls) && r == 0; i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, output_fatal_calls[i], 0);
	/* Threads only. The flags of clone3() are out of a filter's sight: without it the
	 * C library takes clone(). */
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				     SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return r;
}

int sandbox_enter_output(void)
{
	scmp_filter_ctx ctx;
	int r;

	tzset();
	if (capng_get_caps_process() < 0)
		return -EPERM;
	capng_clear(CAPNG_SELECT_ALL);
	/* The bounding set needs CAP_SETPCAP; who lacks that has nothing to give up there. */
	(void)capng_apply(CAPNG_SELECT_BOUNDS);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0 || capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE)
		return -EPERM;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!ctx)
		return -ENOMEM;
	r = add_output_rules(ctx);
	if (r == 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	return r;
}
