/* SPDX-License-Identifier: Apache-2.0 */
/* What is checked, why it matters and what to do: one table. */
#include <stdio.h>

#include "enrich/posture.h"

/* clang-format off */
static const struct posture_check_info checks[POSTURE_N] = {
	[POSTURE_PRIVILEGED] = { "privileged", "all capabilities, all devices, no confinement", POSTURE_WARNING,
		"C1 D1 D2", "mount the host's disk, load modules, write to kernel control files",
		"drop --privileged; add the one capability or device that is needed", "5.5" },
	[POSTURE_HOST_PID] = { "host-pid", "the host's pid namespace", POSTURE_WARNING,
		"B1", "see, trace and signal the host's processes, and enter their roots below /proc",
		"run with a pid namespace of its own", "5.16" },
	[POSTURE_HOST_NET] = { "host-net", "the host's network namespace", POSTURE_NOTICE,
		"E4 E5", "reach services that trust the loopback address, and abstract sockets of the host",
		"publish the ports that are needed instead", "5.10" },
	[POSTURE_HOST_IPC] = { "host-ipc", "the host's IPC namespace", POSTURE_NOTICE,
		"", "read and write shared memory and queues of the host's processes",
		"run with an IPC namespace of its own", "5.17" },
	[POSTURE_HOST_UTS] = { "host-uts", "the host's UTS namespace", POSTURE_INFORMATIONAL,
		"", "change the host's name, given CAP_SYS_ADMIN",
		"run with a UTS namespace of its own", "5.21" },
	[POSTURE_HOST_CGROUP] = { "host-cgroup", "the host's cgroup namespace", POSTURE_INFORMATIONAL,
		"", "see the host's cgroups, a step towards writing to them",
		"run with --cgroupns=private", "5.25" },
	[POSTURE_HOST_USER] = { "host-user", "no user namespace: root inside is root outside", POSTURE_INFORMATIONAL,
		"", "whatever reaches the host arrives there as root",
		"use userns-remap, --userns=auto or hostUsers: false", "5.31" },
	[POSTURE_ENGINE_SOCKET] = { "engine-socket", "the socket of a container engine", POSTURE_CRITICAL,
		"E1 E3", "have the engine start a privileged container: root on the host",
		"do not mount it, neither its directory; put a filtering proxy before it", "5.32" },
	[POSTURE_MOUNT_ROOT_RW] = { "mount-root-rw", "the host's root directory, writable", POSTURE_CRITICAL,
		"F3 F4", "change any file of the host: programs, cron, keys, passwords",
		"mount the one directory that is needed, read-only", "5.6" },
	[POSTURE_MOUNT_ROOT_RO] = { "mount-root-ro", "the host's root directory, read-only", POSTURE_NOTICE,
		"F8", "read keys, passwords and other containers' secrets; connect to sockets of the host",
		"mount the one directory that is needed", "5.6" },
	[POSTURE_MOUNT_ETC_RW] = { "mount-etc-rw", "the host's configuration, writable", POSTURE_WARNING,
		"F4", "add users, jobs, units or libraries that the host will run",
		"mount single files, read-only", "5.6" },
	[POSTURE_MOUNT_KERNEL_RW] = { "mount-kernel-rw", "the host's /proc, /sys, /boot or modules, writable", POSTURE_WARNING,
		"C1", "name a helper that the kernel runs as root, or change the kernel that starts next",
		"use the container's own /proc and /sys", "5.6" },
	[POSTURE_MOUNT_DEV_RW] = { "mount-dev-rw", "the host's /dev", POSTURE_WARNING,
		"D2", "use the host's disks and memory devices, where the device cgroup lets it",
		"give single devices", "5.6 5.18" },
	[POSTURE_MOUNT_HOME_RW] = { "mount-home-rw", "home directories of the host, writable", POSTURE_NOTICE,
		"F4", "add a key to log in with, or a line that runs at the next login",
		"mount a directory made for the purpose", "" },
	[POSTURE_MOUNT_STATE_RW] = { "mount-state-rw", "state of engine or kubelet, writable", POSTURE_WARNING,
		"F4 F8", "change other containers' files and read their secrets",
		"do not mount it", "" },
	[POSTURE_MOUNT_RUN_RW] = { "mount-run-rw", "the host's /run, writable", POSTURE_WARNING,
		"E1 E3", "reach the sockets of the host's services, engines among them",
		"mount the one socket that is needed", "" },
	[POSTURE_MOUNT_PROGRAMS_RW] = { "mount-programs-rw", "the host's programs, writable", POSTURE_WARNING,
		"F3", "replace a program that the host will run as root",
		"mount read-only, or a directory of which the host runs nothing", "5.6" },
	[POSTURE_MOUNT_SENSITIVE_RO] = { "mount-sensitive-ro", "sensitive directories of the host, read-only", POSTURE_INFORMATIONAL,
		"F8", "read configuration and secrets of the host",
		"mount what is needed of it", "5.6" },
	[POSTURE_CAPABILITIES] = { "capabilities", "capabilities beyond the default set", POSTURE_NOTICE,
		"", "depends on the capability: see the details",
		"drop all, add those that are needed", "5.4" },
	[POSTURE_SECCOMP_OFF] = { "seccomp-off", "no system call filter", POSTURE_NOTICE,
		"", "use the whole surface of the kernel against it",
		"use the runtime's default profile", "5.22" },
	[POSTURE_LSM_OFF] = { "lsm-off", "neither AppArmor profile nor SELinux label", POSTURE_INFORMATIONAL,
		"", "write to paths of /proc and /sys, and mount, that a profile denies",
		"use the runtime's default profile where the host has AppArmor or SELinux", "5.2 5.3" },
	[POSTURE_NEW_PRIVILEGES] = { "new-privileges", "programs may gain privileges", POSTURE_INFORMATIONAL,
		"F1", "become root inside through a set-uid program",
		"--security-opt no-new-privileges, allowPrivilegeEscalation: false", "5.26" },
	[POSTURE_PATHS_UNMASKED] = { "paths-unmasked", "/proc and /sys without masked or read-only paths", POSTURE_NOTICE,
		"C1", "write to kernel control files, read kernel memory and keys",
		"leave systempaths and procMount at their defaults", "" },
	[POSTURE_DEVICES] = { "devices", "devices of the host", POSTURE_NOTICE,
		"D2", "depends on the device: see the details",
		"give only what is needed, without mknod", "5.18" },
	[POSTURE_SHARED_MOUNT] = { "shared-mount", "mounts made inside appear on the host", POSTURE_NOTICE,
		"", "cover directories of the host with its own, given CAP_SYS_ADMIN",
		"use propagation rprivate or rslave", "5.20" },
	[POSTURE_SECRET_NAMES] = { "secret-names", "environment variables or labels named like secrets", POSTURE_INFORMATIONAL,
		"", "read by everything in the container, and by who may inspect it",
		"mount secrets as files", "" },
	[POSTURE_NO_MEMORY_LIMIT] = { "no-memory-limit", "no limit of memory", POSTURE_INFORMATIONAL,
		"", "starve the host and what watches it",
		"set a limit", "5.11" },
	[POSTURE_NO_PIDS_LIMIT] = { "no-pids-limit", "no limit of processes", POSTURE_INFORMATIONAL,
		"", "fill the host's process table",
		"--pids-limit, podPidsLimit", "5.29" },
	[POSTURE_NO_CPU_LIMIT] = { "no-cpu-limit", "neither limit nor weight of CPU time", POSTURE_INFORMATIONAL,
		"", "starve the host and what watches it",
		"set a limit or a weight", "5.12" },
	[POSTURE_ROOT_WRITABLE] = { "root-writable", "its root file system is writable", POSTURE_INFORMATIONAL,
		"", "place tools and change programs of the image",
		"run read-only with tmpfs where it writes", "5.13" },
	[POSTURE_ROOT_ON_VOLUME] = { "root-on-volume", "the host's root writes to a directory of the host", POSTURE_INFORMATIONAL,
		"F1 F2", "leave a set-uid program that a user of the host can run",
		"use a user namespace, or another user, or nosuid", "" },
	[POSTURE_PRIVILEGED_PORT] = { "privileged-port", "a port of the host below 1024", POSTURE_INFORMATIONAL,
		"", "answer in the place of a service of the host",
		"publish a higher port", "5.8" },
	[POSTURE_PORT_ANY_ADDRESS] = { "port-any-address", "a port published on all addresses", POSTURE_INFORMATIONAL,
		"", "be reached from every network that the host is in",
		"name the address to publish on", "5.14" },
	[POSTURE_RESTART_ALWAYS] = { "restart-always", "restarted without end", POSTURE_INFORMATIONAL,
		"", "try an attack that ends the container again and again",
		"--restart=on-failure:5", "5.15" },
	[POSTURE_DEFAULT_BRIDGE] = { "default-bridge", "on the default bridge network", POSTURE_INFORMATIONAL,
		"", "reach, and pose as, its neighbours on that network",
		"use a network of its own", "5.30" },
	[POSTURE_CGROUP_PARENT] = { "cgroup-parent", "a cgroup other than the engine's", POSTURE_INFORMATIONAL,
		"", "live outside the limits set for containers",
		"leave --cgroup-parent out", "5.25" },
	[POSTURE_NO_HEALTH_CHECK] = { "no-health-check", "no health check", POSTURE_INFORMATIONAL,
		"", "nothing: a hint for operation",
		"add a health check to image or container", "5.27" },
	[POSTURE_ENGINE_TCP] = { "engine-tcp", "an engine answers anybody over TCP, within its reach", POSTURE_CRITICAL,
		"E4", "have the engine start a privileged container: root on the host",
		"start the engine with --tlsverify, or without tcp:// addresses", "" },
	[POSTURE_NO_RLIMITS] = { "no-rlimits", "the engine's own ulimits", POSTURE_INFORMATIONAL,
		"", "use as many files and processes as the engine itself may",
		"--ulimit nofile=..., nproc=..., where the engine's default is too high", "5.19" },
	[POSTURE_HOST_CAPABILITIES] = { "host-capabilities", "capabilities that are not confined to the container", POSTURE_WARNING,
		"C1 D1", "load code into the kernel, mount, or open the host's files: see the details",
		"drop them; use a helper of the host's own for the one act that needs them", "5.4" },
	[POSTURE_HOST_DEVICES] = { "host-devices", "disks or memory of the host as devices", POSTURE_WARNING,
		"D2", "read and write the host's file systems or memory past every check",
		"mount a volume instead of giving its device", "5.18" },
};
/* clang-format on */

