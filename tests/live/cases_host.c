/* SPDX-License-Identifier: Apache-2.0 */
/* A7 to A11, F3, F7: the host or the runtime uses what a container left; helpers of the
 * kernel. */
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIB "/lib/x86_64-linux-gnu/libseccomp.so.2"

static const struct family families[] = {
	{ "host-runs", "^BW-0340$" },	{ "host-runs-changed", "^BW-0341$" },
	{ "host-loads", "^BW-0342$" },	{ "host-loads-changed", "^BW-0343$" },
	{ "host-script", "^BW-0345$" }, { "host-script-changed", "^BW-0346$" },
	{ "kernel-runs", "^BW-0344$" }, { 0 },
};

/* The volume, with a script of the host's own in it. */
static int make_volume(struct play *p)
{
	return shell(p->host->log, 5000,
		     "mkdir -p '%s/vol' && chmod 0777 '%s/vol' && cd '%s/vol' && "
		     "printf '#!/bin/sh\\necho host\\n' >old.sh && chmod 0755 old.sh && cp /bin/true oldprog",
		     p->dir, p->dir, p->dir) == 0 ?
		       0 :
		       -1;
}

/* The host's part: a line of shell in the volume. That it ended well is the
 * proof that the file was really used; then the container is told. */
static void host_does(struct play *p, const char *line)
{
	char text[600];

	snprintf(text, sizeof(text), "cd '%s/vol' && { %s\n} && for f in *; do :>\"$f.done\"; done",
		 p->dir, line);
	if (shell(p->host->log, 10000, "%s", text) != 0)
		play_finish(p, "fail", "the host could not use what was left");
}

static void host_execs(struct play *p)
{
	host_does(p, "./tool arrived");
}

static void host_execs_old(struct play *p)
{
	host_does(p, "./oldprog arrived");
}

static void host_runs_script(struct play *p)
{
	host_does(p, "./run.sh");
}

static void host_runs_renamed(struct play *p)
{
	host_does(p, "./ren.sh");
}

static void host_runs_linked(struct play *p)
{
	host_does(p, "./lnk.sh");
}

static void host_runs_symlink(struct play *p)
{
	host_does(p, "./sym.sh");
}

static void host_runs_old_script(struct play *p)
{
	host_does(p, "./old.sh");
}

static void host_shell_reads(struct play *p)
{
	host_does(p, "sh -e ./run.sh");
}

static void host_bash_reads(struct play *p)
{
	host_does(p, "bash run.sh one two");
}

static void host_python_reads(struct play *p)
{
	host_does(p, "/usr/bin/python3 -I run.py");
}

static void host_preloads(struct play *p)
{
	host_does(
		p,
		"LD_PRELOAD=./libx.so /bin/true && LD_PRELOAD=./libx.so LD_DEBUG=libs /bin/true 2>&1 | "
		"grep -q 'calling init: ./libx.so'");
}

static void host_env(struct play *p)
{
	host_does(p, "env -i ./tool arrived && nice ./tool arrived");
}

/* The engine keeps the container's upper layer below the directory that it was
 * given for its data. */
static void docker_layer(struct play *p, const char *which)
{
	if (shell(p->host->log, 10000,
		  "look() { %s -H unix://%s inspect -f \"{{.GraphDriver.Data.$1}}\" %s; }\n"
		  "d=$(look %s) && \"$d/tmp/tool\" arrived && d=$(look MergedDir) && :>\"$d/tmp/tool.done\"",
		  p->host->docker, p->host->docker_sock, p->id, which) != 0)
		play_finish(p, "fail", "the host could not use what was left");
}

static void host_execs_merged(struct play *p)
{
	docker_layer(p, "MergedDir");
}

static void host_execs_upper(struct play *p)
{
	docker_layer(p, "UpperDir");
}

/* The bundle's root directory, not a volume. */
static void host_execs_root(struct play *p)
{
	if (shell(p->host->log, 10000, "cd '%s/rootfs/tmp' && ./tool arrived && :>tool.done",
		  p->dir) != 0)
		play_finish(p, "fail", "the host could not use what was left");
}

