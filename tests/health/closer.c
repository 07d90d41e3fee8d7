// SPDX-License-Identifier: Apache-2.0
/* Make a process close one of its descriptors, as somebody with root and a
 * debugger would to detach a hook. usage: closer PID FD; 0: it is closed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
	struct user_regs_struct saved, regs;
	pid_t pid = argc == 3 ? atoi(argv[1]) : 0;
	long code;
	int status;

	if (pid <= 0 || ptrace(PTRACE_ATTACH, pid, 0, 0) < 0 || waitpid(pid, &status, 0) != pid ||
	    ptrace(PTRACE_GETREGS, pid, 0, &saved) < 0) {
		perror("closer: attach");
		return 1;
	}
	/* It waits in poll(): the instruction before is a system call. */
	errno = 0;
	code = ptrace(PTRACE_PEEKTEXT, pid, saved.rip - 2, 0);
	if (errno || (code & 0xffff) != 0x050f) {
		fprintf(stderr, "closer: not in a system call\n");
		ptrace(PTRACE_DETACH, pid, 0, 0);
		return 2;
	}
	regs = saved;
	regs.rip -= 2;
	regs.rax = SYS_close;
	regs.rdi = (unsigned long long)atoi(argv[2]);
	regs.orig_rax = (unsigned long long)-1; /* no restart of what was interrupted */
	if (ptrace(PTRACE_SETREGS, pid, 0, &regs) < 0 || ptrace(PTRACE_SINGLESTEP, pid, 0, 0) < 0 ||
	    waitpid(pid, &status, 0) != pid || ptrace(PTRACE_GETREGS, pid, 0, &regs) < 0) {
		perror("closer: step");
		return 1;
	}
	code = (long)regs.rax;
	if (ptrace(PTRACE_SETREGS, pid, 0, &saved) < 0 || ptrace(PTRACE_DETACH, pid, 0, 0) < 0) {
		perror("closer: detach");
		return 1;
	}
	if (code)
		fprintf(stderr, "closer: close() gave %ld\n", code);
	return code ? 3 : 0;
}
