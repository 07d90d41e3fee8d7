/* SPDX-License-Identifier: Apache-2.0 */
/* What a container was given: one file that has it, and one near it that has
 * not. Files in data/ are real ones, those here are cut to what is judged. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "enrich/posture.h"

#define ALL_NS                                                                             \
	"{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":\"uts\"}," \
	"{\"type\":\"cgroup\"},{\"type\":\"user\"}"
#define NS_BUT(rest) "\"namespaces\":[" rest "]"
#define GOOD_NS NS_BUT(ALL_NS)
#define GOOD_LINUX \
	"\"seccomp\":{},\"maskedPaths\":[\"/proc/kcore\"],\"readonlyPaths\":[\"/proc/sys\"]"
#define LIMITS "\"memory\":{\"limit\":1000000},\"pids\":{\"limit\":10},\"cpu\":{\"shares\":100}"
#define GOOD_RES "\"resources\":{" LIMITS "}"
#define GOOD_PROCESS "\"rlimits\":[{}],\"noNewPrivileges\":true,\"apparmorProfile\":\"p\",\"user\":{\"uid\":0}"
#define OCI(process, linux_part, rest)                                                 \
	"{\"ociVersion\":\"1.0.2\",\"root\":{\"readonly\":true},\"process\":{" process \
	"},\"linux\":{" linux_part "}" rest "}"
#define MOUNT(source, options)                                                            \
	OCI(GOOD_PROCESS, GOOD_NS "," GOOD_LINUX "," GOOD_RES,                            \
	    ",\"mounts\":[{\"destination\":\"/m\",\"type\":\"bind\",\"source\":\"" source \
	    "\",\"options\":[" options "]}]")
#define PROCESS(p) OCI(p, GOOD_NS "," GOOD_LINUX "," GOOD_RES, "")
#define LINUX(l) OCI(GOOD_PROCESS, l, "")
#define CAPS(c) PROCESS(GOOD_PROCESS ",\"capabilities\":{\"bounding\":[" c "]}")
#define USER_MAP(host) \
	LINUX(GOOD_NS "," GOOD_LINUX "," GOOD_RES ",\"uidMappings\":[{\"containerID\":0,\"hostID\":" host ",\"size\":9}]")
#define RES(r) LINUX(GOOD_NS "," GOOD_LINUX ",\"resources\":{" r "}")
#define NS(n) LINUX(NS_BUT(n) "," GOOD_LINUX "," GOOD_RES)
#define RW "\"rbind\",\"rw\""
#define RO "\"rbind\",\"ro\""
#define T(t) "{\"type\":\"" t "\"},"
#define ALL_DEVICES "\"devices\":[{\"allow\":true,\"access\":\"rwm\"}]"

/* clang-format off */
static const struct {
	const char *name;
	enum posture_check check;
	const char *has, *has_not;
} cases[] = {
	{ "privileged", POSTURE_PRIVILEGED,
	  OCI(GOOD_PROCESS ",\"capabilities\":{\"bounding\":[\"CAP_SYS_ADMIN\",\"CAP_SYS_MODULE\"]}",
	      GOOD_NS "," GOOD_LINUX ",\"resources\":{" LIMITS "," ALL_DEVICES "}", ""),
	  CAPS("\"CAP_SYS_ADMIN\",\"CAP_SYS_MODULE\"") },
	{ "podman says it", POSTURE_PRIVILEGED,
	  OCI(GOOD_PROCESS, GOOD_NS, ",\"annotations\":{\"io.podman.annotations.privileged\":\"TRUE\"}"),
	  OCI(GOOD_PROCESS, GOOD_NS, ",\"annotations\":{\"io.podman.annotations.privileged\":\"FALSE\"}") },
	{ "pid", POSTURE_HOST_PID, NS(T("network") T("ipc") "{\"type\":\"user\"}"), NS(ALL_NS) },
	{ "pid of init", POSTURE_HOST_PID,
	  NS("{\"type\":\"pid\",\"path\":\"/proc/1/ns/pid\"}"), NS("{\"type\":\"pid\",\"path\":\"/proc/12/ns/pid\"}") },
	{ "user namespace that maps root to root", POSTURE_HOST_USER, USER_MAP("0"), USER_MAP("1000") },
	{ "a user's keys", POSTURE_MOUNT_HOME_RW, MOUNT("/home/user/.ssh/id", RW), MOUNT("/home/user/.sshx", RW) },
	{ "a user's whole home", POSTURE_MOUNT_HOME_RW, MOUNT("/home/user", RW), MOUNT("/home/user/project", RW) },
	{ "keys, read-only", POSTURE_MOUNT_SENSITIVE_RO, MOUNT("/home/user/.kube", RO), MOUNT("/home/user/kube", RO) },
	{ "capabilities that reach the host", POSTURE_HOST_CAPABILITIES, CAPS("\"CAP_SYS_MODULE\""),
	  CAPS("\"CAP_SYS_TIME\"") },
	{ "a disk", POSTURE_HOST_DEVICES,
	  LINUX(GOOD_NS ",\"devices\":[{\"path\":\"/dev/x\",\"type\":\"b\",\"major\":8,\"minor\":0}]"),
	  LINUX(GOOD_NS ",\"devices\":[{\"path\":\"/dev/x\",\"type\":\"b\",\"major\":7,\"minor\":0}]") },
	{ "memory", POSTURE_HOST_DEVICES,
	  LINUX(GOOD_NS ",\"devices\":[{\"path\":\"/dev/mem\",\"type\":\"c\",\"major\":1,\"minor\":1}]"),
	  LINUX(GOOD_NS ",\"devices\":[{\"path\":\"/dev/null\",\"type\":\"c\",\"major\":1,\"minor\":3}]") },
	{ "rlimits", POSTURE_NO_RLIMITS, PROCESS("\"noNewPrivileges\":true"), PROCESS(GOOD_PROCESS) },
	{ "network", POSTURE_HOST_NET, NS("{\"type\":\"pid\"}"), NS(ALL_NS) },
	{ "ipc", POSTURE_HOST_IPC, NS("{\"type\":\"pid\"}"), NS(ALL_NS) },
	{ "uts", POSTURE_HOST_UTS, NS("{\"type\":\"pid\"}"), NS(ALL_NS) },
	{ "cgroup", POSTURE_HOST_CGROUP, NS("{\"type\":\"pid\"}"), NS(ALL_NS) },
	{ "user", POSTURE_HOST_USER, NS("{\"type\":\"pid\"}"), NS(ALL_NS) },
	{ "socket", POSTURE_ENGINE_SOCKET, MOUNT("/var/run/docker.sock", RO), MOUNT("/run/app.sock", RW) },
	{ "socket's directory", POSTURE_ENGINE_SOCKET, MOUNT("/run/containerd", RW), MOUNT("/run/containerd-x", RW) },
	{ "root", POSTURE_MOUNT_ROOT_RW, MOUNT("/", RW), MOUNT("/", RO) },
	{ "root, disguised", POSTURE_MOUNT_ROOT_RW, MOUNT("/srv/.././/", RW), MOUNT("/srv/../x", RW) },
	{ "root, read-only", POSTURE_MOUNT_ROOT_RO, MOUNT("/", RO), MOUNT("/", RW) },
	{ "etc", POSTURE_MOUNT_ETC_RW, MOUNT("/etc/cron.d", RW), MOUNT("/etcetera", RW) },
	{ "proc", POSTURE_MOUNT_KERNEL_RW, MOUNT("/proc/sys", RW), MOUNT("/process", RW) },
	{ "boot", POSTURE_MOUNT_KERNEL_RW, MOUNT("/boot", RW), MOUNT("/boot", RO) },
	{ "dev", POSTURE_MOUNT_DEV_RW, MOUNT("/dev", RW), MOUNT("/dev/shm", RW) },
	{ "root's home", POSTURE_MOUNT_HOME_RW, MOUNT("/root/.ssh", RW), MOUNT("/rootfs", RW) },
	{ "all homes", POSTURE_MOUNT_HOME_RW, MOUNT("/home", RW), MOUNT("/home/user/project", RW) },
	{ "kubelet", POSTURE_MOUNT_STATE_RW, MOUNT("/var/lib/kubelet/pods", RW),
	  MOUNT("/var/lib/kubelet/pods/u/volumes/kubernetes.io~empty-dir/x", RW) },
	{ "docker", POSTURE_MOUNT_STATE_RW, MOUNT("/var", RW), MOUNT("/var/lib/docker/volumes/v/_data", RW) },
	{ "run", POSTURE_MOUNT_RUN_RW, MOUNT("/var/run/", RW), MOUNT("/run/app", RW) },
	{ "programs", POSTURE_MOUNT_PROGRAMS_RW, MOUNT("/usr/local/bin", RW), MOUNT("/usr/local/bin", RO) },
	{ "read-only", POSTURE_MOUNT_SENSITIVE_RO, MOUNT("/etc", RO), MOUNT("/etc/hosts", RO) },
	{ "capability", POSTURE_CAPABILITIES, CAPS("\"CAP_SYS_PTRACE\""), CAPS("\"CAP_CHOWN\",\"CAP_NET_RAW\"") },
	{ "seccomp", POSTURE_SECCOMP_OFF, LINUX(GOOD_NS), LINUX(GOOD_NS "," GOOD_LINUX) },
	{ "apparmor", POSTURE_LSM_OFF, PROCESS("\"apparmorProfile\":\"unconfined\""), PROCESS("\"selinuxLabel\":\"l\"") },
	{ "no_new_privs", POSTURE_NEW_PRIVILEGES, PROCESS("\"noNewPrivileges\":false"), PROCESS(GOOD_PROCESS) },
	{ "masks", POSTURE_PATHS_UNMASKED, LINUX(GOOD_NS ",\"maskedPaths\":[],\"readonlyPaths\":[\"/p\"]"),
	  LINUX(GOOD_NS "," GOOD_LINUX) },
	{ "device", POSTURE_DEVICES, LINUX(GOOD_NS ",\"devices\":[{\"path\":\"/dev/sda\"}]"),
	  LINUX(GOOD_NS ",\"devices\":[{\"path\":\"/dev/null\"}]") },
	{ "propagation", POSTURE_SHARED_MOUNT, MOUNT("/srv", "\"rbind\",\"rshared\""), MOUNT("/srv", "\"rbind\",\"rslave\"") },
	{ "secret", POSTURE_SECRET_NAMES, PROCESS("\"env\":[\"DB_PASSWORD=x\"]"),
	  PROCESS("\"env\":[\"DB_PASSWORD_FILE=/run/s\",\"PATH=/token\",\"DB_PASSWORD=\"]") },
	{ "memory", POSTURE_NO_MEMORY_LIMIT, RES("\"pids\":{\"limit\":9}"), RES(LIMITS) },
	{ "pids", POSTURE_NO_PIDS_LIMIT, RES("\"pids\":{\"limit\":-1}"), RES(LIMITS) },
	{ "cpu", POSTURE_NO_CPU_LIMIT, RES("\"cpu\":{\"shares\":0}"), RES("\"cpu\":{\"quota\":5}") },
	{ "writable root", POSTURE_ROOT_WRITABLE, "{\"ociVersion\":\"1\",\"linux\":{}}", PROCESS(GOOD_PROCESS) },
	{ "root on a volume", POSTURE_ROOT_ON_VOLUME,
	  OCI("\"user\":{\"uid\":0}", NS_BUT("{\"type\":\"pid\"}"), ",\"mounts\":[{\"source\":\"/srv\",\"type\":\"bind\"}]"),
	  OCI("\"user\":{\"uid\":7}", NS_BUT("{\"type\":\"pid\"}"), ",\"mounts\":[{\"source\":\"/srv\",\"type\":\"bind\"}]") },
};
/* clang-format on */