const struct posture_check_info *posture_check_info(unsigned int check)
{
	return check < POSTURE_N ? &checks[check] : NULL;
}

enum posture_severity posture_severity(const struct posture *posture)
{
	enum posture_severity max = POSTURE_INFORMATIONAL;

	for (unsigned int i = 0; i < POSTURE_N; i++)
		if (posture->findings >> i & 1 && checks[i].severity > max)
			max = checks[i].severity;
	return max;
}

#define BIT(check) (UINT64_C(1) << POSTURE_##check)

bool posture_reason(uint64_t findings, char *buf, size_t size)
{
	/* The most dangerous first; all bits must be there. */
	static const struct {
		uint64_t all;
		const char *text;
	} reasons[] = {
		{ BIT(ENGINE_SOCKET), "it holds the socket of a container engine" },
		{ BIT(ENGINE_TCP), "a container engine answers it over TCP without asking who it is" },
		{ BIT(MOUNT_ROOT_RW), "the host's root directory is mounted writable" },
		{ BIT(PRIVILEGED) | BIT(HOST_PID),
		  "it runs privileged with the host's pid namespace" },
		{ BIT(PRIVILEGED), "it runs privileged" },
		{ BIT(HOST_CAPABILITIES) | BIT(HOST_PID),
		  "it has capabilities that reach the host, and the host's pid namespace" },
		{ BIT(HOST_CAPABILITIES), "it has capabilities that reach the host" },
		{ BIT(HOST_DEVICES), "it was given disks or memory of the host" },
		{ BIT(CAPABILITIES) | BIT(HOST_PID),
		  "it has capabilities beyond the default and the host's pid namespace" },
		{ BIT(MOUNT_ETC_RW), "the host's configuration is mounted writable" },
		{ BIT(MOUNT_PROGRAMS_RW), "the host's programs are mounted writable" },
		{ BIT(MOUNT_KERNEL_RW), "the host's kernel files are mounted writable" },
		{ BIT(MOUNT_STATE_RW), "state of the engine or kubelet is mounted writable" },
		{ BIT(MOUNT_RUN_RW), "the host's /run is mounted writable" },
		{ BIT(MOUNT_DEV_RW), "the host's /dev is mounted" },
		{ BIT(MOUNT_HOME_RW), "home directories of the host are mounted writable" },
		{ BIT(HOST_PID), "it runs with the host's pid namespace" },
		{ BIT(MOUNT_ROOT_RO), "the host's root directory is mounted" },
		{ BIT(PATHS_UNMASKED), "its kernel control files are not masked" },
	};

	buf[0] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if ((findings & reasons[i].all) == reasons[i].all) {
			snprintf(buf, size, "%s", reasons[i].text);
			return true;
		}
	return false;
}

