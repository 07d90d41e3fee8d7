/* SPDX-License-Identifier: Apache-2.0 */
/* The attack program: one static binary, one subcommand for each deed. It runs
 * inside the test's containers and aims at decoys only; whatever is written is
 * what was there before. Each deed ends with deed_done(). */
#ifndef LIVE_ATTACK_H
#define LIVE_ATTACK_H

/* attack_file.c */
int attack_open(char **argv);	/* WAY PATH r|w|same */
int attack_chdir(char **argv);	/* DIR open NAME | DIR exec */
int attack_exec(char **argv);	/* PATH [ARG] */
int attack_chroot(char **argv); /* DIR PATH */
int attack_fd(char **argv); /* FD open NAME | FD write NAME | FD chdir | FD exec NAME | FD chroot */
int attack_handle(char **argv);	 /* MOUNT TYPE HEX */
int attack_rewrite(char **argv); /* PATH LURE */
int attack_flurry(char **argv);	 /* DIR COUNT PAUSE_MS */

/* attack_ns.c */
int attack_setns(char **argv);	 /* path|pidfd PID mnt|net|uts|ipc|all */
int attack_nsenter(char **argv); /* PID FLAG */

/* attack_mount.c */
int attack_mount(char **argv);	   /* FSTYPE SOURCE TARGET */
int attack_block(char **argv);	   /* MAJOR MINOR FSTYPE */
int attack_bind_open(char **argv); /* WAY PATH: bind PATH under another name first */
int attack_link_open(char **argv); /* WAY PATH: through a symbolic link */
int attack_open_stay(char **argv); /* WAY PATH: as it is; all three live on for a moment */
int attack_dir_open(char **argv);  /* PATH: through a link, from a directory, as nobody */
int attack_child_open(char **argv); /* PATH: through a link, by a child that ends at once */
int attack_proc_open(char **argv); /* WAY NAME: below a procfs of its own */
int attack_cgroup(char **argv);	   /* OPTIONS release_agent|notify_on_release */

/* attack_sock.c */
int attack_connect(char **argv); /* plain|link|int80|socketcall|uring PATH (@ for abstract) */
int attack_compat(char **argv);	 /* no argument */

/* attack_runtime.c */
int attack_overwrite_wait(char **argv); /* DEV:INO of the copy that may be aimed at */
int attack_overwrite_fd(char **argv);	/* FD DEV:INO: second stage of the library */

#endif