static uint64_t judge(const char *json)
{
	struct posture posture = { 0 };
	uint64_t findings;

	assert_int_equal(posture_read_oci(slice_from(json), &posture), 0);
	findings = posture.findings;
	posture_release(&posture);
	return findings;
}

static void each_check_tells_its_case_from_a_near_one(void **state)
{
	uint64_t tried = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t bit = UINT64_C(1) << cases[i].check;

		if (!(judge(cases[i].has) & bit))
			fail_msg("%s: not found", cases[i].name);
		if (judge(cases[i].has_not) & bit)
			fail_msg("%s: found where it is not", cases[i].name);
		tried |= bit;
	}
	/* The others are Docker's alone, or the kernel's. */
	assert_int_equal(tried, ((UINT64_C(1) << POSTURE_PRIVILEGED_PORT) - 1) |
					UINT64_C(1) << POSTURE_NO_RLIMITS |
					UINT64_C(1) << POSTURE_HOST_CAPABILITIES |
					UINT64_C(1) << POSTURE_HOST_DEVICES);
}

static void table_is_whole(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < POSTURE_N; i++) {
		const struct posture_check_info *info = posture_check_info(i);

		if (!info || !info->key || !info->title || !info->techniques || !info->attack ||
		    !info->fix || !info->cis)
			fail_msg("check %u is not described", i);
		assert_string_equal(info->key, posture_check_name(i));
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(posture_check_info(j)->key, info->key);
	}
	assert_null(posture_check_info(POSTURE_N));
}

