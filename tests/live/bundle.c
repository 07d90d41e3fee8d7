/* SPDX-License-Identifier: Apache-2.0 */
/* One description of a container, told to runc and to docker. */
#include "harness.h"

#include <errno.h>
#include <jansson.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

/* What docker gives a container that asks for nothing. */
static const char *const default_caps[] = {
	"CHOWN",   "DAC_OVERRIDE", "FSETID",	       "FOWNER",
	"MKNOD",   "NET_RAW",	   "SETGID",	       "SETUID",
	"SETFCAP", "SETPCAP",	   "NET_BIND_SERVICE", "SYS_CHROOT",
	"KILL",	   "AUDIT_WRITE"
};
static const char *const more_caps[] = { "DAC_READ_SEARCH", "LINUX_IMMUTABLE", "NET_BROADCAST",
					 "NET_ADMIN",	    "IPC_LOCK",	       "IPC_OWNER",
					 "SYS_MODULE",	    "SYS_RAWIO",       "SYS_PTRACE",
					 "SYS_PACCT",	    "SYS_ADMIN",       "SYS_BOOT",
					 "SYS_NICE",	    "SYS_TIME",	       "SYS_TTY_CONFIG",
					 "LEASE",	    "AUDIT_CONTROL",   "SYSLOG",
					 "WAKE_ALARM",	    "BLOCK_SUSPEND",   "AUDIT_READ" };

static void add_cap(json_t *list, const char *name)
{
	char full[64];

	snprintf(full, sizeof(full), "CAP_%s", name);
	json_array_append_new(list, json_string(full));
}

static json_t *caps_list(const struct box *box)
{
	json_t *list = json_array();
	char copy[200], *part, *rest;
	size_t i;

	if (box->flags & BOX_NO_CAPS)
		return list;
	for (i = 0; i < ARRAY_SIZE(default_caps); i++)
		add_cap(list, default_caps[i]);
	for (i = 0; (box->flags & BOX_PRIVILEGED) && i < ARRAY_SIZE(more_caps); i++)
		add_cap(list, more_caps[i]);
	snprintf(copy, sizeof(copy), "%s", box->caps ? box->caps : "");
	for (part = strtok_r(copy, ",", &rest); part; part = strtok_r(NULL, ",", &rest))
		add_cap(list, part);
	return list;
}

static json_t *mounts_list(const struct box *box)
{
	bool priv = box->flags & BOX_PRIVILEGED;
	char from[PATH_MAX], *to, *mode;
	json_t *list =
		json_pack("[{s:s,s:s,s:s},"
			  "{s:s,s:s,s:s,s:[s,s,s]},"
			  "{s:s,s:s,s:s,s:[s,s,s,s,s]},"
			  "{s:s,s:s,s:s,s:[s,s,s,s]},"
			  "{s:s,s:s,s:s,s:[s,s,s]},"
			  "{s:s,s:s,s:s,s:[s,s,s,s]}]",
			  "destination", "/proc", "type", "proc", "source", "proc", "destination",
			  "/dev", "type", "tmpfs", "source", "tmpfs", "options", "nosuid",
			  "strictatime", "mode=755", "destination", "/dev/pts", "type", "devpts",
			  "source", "devpts", "options", "nosuid", "noexec", "newinstance",
			  "ptmxmode=0666", "mode=0620", "destination", "/dev/shm", "type", "tmpfs",
			  "source", "shm", "options", "nosuid", "noexec", "nodev", "mode=1777",
			  "destination", "/dev/mqueue", "type", "mqueue", "source", "mqueue",
			  "options", "nosuid", "noexec", "nodev", "destination", "/sys", "type",
			  "sysfs", "source", "sysfs", "options", "nosuid", "noexec", "nodev",
			  priv ? "rw" : "ro");
	int i;

	/* A mount of sysfs needs a network namespace of one's own. */
	if (box->flags & BOX_HOST_NET)
		json_array_remove(list, json_array_size(list) - 1);

	for (i = 0; i < BINDS_MAX && box->binds[i]; i++) {
		snprintf(from, sizeof(from), "%s", box->binds[i]);
		to = strchr(from, ':');
		if (!to)
			continue;
		*to++ = '\0';
		mode = strchr(to, ':');
		if (mode)
			*mode++ = '\0';
		json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:[s,s]}", "destination", to,
						      "type", "bind", "source", from, "options",
						      "rbind", mode ? mode : "rw"));
	}
	return list;
}

static json_t *namespaces_list(const struct box *box)
{
	json_t *list =
		json_pack("[{s:s},{s:s},{s:s}]", "type", "mount", "type", "ipc", "type", "uts");

	if (!(box->flags & BOX_HOST_PID))
		json_array_append_new(list, json_pack("{s:s}", "type", "pid"));
	if (!(box->flags & BOX_HOST_NET))
		json_array_append_new(list, json_pack("{s:s}", "type", "network"));
	return list;
}

static json_t *masked_list(void)
{
	return json_pack("[s,s,s,s,s,s,s]", "/proc/acpi", "/proc/kcore", "/proc/keys",
			 "/proc/timer_list", "/proc/sched_debug", "/proc/scsi", "/sys/firmware");
}

static json_t *readonly_list(void)
{
	return json_pack("[s,s,s,s,s]", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
			 "/proc/sysrq-trigger");
}