/* ---- the record */

/* "devices: /dev/sda", and a NUL before it when it is not the first. */
static size_t add_detail(char *buf, size_t at, const char *key, const char *text)
{
	size_t need = strlen(key) + (text ? 2 + strlen(text) : 0) + (at > 0);

	if (need > EVENT_PATH_MAX - at)
		return at;
	if (at > 0)
		buf[at++] = 0;
	at += (size_t)sprintf(buf + at, "%s%s%s", key, text ? ": " : "", text ? text : "");
	return at;
}

static size_t add_check(const struct posture *posture, unsigned int check, char *buf, size_t at)
{
	bool found = false;

	for (size_t i = 0; i < posture->n_details; i++) {
		if (posture->details[i].check != check)
			continue;
		at = add_detail(buf, at, checks[check].key, posture->details[i].text);
		found = true;
	}
	return found ? at : add_detail(buf, at, checks[check].key, NULL);
}

size_t posture_make_record(const struct posture *posture, uint64_t container, uint32_t flags,
			   char *ret)
{
	struct event_posture record = { .findings = posture->findings,
					.severity = posture_severity(posture),
					.posture_flags = flags };
	char details[EVENT_PATH_MAX + 1], reason[256];
	size_t at = sizeof(record), details_len = 0;

	if (!posture->has_spec && !posture->has_docker && !posture->has_live)
		return 0;
	record.hdr.type = EVENT_POSTURE;
	record.hdr.container = container;
	record.hdr.phase = PHASE_CONTAINED;
	if (!posture->has_spec && !posture->has_docker)
		record.posture_flags = (flags & ~POSTURE_F_BY_NAME) | POSTURE_F_NO_FILES;
	if (!posture->has_live || posture->is_uncompared)
		record.posture_flags |= POSTURE_F_NO_PROC;
	if (posture->n_binds_dropped || posture->n_details_dropped)
		record.posture_flags |= POSTURE_F_CUT;

	posture_reason(posture->findings, reason, sizeof(reason));
	/* What is only worth a remark stands in the bits. */
	for (unsigned int left = POSTURE_CRITICAL; left > POSTURE_INFORMATIONAL; left--)
		for (unsigned int check = 0; check < POSTURE_N; check++)
			if (posture->findings >> check & 1 && checks[check].severity == left)
				details_len = add_check(posture, check, details, details_len);
	record.reason_len = (uint16_t)strlen(reason);
	record.details_len = (uint16_t)details_len;
	memcpy(ret, &record, sizeof(record));
	memcpy(ret + at, reason, record.reason_len);
	at += record.reason_len;
	memcpy(ret + at, details, details_len);
	return at + details_len;
}