static void read_data(const char *name, struct posture *posture)
{
	const char *dir = getenv("BRIGWATCH_TEST_DATA");
	cleanup_free char *bytes = malloc(1 << 20);
	char path[512];
	ssize_t n;
	int fd;

	assert_non_null(bytes);
	snprintf(path, sizeof(path), "%s/%s", dir ? dir : "tests/unit/data", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("cannot open %s: %s", path, strerror(errno));
	n = read(fd, bytes, 1 << 20);
	close(fd);
	assert_true(n > 0);
	assert_int_equal(posture_read_oci((struct slice){ bytes, (size_t)n }, posture), 0);
	/* Every cut and many damages of a real file are survived. */
	for (ssize_t at = 0; at < n; at += 97) {
		struct posture other = { 0 };
		char good = bytes[at];

		posture_read_oci((struct slice){ bytes, (size_t)at }, &other);
		bytes[at] = "\0\"\\{[,9"[at % 7];
		posture_read_oci((struct slice){ bytes, (size_t)n }, &other);
		bytes[at] = good;
		posture_release(&other);
	}
}

static void ordinary_containers_are_below_warning(void **state)
{
	static const char *const names[] = { "oci_config_docker.json", "oci_config_podman.json" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct posture posture = { 0 };

		read_data(names[i], &posture);
		for (unsigned int c = 0; c < POSTURE_N; c++)
			if (posture.findings >> c & 1 &&
			    posture_check_info(c)->severity >= POSTURE_WARNING)
				print_message("%s: %s\n", names[i], posture_check_info(c)->key);
		assert_true(posture_severity(&posture) < POSTURE_WARNING);
		posture_release(&posture);
	}
}

/* Made by hand after containerd's CRI plug-in: a pod's namespaces are joined by
 * path, there is no filter unless it is asked for, and the files of the pod are
 * mounted. The same with what hostPath can do to it. */
static void pods_are_below_warning_unless_they_mount_the_host(void **state)
{
#define POD(more)                                                                                  \
	"{\"ociVersion\":\"1.0.2\",\"process\":{\"user\":{\"uid\":0},\"capabilities\":{"           \
	"\"bounding\":[\"CAP_CHOWN\",\"CAP_MKNOD\",\"CAP_NET_RAW\"]}},\"linux\":{\"namespaces\":[" \
	"{\"type\":\"pid\"},{\"type\":\"ipc\",\"path\":\"/proc/77/ns/ipc\"},"                      \
	"{\"type\":\"uts\",\"path\":\"/proc/77/ns/uts\"},{\"type\":\"mount\"},"                    \
	"{\"type\":\"network\",\"path\":\"/proc/77/ns/net\"}],"                                    \
	"\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}],"                       \
	"\"cpu\":{\"shares\":2}},\"maskedPaths\":[\"/proc/kcore\"],"                               \
	"\"readonlyPaths\":[\"/proc/sys\"]},\"mounts\":["                                          \
	"{\"type\":\"bind\",\"source\":\"/var/lib/kubelet/pods/u/etc-hosts\"},"                    \
	"{\"type\":\"bind\",\"source\":"                                                           \
	"\"/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/a/resolv.conf\"},"              \
	"{\"type\":\"bind\",\"source\":"                                                           \
	"\"/run/containerd/io.containerd.grpc.v1.cri/sandboxes/a/shm\"}" more "]}"
	struct posture posture = { 0 };

	(void)state;
	assert_int_equal(posture_read_oci(slice_from(POD("")), &posture), 0);
	assert_true(posture_severity(&posture) < POSTURE_WARNING);
	posture_release(&posture);
	assert_int_equal(
		posture_read_oci(
			slice_from(POD(",{\"type\":\"bind\",\"source\":\"/var/lib/kubelet\"}")),
			&posture),
		0);
	assert_int_equal(posture_severity(&posture), POSTURE_WARNING);
	posture_release(&posture);
}

static void docker_says_what_the_specification_cannot(void **state)
{
	static const char host[] =
		"{\"Privileged\":true,\"NetworkMode\":\"host\",\"PidMode\":\"host\","
		"\"Binds\":[\"/:/host:z,ro\",\"/etc:/e\",\"volume:/v\",\"/run/docker.sock:/s\"]}";
	static const char config[] =
		"{\"ID\":\"x\",\"Config\":{\"Labels\":{\"my.secret\":\"hunter2-canary\"},"
		"\"Env\":[\"API_KEY=hunter2-canary\",\"hunter2-canary-token\"]}}";
	struct posture posture = { 0 };
	char reason[128];

	(void)state;
	assert_int_equal(posture_read_docker_host(slice_from(config), &posture), -EBADMSG);
	assert_int_equal(posture_read_docker_config(slice_from(host), &posture), -EBADMSG);
	assert_int_equal(posture.findings, 0);
	assert_int_equal(posture_read_docker_host(slice_from(host), &posture), 0);
	assert_int_equal(posture.findings, UINT64_C(1) << POSTURE_PRIVILEGED |
						   UINT64_C(1) << POSTURE_HOST_PID |
						   UINT64_C(1) << POSTURE_HOST_NET |
						   UINT64_C(1) << POSTURE_MOUNT_ROOT_RO |
						   UINT64_C(1) << POSTURE_MOUNT_ETC_RW |
						   UINT64_C(1) << POSTURE_ENGINE_SOCKET);
	assert_int_equal(posture.n_binds, 3);
	assert_int_equal(posture_read_docker_config(slice_from(config), &posture), 0);
	assert_true(posture.findings >> POSTURE_SECRET_NAMES & 1);
	for (size_t i = 0; i < posture.n_details; i++)
		assert_null(strstr(posture.details[i].text, "hunter2"));
	assert_true(posture_reason(posture.findings, reason, sizeof(reason)));
	assert_string_equal(reason, "it holds the socket of a container engine");
	posture_release(&posture);

	assert_true(
		posture_reason(UINT64_C(1) << POSTURE_PRIVILEGED | UINT64_C(1) << POSTURE_HOST_PID,
			       reason, sizeof(reason)));
	assert_string_equal(reason, "it runs privileged with the host's pid namespace");
	assert_false(posture_reason(UINT64_C(1) << POSTURE_ROOT_WRITABLE, reason, sizeof(reason)));
	assert_string_equal(reason, "");
}

static void docker_only_checks_tell_theirs_from_near_ones(void **state)
{
	static const struct {
		enum posture_check check;
		const char *has, *has_not;
	} docker[] = {
		{ POSTURE_PRIVILEGED_PORT, "\"PortBindings\":{\"9/tcp\":[{\"HostPort\":\"1023\"}]}",
		  "\"PortBindings\":{\"9/tcp\":[{\"HostPort\":\"1024\"}]}" },
		{ POSTURE_PORT_ANY_ADDRESS, "\"PortBindings\":{\"9/tcp\":[{\"HostIp\":\"\"}]}",
		  "\"PortBindings\":{\"9/tcp\":[{\"HostIp\":\"127.0.0.1\"}]}" },
		{ POSTURE_RESTART_ALWAYS, "\"RestartPolicy\":{\"Name\":\"always\"}",
		  "\"RestartPolicy\":{\"Name\":\"on-failure\"}" },
		{ POSTURE_CGROUP_PARENT, "\"CgroupParent\":\"/x\"", "\"CgroupParent\":\"\"" },
	};
	struct posture posture = { 0 };
	char json[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(docker); i++)
		for (int near = 0; near < 2; near++) {
			snprintf(json, sizeof(json),
				 "{\"Privileged\":false,\"NetworkMode\":\"%s\",%s}",
				 near ? "mine" : "default",
				 near ? docker[i].has_not : docker[i].has);
			assert_int_equal(posture_read_docker_host(slice_from(json), &posture), 0);
			assert_int_equal(posture.findings >> docker[i].check & 1, !near);
			assert_int_equal(posture.findings >> POSTURE_DEFAULT_BRIDGE & 1, !near);
			posture_release(&posture);
		}
	assert_int_equal(posture_read_docker_config(
				 SLICE_LITERAL("{\"ID\":\"x\",\"Config\":{\"Healthcheck\":{}}}"),
				 &posture),
			 0);
	assert_int_equal(posture.findings, 0);
	assert_int_equal(posture_read_docker_config(SLICE_LITERAL("{\"ID\":\"x\",\"Config\":{}}"),
						    &posture),
			 0);
	assert_int_equal(posture.findings, UINT64_C(1) << POSTURE_NO_HEALTH_CHECK);
	posture_release(&posture);
}

/* The kernel's word against the files'. */
static void kernel_has_the_last_word(void **state)
{
	static const uint64_t pid = UINT64_C(1) << POSTURE_HOST_PID;
	static const uint64_t net = UINT64_C(1) << POSTURE_HOST_NET;
	struct posture_live live = {
		.version = POSTURE_LIVE_VERSION,
		.compared = pid | net,
		.host = net,
		.n_sockets = 1,
		.n_sockets_dropped = 2,
		.n_ports = 1,
		.sockets = { "/x leads to the host's /run/docker.sock" },
		.ports = { { 1, "127.0.0.1:2375" } },
	};
	struct slice bytes = { (const char *)&live, sizeof(live) };
	struct posture posture = { 0 };

	(void)state;
	/* A nested engine's host pid namespace; a pod's network by path. */
	assert_int_equal(posture_read_oci(slice_from(NS(T("network") T("ipc") "{\"type\":\"user\"}")),
					  &posture), 0);
	assert_true(posture.findings & pid);
	assert_int_equal(posture_read_live(bytes, &posture), 0);
	assert_false(posture.findings & pid);
	assert_true(posture.findings & net);
	assert_true(posture.findings >> POSTURE_ENGINE_SOCKET & 1);
	assert_true(posture.findings >> POSTURE_ENGINE_TCP & 1);
	assert_int_equal(posture.n_details_dropped, 2);
	assert_true(posture.is_uncompared);
	posture_release(&posture);

	/* Loopback is out of reach of a network namespace of its own, other
	 * addresses are not, unless it has nothing but loopback. */
	for (unsigned int i = 0; i < 4; i++) {
		live.host = 0;
		live.ports[0].is_loopback = i & 1;
		live.has_network = i >> 1;
		assert_int_equal(posture_read_live(bytes, &posture), 0);
		assert_int_equal(posture.findings >> POSTURE_ENGINE_TCP & 1, i == 2);
		posture_release(&posture);
	}

	/* Without a file its status counts, with one it does not. */
	live.has_status = 1;
	live.caps = UINT64_C(1) << 21 | UINT64_C(1) << 63;
	assert_int_equal(posture_read_live(bytes, &posture), 0);
	assert_true(posture.findings >> POSTURE_CAPABILITIES & 1);
	assert_true(posture.findings >> POSTURE_SECCOMP_OFF & 1);
	posture_release(&posture);
	assert_int_equal(posture_read_oci(slice_from(NS(ALL_NS)), &posture), 0);
	assert_int_equal(posture_read_live(bytes, &posture), 0);
	assert_false(posture.findings >> POSTURE_CAPABILITIES & 1);
	posture_release(&posture);
}

static void live_block_that_is_none_is_refused(void **state)
{
	struct posture_live live = { .version = POSTURE_LIVE_VERSION };
	struct slice bytes = { (const char *)&live, sizeof(live) };
	struct posture posture = { 0 };

	(void)state;
	assert_int_equal(posture_read_live((struct slice){ bytes.data, bytes.len - 1 }, &posture), -EBADMSG);
	live.version++;
	assert_int_equal(posture_read_live(bytes, &posture), -EBADMSG);
	live.version--;
	live.n_sockets = POSTURE_LIVE_SOCKETS_MAX + 1;
	assert_int_equal(posture_read_live(bytes, &posture), -EBADMSG);
	live.n_sockets = 1;
	memset(live.sockets[0], 'x', sizeof(live.sockets[0]));
	assert_int_equal(posture_read_live(bytes, &posture), -EBADMSG);
	live.n_sockets = 0;
	live.n_ports = 1;
	memset(live.ports[0].address, 'x', sizeof(live.ports[0].address));
	assert_int_equal(posture_read_live(bytes, &posture), -EBADMSG);
	assert_int_equal(posture.findings, 0);
	assert_false(posture.has_live);
}

static void state_of_runc_stands_in_for_the_specification(void **state)
{
#define RUNC(more) "{\"id\":\"x\",\"config\":{\"rootfs\":\"/r\"," more "}}"
	static const char bad[] = RUNC(
		"\"namespaces\":[{\"type\":\"NEWNET\",\"path\":\"\"}],"
		"\"capabilities\":{\"Bounding\":[\"CAP_SYS_ADMIN\",\"CAP_SYS_MODULE\"]},"
		"\"cgroups\":{\"devices\":[{\"type\":97,\"major\":-1,\"permissions\":\"rwm\",\"allow\":true}]},"
		"\"mounts\":[{\"source\":\"/etc\",\"device\":\"bind\",\"flags\":4096},"
		"{\"source\":\"/usr\",\"device\":\"bind\",\"flags\":4097}],"
		"\"devices\":[{\"path\":\"/dev/null\"},{\"path\":\"/dev/sda\"}]");
	static const char good[] = RUNC(
		"\"namespaces\":[{\"type\":\"NEWNET\"},{\"type\":\"NEWPID\"},{\"type\":\"NEWIPC\"},"
		"{\"type\":\"NEWUTS\"},{\"type\":\"NEWCGROUP\"},{\"type\":\"NEWUSER\"}],"
		"\"cgroups\":{\"memory\":1,\"pids_limit\":1,\"cpu_shares\":2,"
		"\"devices\":[{\"type\":97,\"major\":-1,\"permissions\":\"rwm\",\"allow\":false}]},"
		"\"no_new_privileges\":true,\"apparmor_profile\":\"p\",\"seccomp\":{},"
		"\"mask_paths\":[\"/a\"],\"readonly_paths\":[\"/b\"],\"readonlyfs\":true,\"rlimits\":[{}]");
	struct posture posture = { 0 };

	(void)state;
	assert_int_equal(posture_read_runc_state(SLICE_LITERAL("{\"id\":\"x\"}"), &posture), -EBADMSG);
	assert_int_equal(posture_read_runc_state(slice_from(good), &posture), 0);
	assert_int_equal(posture.findings, 0);
	posture_release(&posture);
	assert_int_equal(posture_read_runc_state(slice_from(bad), &posture), 0);
	for (unsigned int check = 0; check < POSTURE_N; check++) {
		static const uint64_t want =
			UINT64_C(1) << POSTURE_PRIVILEGED | UINT64_C(1) << POSTURE_HOST_PID |
			UINT64_C(1) << POSTURE_MOUNT_ETC_RW | UINT64_C(1) << POSTURE_DEVICES |
			UINT64_C(1) << POSTURE_MOUNT_SENSITIVE_RO |
			UINT64_C(1) << POSTURE_NO_MEMORY_LIMIT | UINT64_C(1) << POSTURE_SECCOMP_OFF;

		if (want >> check & 1)
			assert_true(posture.findings >> check & 1);
	}
	assert_false(posture.findings >> POSTURE_HOST_NET & 1);
	posture_release(&posture);
}

static void record_says_what_was_judged(void **state)
{
	struct posture posture = { 0 };
	struct event ev;
	char bytes[POSTURE_RECORD_MAX];
	struct event_hdr hdr;
	size_t len;

	(void)state;
	assert_int_equal(posture_make_record(&posture, 77, 0, bytes), 0);
	assert_int_equal(posture_read_docker_host(
				 SLICE_LITERAL("{\"Privileged\":true,\"NetworkMode\":\"x\",\"PidMode\":\"host\","
					       "\"Binds\":[\"/etc:/e\"]}"), &posture), 0);
	len = posture_make_record(&posture, 77, 0, bytes);
	memcpy(&hdr, bytes, sizeof(hdr));
	hdr.size = (uint32_t)len;
	hdr.version = EVENT_VERSION;
	memcpy(bytes, &hdr, sizeof(hdr));
	assert_int_equal(event_decode(bytes, len, &ev), 0);
	assert_int_equal(ev.hdr.container, 77);
	assert_int_equal(ev.u.posture.findings, posture.findings);
	assert_int_equal(ev.u.posture.severity, POSTURE_WARNING);
	assert_int_equal(ev.u.posture.posture_flags, POSTURE_F_NO_PROC);
	assert_true(slice_eq(ev.posture_reason,
			     SLICE_LITERAL("it runs privileged with the host's pid namespace")));
	assert_true(slice_eq(ev.posture_details,
			     SLICE_LITERAL("privileged\0host-pid\0mount-etc-rw: /etc")));
	posture_release(&posture);
}

static void lists_are_bounded(void **state)
{
	cleanup_free char *json = malloc(1 << 20);
	struct posture posture = { 0 };
	size_t n;

	(void)state;
	assert_non_null(json);
	n = (size_t)sprintf(json, "{\"ociVersion\":\"1\",\"linux\":{},\"mounts\":[");
	for (int i = 0; i < 3000; i++)
		n += (size_t)sprintf(json + n, "%s{\"type\":\"bind\",\"source\":\"/etc/%d\"}",
				     i ? "," : "", i);
	sprintf(json + n, "]}");
	assert_int_equal(posture_read_oci(slice_from(json), &posture), 0);
	assert_int_equal(posture.n_binds, POSTURE_BINDS_MAX);
	assert_int_equal(posture.n_binds_dropped, 3000 - POSTURE_BINDS_MAX);
	assert_int_equal(posture.n_details, POSTURE_DETAILS_MAX);
	assert_true(posture.n_details_dropped > 0);
	posture_release(&posture);
	posture_release(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_check_tells_its_case_from_a_near_one),
		cmocka_unit_test(table_is_whole),
		cmocka_unit_test(ordinary_containers_are_below_warning),
		cmocka_unit_test(pods_are_below_warning_unless_they_mount_the_host),
		cmocka_unit_test(docker_says_what_the_specification_cannot),
		cmocka_unit_test(docker_only_checks_tell_theirs_from_near_ones),
		cmocka_unit_test(kernel_has_the_last_word),
		cmocka_unit_test(live_block_that_is_none_is_refused),
		cmocka_unit_test(state_of_runc_stands_in_for_the_specification),
		cmocka_unit_test(record_says_what_was_judged),
		cmocka_unit_test(lists_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