static json_t *config_json(const struct box *box, char *const argv[])
{
	bool priv = box->flags & BOX_PRIVILEGED;
	json_t *args = json_array(), *env, *caps = caps_list(box), *linux_, *root;
	size_t i;

	for (i = 0; argv[i]; i++)
		json_array_append_new(args, json_string(argv[i]));
	env = json_pack("[s]", "PATH=/bin:/usr/bin");
	if (box->env) {
		char copy[600], *part, *rest;

		snprintf(copy, sizeof(copy), "%s", box->env);
		for (part = strtok_r(copy, " ", &rest); part; part = strtok_r(NULL, " ", &rest))
			json_array_append_new(env, json_string(part));
	}

	linux_ = json_pack("{s:o,s:o,s:o}", "namespaces", namespaces_list(box), "maskedPaths",
			   priv ? json_array() : masked_list(), "readonlyPaths",
			   priv ? json_array() : readonly_list());
	json_object_set_new(linux_, "resources",
			    json_pack("{s:[{s:b,s:s}]}", "devices", "allow", priv, "access",
				      "rwm"));
	root = json_pack("{s:s, s:{s:b, s:{s:i,s:i}, s:o, s:o, s:s, s:{s:O,s:O,s:O}},"
			 " s:{s:s,s:b}, s:s, s:o, s:o}",
			 "ociVersion", "1.0.2", "process", "terminal", 0, "user", "uid", 0, "gid",
			 0, "args", args, "env", env, "cwd", box->cwd ? box->cwd : "/",
			 "capabilities", "bounding", caps, "effective", caps, "permitted", caps,
			 "root", "path", "rootfs", "readonly", 0, "hostname", "box", "mounts",
			 mounts_list(box), "linux", linux_);
	if (box->hook)
		json_object_set_new(root, "hooks",
				    json_pack("{s:[{s:s,s:[s,s,s]}]}",
					      box->hook_kind ? box->hook_kind : "createContainer",
					      "path", "/bin/sh", "args", "sh", "-ec", box->hook));
	json_decref(caps);
	return root;
}

int bundle_write(const struct host *h, const char *dir, const struct box *box, char *const argv[])
{
	char path[PATH_MAX];
	json_t *config;
	int r;

	if (shell(h->log, 20000,
		  "mkdir -p '%s' && { [ -d '%s/rootfs' ] || cp -a '%s/image' '%s/rootfs'; }", dir,
		  dir, h->dir, dir) != 0)
		return -EIO;
	config = config_json(box, argv);
	if (!config)
		return -ENOMEM;
	snprintf(path, sizeof(path), "%s/config.json", dir);
	r = json_dump_file(config, path, JSON_INDENT(1)) < 0 ? -EIO : 0;
	json_decref(config);
	return r;
}

int bundle_main(int argc, char **argv)
{
	static struct host h;
	struct box box = { 0 };
	int i, n_binds = 0;

	if (argc < 2 || !getenv("LIVE_DIR"))
		return 2;
	snprintf(h.dir, sizeof(h.dir), "%s", getenv("LIVE_DIR"));
	snprintf(h.log, sizeof(h.log), "%s/log", h.dir);
	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "privileged") == 0)
			box.flags |= BOX_PRIVILEGED;
		else if (strcmp(argv[i], "hostpid") == 0)
			box.flags |= BOX_HOST_PID;
		else if (strcmp(argv[i], "hostnet") == 0)
			box.flags |= BOX_HOST_NET;
		else if (strncmp(argv[i], "caps=", 5) == 0)
			box.caps = argv[i] + 5;
		else if (strncmp(argv[i], "bind=", 5) == 0 && n_binds < BINDS_MAX)
			box.binds[n_binds++] = argv[i] + 5;
		else
			return 2;
	}
	if (i >= argc - 1)
		return 2;
	return bundle_write(&h, argv[0], &box, argv + i + 1) < 0 ? 1 : 0;
}

/* docker asks for every capability that there is. Where this machine lacks one
 * itself, the next best is told piece by piece. */
static size_t docker_privileged(char *argv[], size_t n)
{
	static char caps[ARRAY_SIZE(more_caps)][40];
	size_t i;

	if (prctl(PR_CAPBSET_READ, CAP_SYS_RESOURCE, 0, 0, 0) == 1) {
		argv[n++] = "--privileged";
		return n;
	}
	argv[n++] = "--security-opt=seccomp=unconfined";
	argv[n++] = "--security-opt=apparmor=unconfined";
	argv[n++] = "--security-opt=systempaths=unconfined";
	argv[n++] = "--device-cgroup-rule=a *:* rwm";
	for (i = 0; i < ARRAY_SIZE(more_caps); i++) {
		snprintf(caps[i], sizeof(caps[i]), "--cap-add=%s", more_caps[i]);
		argv[n++] = caps[i];
	}
	return n;
}

size_t docker_options(const struct box *box, char *argv[], size_t n, char *store, size_t store_size)
{
	char *part, *rest;
	int i;

	argv[n++] = "--network";
	argv[n++] = box->flags & BOX_HOST_NET ? "host" : "none";
	if (box->flags & BOX_HOST_PID)
		argv[n++] = "--pid=host";
	if (box->flags & BOX_PRIVILEGED)
		n = docker_privileged(argv, n);
	if (box->flags & BOX_NO_SECCOMP) {
		argv[n++] = "--security-opt";
		argv[n++] = "seccomp=unconfined";
	}
	if (box->init)
		argv[n++] = "--init";
	if (box->cwd) {
		argv[n++] = "-w";
		argv[n++] = (char *)box->cwd;
	}
	for (i = 0; i < BINDS_MAX && box->binds[i] && n + 2 < ARGS_MAX; i++) {
		argv[n++] = "-v";
		argv[n++] = (char *)box->binds[i];
	}
	snprintf(store, store_size, "%s", box->caps ? box->caps : "");
	for (part = strtok_r(store, ",", &rest); part && n + 2 < ARGS_MAX;
	     part = strtok_r(NULL, ",", &rest)) {
		argv[n++] = "--cap-add";
		argv[n++] = part;
	}
	return n;
}