/* A copy helper, as in CVE-2019-14271: a program of the host in the container's
 * root directory, which loads what it finds there. */
#define HELPER                                                                                      \
	"/usr/bin/python3 -I -c 'import os, sys, ctypes; os.chroot(sys.argv[1]); os.chdir(\"/\"); " \
	"ctypes.CDLL(sys.argv[2])' "

#define HELPER2                                                                                        \
	"/usr/bin/python3 -I -c \"import os, sys, ctypes; os.chroot(sys.argv[1]); os.chdir(chr(47)); " \
	"ctypes.CDLL(sys.argv[2])\" "

static void helper_does(struct play *p, const char *root, const char *library)
{
	if (shell(p->host->log, 10000, HELPER "%s %s && :>%s/lib/helper.so.done", root, library,
		  root) != 0)
		play_finish(p, "fail", "the host could not use what was left");
}

static void helper_loads(struct play *p)
{
	char root[450];

	snprintf(root, sizeof(root), "%s/rootfs", p->dir);
	helper_does(p, root, "/lib/helper.so");
}

/* The helper is the engine's: its parent bears an engine's name. The library came
 * with the image, nobody wrote it. */
static void helper_loads_image(struct play *p)
{
	if (shell(p->host->log, 10000,
		  "mkdir -p '%s/h' && cp -L /bin/bash '%s/h/dockerd' && "
		  "d=$(%s -H unix://%s inspect -f '{{.GraphDriver.Data.MergedDir}}' %s) && "
		  "D=$d '%s/h/dockerd' -c '" HELPER2 "\"$D\" " LIB
		  " && :>\"$D/lib/helper.so.done\"'",
		  p->dir, p->dir, p->host->docker, p->host->docker_sock, p->id, p->dir) != 0)
		play_finish(p, "fail", "the host could not use what was left");
}

static void helper_loads_merged(struct play *p)
{
	if (shell(p->host->log, 10000,
		  "d=$(%s -H unix://%s inspect -f '{{.GraphDriver.Data.MergedDir}}' %s) && " HELPER
		  "\"$d\" /lib/helper.so && :>\"$d/lib/helper.so.done\"",
		  p->host->docker, p->host->docker_sock, p->id) != 0)
		play_finish(p, "fail", "the host could not use what was left");
}

static void helper_runs(struct play *p)
{
	if (shell(p->host->log, 10000,
		  "chroot '%s/rootfs' /lib/helper.so arrived && :>'%s/rootfs/lib/helper.so.done'",
		  p->dir, p->dir) != 0)
		play_finish(p, "fail", "the host could not use what was left");
}

/* As engines do: the image is the lower layer. */
static int make_overlay(struct play *p)
{
	return shell(p->host->log, 5000,
		     "mkdir -p '%s/rootfs' '%s/up' '%s/work' && cp -a '%s/image' '%s/low' && "
		     "mount -t overlay -o 'lowerdir=%s/low,upperdir=%s/up,workdir=%s/work' none '%s/rootfs'",
		     p->dir, p->dir, p->dir, p->host->dir, p->dir, p->dir, p->dir, p->dir,
		     p->dir) == 0 ?
		       0 :
		       -1;
}

static void remove_overlay(struct play *p)
{
	shell(p->host->log, 5000, "umount -l '%s/rootfs'", p->dir);
}

static int make_agent(struct play *p)
{
	return shell(p->host->log, 5000,
		     "mkdir -p '%s/vol' && chmod 0777 '%s/vol' && cd '%s/vol' && "
		     "printf '#!/bin/sh\\n:>\"%%s/mark\"\\n' \"$PWD\" >agent && chmod 0755 agent",
		     p->dir, p->dir, p->dir) == 0 ?
		       0 :
		       -1;
}

static const char *no_python(const struct play *p)
{
	(void)p;
	return access("/usr/bin/python3", X_OK) == 0 ? NULL : "no /usr/bin/python3";
}

static const char *no_overlay(const struct play *p)
{
	return shell("/dev/null", 5000, "%s -H unix://%s info 2>/dev/null | grep -q overlay2",
		     p->host->docker, p->host->docker_sock) == 0 ?
		       NULL :
		       "docker does not use overlayfs here";
}

