/* SPDX-License-Identifier: Apache-2.0 */
/* The reader's process: how it is confined, and its loop. */
#include "agent/reader.h"

#include <cap-ng.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "agent/reader_files.h"
#include "agent/resolve.h"

#define NOBODY 65534u
#define STUCK_SECONDS \
	5u /* a request that takes longer than its deadline by so much hangs in the kernel */
#define RESOLVE_SECONDS 1u /* likewise; who asked has long gone on */
#define SEND_SECONDS 1

/* ---- the loop */

static bool request_is_sound(const struct reader_request *request, size_t len)
{
	if (len != sizeof(*request) || request->version != READER_VERSION ||
	    request->id_len > READER_ID_MAX)
		return false;
	if (request->init_tgid > INT32_MAX)
		return false;
	return request->id_len == 0 ||
	       reader_id_is_valid((struct slice){ request->id, request->id_len });
}

static int serve_one(struct places *places, const struct reader_request *request, size_t len,
		     int fd)
{
	struct reader_reply reply = {
		.version = READER_VERSION,
		.number = request->number,
		.container = request->container,
		.error = -EINVAL,
		.last = 1,
	};
	int r;

	if (request_is_sound(request, len)) {
		/* The default action is death, and the sensor starts another. A
		 * wait that cannot be interrupted otherwise ends with it. */
		alarm(STUCK_SECONDS);
		r = reader_answer(places, request, fd, &reply);
		alarm(0);
		if (r < 0) {
			reply.error = r;
			reply.n_files = 0;
		}
	}
	return reader_send(fd, &reply, NULL);
}

static int resolve_one(const struct places *places, const struct resolve_request *request,
		       size_t len, int fd)
{
	struct resolve_reply reply;

	if (!resolve_is_sound(request, len))
		return 0;
	alarm(RESOLVE_SECONDS);
	resolve_answer(places, request, &reply);
	alarm(0);
	len = offsetof(struct resolve_reply, text) + reply.path_len + reply.fspath_len;
	return send(fd, &reply, len, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int reader_serve(const struct reader_config *config, int fd)
{
	struct timeval timeout = { .tv_sec = SEND_SECONDS };
	struct places places;
	int r;

	r = places_init(&places, config);
	if (r < 0)
		return r;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	for (;;) {
		union {
			struct reader_request files;
			struct resolve_request resolve;
		} request = { 0 };
		ssize_t n;

		/* Not recvmsg(): descriptors that come along are dropped. */
		n = recv(fd, &request, sizeof(request), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			r = n < 0 ? -errno : 0;
			break;
		}
		if (resolve_is_request(&request, (size_t)n))
			r = resolve_one(&places, &request.resolve, (size_t)n, fd);
		else
			r = serve_one(&places, &request.files, (size_t)n, fd);
		if (r == -EPIPE || r == -ECONNRESET)
			break;
	}
	places_release(&places);
	return r == -EPIPE || r == -ECONNRESET ? 0 : r;
}

/* ---- the sandbox */

/* What is asked of the caller's capabilities is kept, what is not there is
 * done without: fewer files can be read then. */
static int drop_capabilities(const struct reader_config *config)
{
	static const unsigned int kept[] = { CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH };
	uid_t uid = config->uid ? config->uid : NOBODY;
	gid_t gid = config->gid ? config->gid : NOBODY;
	bool has[ARRAY_SIZE(kept)], can_change;
	int r;

	if (capng_get_caps_process() < 0)
		return -EPERM;
	can_change = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETUID) &&
		     capng_have_capability(CAPNG_EFFECTIVE, CAP_SETGID) &&
		     capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		has[i] = capng_have_capability(CAPNG_PERMITTED, kept[i]);

	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (has[i] &&
		    capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, kept[i]) < 0)
			return -EPERM;
	/* Root without capabilities still owns root's files. */
	if (can_change)
		r = capng_change_id((int)uid, (int)gid, CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
	else
		r = capng_apply(CAPNG_SELECT_CAPS);
	return r < 0 ? -EPERM : 0;
}

/* Reading, and nothing else. openat2()'s flags are beyond a filter's sight;
 * that is why the user id is changed too. Other calls fail; those that would
 * only be made by an intruder kill. */
static int filter_calls(void)
{
	static const int allowed[] = {
		SCMP_SYS(read),
		SCMP_SYS(pread64),
		SCMP_SYS(readlinkat),
		SCMP_SYS(getdents64),
		SCMP_SYS(openat2),
		SCMP_SYS(close),
		SCMP_SYS(fstat),
		SCMP_SYS(newfstatat),
		SCMP_SYS(statx),
		SCMP_SYS(fstatfs),
		SCMP_SYS(lseek),
		SCMP_SYS(memfd_create),
		SCMP_SYS(write),
		SCMP_SYS(recvfrom),
		SCMP_SYS(sendmsg),
		SCMP_SYS(sendto),
		SCMP_SYS(alarm),
		SCMP_SYS(setitimer),
		SCMP_SYS(clock_gettime),
		SCMP_SYS(brk),
		SCMP_SYS(munmap),
		SCMP_SYS(mremap),
		SCMP_SYS(madvise),
		SCMP_SYS(futex),
		SCMP_SYS(getpid),
		SCMP_SYS(gettid),
		SCMP_SYS(rt_sigreturn),
		SCMP_SYS(rt_sigprocmask),
		SCMP_SYS(sigaltstack),
		SCMP_SYS(restart_syscall),
		SCMP_SYS(exit),
		SCMP_SYS(exit_group),
		SCMP_SYS(setsockopt),
		SCMP_SYS(sysinfo), /* qsort() asks how much memory there is */
	};
	static const int deadly[] = {
		SCMP_SYS(execve),
		SCMP_SYS(execveat),
		SCMP_SYS(ptrace),
		SCMP_SYS(process_vm_readv),
		SCMP_SYS(process_vm_writev),
		SCMP_SYS(pidfd_getfd),
		SCMP_SYS(bpf),
		SCMP_SYS(perf_event_open),
		SCMP_SYS(socket),
		SCMP_SYS(connect),
		SCMP_SYS(fork),
		SCMP_SYS(vfork),
		SCMP_SYS(clone),
		SCMP_SYS(clone3),
		SCMP_SYS(setns),
		SCMP_SYS(unshare),
		SCMP_SYS(mount),
		SCMP_SYS(open_by_handle_at),
		SCMP_SYS(kexec_load),
		SCMP_SYS(init_module),
		SCMP_SYS(finit_module),
		SCMP_SYS(io_uring_setup),
		SCMP_SYS(userfaultfd),
	};
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = ctx ? 0 : -ENOMEM;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(allowed); i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(deadly); i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, deadly[i], 0);
	if (r >= 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC,
					     O_RDONLY));
	if (r >= 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r >= 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	for (size_t i = 0; r >= 0 && i < 4; i++) {
		/* The last two: fdopendir(). */
		static const int commands[] = { F_ADD_SEALS, F_DUPFD_CLOEXEC, F_GETFL, F_SETFD };

		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
				     SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)commands[i], 0));
	}
	if (r >= 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	return r;
}

