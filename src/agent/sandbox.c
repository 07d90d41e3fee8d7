// SPDX-License-Identifier: Apache-2.0
#include "agent/sandbox.h"

#include <cap-ng.h>
#include <grp.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "source/source.h"

#define NOBODY 65534

static const int engine_calls[] = {
	SCMP_SYS(read),		 SCMP_SYS(write),	  SCMP_SYS(writev),	 SCMP_SYS(pread64),
	SCMP_SYS(close),	 SCMP_SYS(fstat),	  SCMP_SYS(newfstatat),	 SCMP_SYS(lseek),
	SCMP_SYS(epoll_wait),	 SCMP_SYS(epoll_pwait),	  SCMP_SYS(epoll_ctl),	 SCMP_SYS(poll),
	SCMP_SYS(ppoll),	 SCMP_SYS(recvmsg),	  SCMP_SYS(sendmsg),	 SCMP_SYS(recvfrom),
	SCMP_SYS(sendto),	 SCMP_SYS(munmap),	  SCMP_SYS(mremap),	 SCMP_SYS(brk),
	SCMP_SYS(madvise),	 SCMP_SYS(futex),	  SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),	 SCMP_SYS(exit),	  SCMP_SYS(exit_group),	 SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigaction),	 SCMP_SYS(rt_sigprocmask), SCMP_SYS(getrandom),	 SCMP_SYS(getpid),
	SCMP_SYS(gettid),	 SCMP_SYS(tgkill),	  SCMP_SYS(restart_syscall), SCMP_SYS(fdatasync),
	SCMP_SYS(fcntl),	 SCMP_SYS(ioctl),	  SCMP_SYS(sched_yield), SCMP_SYS(sigaltstack),
};

/* Sockets that it was given; it makes none, and connects to nobody. */
static const int status_calls[] = {
	SCMP_SYS(read),		   SCMP_SYS(write),	    SCMP_SYS(writev),	   SCMP_SYS(close),
	SCMP_SYS(epoll_wait),	   SCMP_SYS(epoll_pwait),   SCMP_SYS(epoll_ctl),   SCMP_SYS(epoll_create1),
	SCMP_SYS(poll),		   SCMP_SYS(ppoll),	    SCMP_SYS(accept4),	   SCMP_SYS(getsockname),
	SCMP_SYS(recvfrom),	   SCMP_SYS(sendto),	    SCMP_SYS(sendmsg),	   SCMP_SYS(shutdown),
	SCMP_SYS(setsockopt),	   SCMP_SYS(getsockopt),    SCMP_SYS(munmap),	   SCMP_SYS(mremap),
	SCMP_SYS(brk),		   SCMP_SYS(madvise),	    SCMP_SYS(futex),	   SCMP_SYS(clock_gettime),
	SCMP_SYS(exit),		   SCMP_SYS(exit_group),    SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(getpid),	   SCMP_SYS(gettid),	    SCMP_SYS(tgkill),	   SCMP_SYS(restart_syscall),
	SCMP_SYS(fcntl),	   SCMP_SYS(sched_yield),   SCMP_SYS(sigaltstack), SCMP_SYS(getrandom),
};

/* Reaching for one of these means that somebody else is at the wheel. */
static const int fatal_calls[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(ptrace), SCMP_SYS(fork), SCMP_SYS(vfork),
	SCMP_SYS(clone),  SCMP_SYS(clone3),   SCMP_SYS(mount),	SCMP_SYS(setns), SCMP_SYS(unshare),
};

static int add_rules(scmp_filter_ctx ctx, const int *calls, size_t n, bool with_bpf)
{
	size_t i;
	int r = 0;

	for (i = 0; i < n && r == 0; i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
	for (i = 0; i < ARRAY_SIZE(fatal_calls) && r == 0; i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, fatal_calls[i], 0);
	for (i = 0; i < source_bpf_commands_len && with_bpf && r == 0; i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(bpf), 1,
				     SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)source_bpf_commands[i]));
	/* Memory, but never executable. */
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return r;
}

static int give_up_all(void)
{
	bool can_change;

	/* Read by the C library on first use, from files. */
	tzset();
	if (capng_get_caps_process() < 0)
		return -EPERM;
	can_change = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETUID) &&
		     capng_have_capability(CAPNG_EFFECTIVE, CAP_SETGID);
	capng_clear(CAPNG_SELECT_ALL);
	/* A service that is root with a few capabilities stays root: the filter keeps
	 * it from opening what root owns. */
	if (geteuid() == 0 && can_change) {
		if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0)
			return -errno;
		/* Bounding set before the user id: it needs CAP_SETPCAP. A process that
		 * lacks that has nothing to give up there. */
		(void)capng_apply(CAPNG_SELECT_BOUNDS);
		if (setresuid(NOBODY, NOBODY, NOBODY) < 0)
			return -errno;
	}
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return -EPERM;
	if (capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE)
		return -EPERM;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

static int filter(const int *calls, size_t n, bool with_bpf)
{
	scmp_filter_ctx ctx;
	int r;

	ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!ctx)
		return -ENOMEM;
	r = add_rules(ctx, calls, n, with_bpf);
	if (r == 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	return r;
}

void sandbox_raise(void)
{
	if (capng_get_caps_process() < 0)
		return;
	for (unsigned int i = 0; i <= CAP_LAST_CAP; i++)
		if (capng_have_capability(CAPNG_PERMITTED, i))
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE, i);
	/* What fails is told by sandbox_missing(). */
	(void)capng_apply(CAPNG_SELECT_CAPS);
}

int sandbox_enter_engine(void)
{
	int r = give_up_all();

	return r < 0 ? r : filter(engine_calls, ARRAY_SIZE(engine_calls), true);
}

int sandbox_enter_status(pid_t parent)
{
	int r = give_up_all();

	if (r < 0)
		return r;
	/* After the change of ids, which clears it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	if (getppid() != parent)
		return -ESRCH;
	return filter(status_calls, ARRAY_SIZE(status_calls), false);
}

const char *sandbox_missing(void)
{
	bool bpf, perfmon;

	if (capng_get_caps_process() < 0 || capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN))
		return NULL;
	bpf = capng_have_capability(CAPNG_EFFECTIVE, CAP_BPF);
	perfmon = capng_have_capability(CAPNG_EFFECTIVE, CAP_PERFMON);
	if (bpf && perfmon)
		return NULL;
	return bpf ? "CAP_PERFMON" : perfmon ? "CAP_BPF" : "CAP_BPF and CAP_PERFMON";
}

static const unsigned int sensor_capabilities[] = {
	CAP_BPF, CAP_PERFMON,
	CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH,	/* the reader's, which is started again from here */
	CAP_SETUID, CAP_SETGID, CAP_SETPCAP,	/* to give the children less */
	CAP_KILL,				/* to end children of another user */
};

int sandbox_enter_sensor(void)
{
	size_t i;

	capng_get_caps_process();
	for (i = 0; i <= CAP_LAST_CAP; i++) {
		bool keep = false;

		for (size_t k = 0; k < ARRAY_SIZE(sensor_capabilities); k++)
			keep |= sensor_capabilities[k] == i;
		if (!keep)
			capng_update(CAPNG_DROP, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE |
					     CAPNG_BOUNDING_SET, (unsigned int)i);
	}
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return -EPERM;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return 0;
}