/* clang-format off */
#define VOLUME { .binds = { "{case}/vol:/vol" } }
#define PLANT(how, what) .runtime = RUNC, .way = WAY_HOST, .box = VOLUME, .prepare = make_volume, \
	.argv = "plant " how " " what, .host_too = true
#define OVERLAY .prepare = make_overlay, .cleanup = remove_overlay
#define HOOK(text, kind, where, ...) \
	{ .technique = "A10 hook", .variant = text, .runtime = RUNC, .way = WAY_RUNTIME, .host_too = true, \
	  .box = { .hook = where "export LD_PRELOAD=." LIB "; LD_DEBUG=libs /bin/true 2>&1 | " \
			   "grep -q \"calling init: .\\?" LIB "\"", .hook_kind = kind }, \
	  .argv = "report", .harm_at_start = true, .expect = "host-loads-changed", __VA_ARGS__ }
static const struct attack_case cases[] = {
	{ .technique = "F3 program planted", .variant = "new, run by the host",
	  PLANT("new", "/vol/tool /bin/attack"), .on_ready = host_execs, .expect = "host-runs" },
	{ .technique = "F3 program planted", .variant = "by rename",
	  PLANT("rename", "/vol/tool /bin/attack"), .on_ready = host_execs, .expect = "host-runs" },
	{ .technique = "F3 program planted", .variant = "by a link",
	  PLANT("link", "/vol/tool /bin/attack"), .on_ready = host_execs, .expect = "host-runs" },
	{ .technique = "F3 program planted", .variant = "by a symbolic link",
	  PLANT("symlink", "/vol/tool /bin/attack"), .on_ready = host_execs, .expect = "host-runs" },
	{ .technique = "F3 program planted", .variant = "through env and nice",
	  PLANT("new", "/vol/tool /bin/attack"), .on_ready = host_env, .expect = "host-runs" },
	{ .technique = "F3 program planted", .variant = "written by io_uring",
	  PLANT("uring", "/vol/tool /bin/attack"), .on_ready = host_execs, .expect = "host-runs" },
	{ .technique = "F3 program planted", .variant = "written by int 0x80",
	  PLANT("int80", "/vol/tool /bin/attack"), .on_ready = host_execs, .expect = "host-runs" },
	{ .technique = "F3 program planted", .variant = "the host's own, written anew",
	  PLANT("rewrite", "/vol/oldprog /bin/attack"), .on_ready = host_execs_old, .expect = "host-runs" },
	{ .technique = "F3 program planted", .variant = "the host's own, changed in place",
	  PLANT("append", "/vol/oldprog line"), .on_ready = host_execs_old, .expect = "host-runs-changed" },
	{ .technique = "F3 program planted", .variant = "new, run by the host",
	  .runtime = DOCKER, .way = WAY_HOST, .box = VOLUME, .prepare = make_volume, .host_too = true,
	  .argv = "plant new /vol/tool /bin/attack", .on_ready = host_execs, .expect = "host-runs" },
	{ .technique = "F3 program planted", .variant = "in the merged directory of its root",
	  .runtime = DOCKER, .way = WAY_HOST, .host_too = true, .why_not = no_overlay,
	  .argv = "plant new /tmp/tool /bin/attack", .on_ready = host_execs_merged,
	  .expect = "host-runs-changed" },
	{ .technique = "F3 program planted", .variant = "in the upper layer of its root",
	  .runtime = DOCKER, .way = WAY_HOST, .host_too = true, .why_not = no_overlay,
	  .argv = "plant new /tmp/tool /bin/attack", .on_ready = host_execs_upper,
	  .expect = "host-runs-changed" },
	{ .technique = "F3 program planted", .variant = "in the root of a bundle",
	  .runtime = RUNC, .way = WAY_HOST, .host_too = true,
	  .argv = "plant new /tmp/tool /bin/attack", .on_ready = host_execs_root,
	  .expect = "host-runs-changed" },
	{ .technique = "F3 script planted", .variant = "new, run by its name",
	  PLANT("new", "/vol/run.sh script"), .on_ready = host_runs_script, .expect = "host-script" },
	{ .technique = "F7 script planted", .variant = "by rename, run by its name",
	  PLANT("rename", "/vol/ren.sh script"), .on_ready = host_runs_renamed, .expect = "host-script" },
	{ .technique = "F3 script planted", .variant = "by a link, run by its name",
	  PLANT("link", "/vol/lnk.sh script"), .on_ready = host_runs_linked, .expect = "host-script" },
	{ .technique = "F3 script planted", .variant = "by a symbolic link, run by its name",
	  PLANT("symlink", "/vol/sym.sh script"), .on_ready = host_runs_symlink, .expect = "host-script" },
	{ .technique = "F3 script planted", .variant = "as argument of sh",
	  PLANT("new", "/vol/run.sh script"), .on_ready = host_shell_reads, .expect = "host-script" },
	{ .technique = "F3 script planted", .variant = "as argument of bash",
	  PLANT("new", "/vol/run.sh script"), .on_ready = host_bash_reads, .expect = "host-script" },
	{ .technique = "F3 script planted", .variant = "as argument of python",
	  PLANT("new", "/vol/run.py /dev/null"), .on_ready = host_python_reads, .why_not = no_python,
	  .expect = "host-script" },
	{ .technique = "F3 script planted", .variant = "a line appended to the host's own",
	  PLANT("append", "/vol/old.sh line"), .on_ready = host_runs_old_script,
	  .expect = "host-script-changed" },
	{ .technique = "F3 library planted", .variant = "new, loaded by the host",
	  PLANT("new", "/vol/libx.so " LIB), .on_ready = host_preloads, .expect = "host-loads" },
	{ .technique = "F3 library planted", .variant = "by rename",
	  PLANT("rename", "/vol/libx.so " LIB), .on_ready = host_preloads, .expect = "host-loads" },
	{ .technique = "A9 copy helper", .variant = "loads a library that was planted", .runtime = RUNC,
	  .way = WAY_HOST, .host_too = true, .argv = "plant new /lib/helper.so " LIB,
	  .on_ready = helper_loads, .why_not = no_python, .expect = "host-loads-changed" },
	{ .technique = "A9 copy helper", .variant = "loads a library that came by rename", .runtime = RUNC,
	  .way = WAY_HOST, .host_too = true, .argv = "plant rename /lib/helper.so " LIB,
	  .on_ready = helper_loads, .why_not = no_python, .expect = "host-loads-changed" },
	{ .technique = "A9 copy helper", .variant = "loads a library of the image", .runtime = DOCKER,
	  .way = WAY_HOST, .host_too = true, .argv = "plant new /lib/helper.so " LIB,
	  .on_ready = helper_loads_image, .why_not = no_python, .expect = "host-loads-changed" },
	{ .technique = "A9 copy helper", .variant = "loads a library from the merged directory",
	  .runtime = DOCKER, .way = WAY_HOST, .host_too = true, .argv = "plant new /lib/helper.so " LIB,
	  .on_ready = helper_loads_merged, .why_not = no_python, .expect = "host-loads-changed" },
	{ .technique = "A9 copy helper", .variant = "runs a program of the container", .runtime = RUNC,
	  .way = WAY_HOST, .host_too = true, .argv = "plant new /lib/helper.so /bin/attack",
	  .on_ready = helper_runs, .expect = "host-runs-changed" },
	HOOK("createContainer, preload from the working directory", NULL, ""),
	HOOK("createContainer, preload, overlay", NULL, "", OVERLAY),
	HOOK("createRuntime, preload, overlay", "createRuntime", "cd {case}/rootfs; ", OVERLAY),
	HOOK("prestart, preload, overlay", "prestart", "cd {case}/rootfs; ", OVERLAY),
	{ .technique = "C5 release_agent", .variant = "run by the kernel", .runtime = RUNC, .way = WAY_HOST,
	  .box = { .caps = "SYS_ADMIN", .binds = { "{case}/vol:/vol" } }, .prepare = make_agent,
	  .argv = "release-agent bwrun{name} {case}/vol/agent /vol/mark", .host_too = true,
	  .expect = "release-agent kernel-runs" },
	{ 0 },
};
/* clang-format on */

CASE_TABLE(families, cases);