enum { SERVED_FD = 3, STATUS_FD = 4 };

/* Keep these two and stderr: the caller holds what nobody else should. */
static int keep_descriptors(int fd, int status_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* Away from the numbers that they are to have. */
	fd = fcntl(fd, F_DUPFD_CLOEXEC, STATUS_FD + 1);
	status_fd = fcntl(status_fd, F_DUPFD_CLOEXEC, STATUS_FD + 1);
	if (null < 0 || fd < 0 || status_fd < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
	    dup3(fd, SERVED_FD, O_CLOEXEC) < 0 || dup3(status_fd, STATUS_FD, O_CLOEXEC) < 0 ||
	    close_range(STATUS_FD + 1, ~0u, 0) < 0)
		return -errno;
	return 0;
}

static int confine(const struct reader_config *config, pid_t parent)
{
	int r = drop_capabilities(config);

	if (r < 0)
		return r;
	/* After the change of ids, which clears it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0) < 0)
		return -errno;
	if (getppid() != parent)
		return -ESRCH;
	return filter_calls();
}

static void reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	signal(SIGINT, SIG_IGN); /* the terminal's is for the sensor */
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void __attribute__((noreturn))
child(const struct reader_config *config, int fd, int status_fd, pid_t parent)
{
	int r;

	prctl(PR_SET_NAME, config->name ? config->name : "brigwatch-read");
	if (config->shed)
		config->shed(config->shed_arg);
	reset_signals();
	r = keep_descriptors(fd, status_fd);
	if (r >= 0) {
		status_fd = STATUS_FD;
		r = confine(config, parent);
	}
	if (write(status_fd, &r, sizeof(r)) != sizeof(r) || r < 0)
		_exit(1);
	close(status_fd);
	_exit(reader_serve(config, SERVED_FD) < 0);
}

int reader_socketpair(int *ret_engine, int *ret_reader)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	*ret_engine = fds[0];
	*ret_reader = fds[1];
	return 0;
}

int reader_spawn(const struct reader_config *config, int fd, pid_t *ret_pid)
{
	cleanup_close int read_fd = -1;
	pid_t parent = getpid(), pid;
	int status[2], r = -ECHILD;
	ssize_t n;

	if (pipe2(status, O_CLOEXEC) < 0)
		return -errno;
	read_fd = status[0];
	pid = fork();
	if (pid < 0) {
		r = -errno;
		close(status[1]);
		return r;
	}
	if (pid == 0)
		child(config, fd, status[1], parent);
	close(status[1]);

	do
		n = read(read_fd, &r, sizeof(r));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(r))
		r = -ECHILD; /* it died before it could say why */
	if (r < 0) {
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		return r;
	}
	*ret_pid = pid;
	return 0;
}
