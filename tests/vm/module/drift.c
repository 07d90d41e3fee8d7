// SPDX-License-Identifier: GPL-2.0-only
/* Does to the task that asks for it what an exploit of the kernel would do in the
 * end, without any bug: for the guest of the QEMU lane and nowhere else. A word
 * written to /proc/brigwatch_drift names the deed; "sleeper N" aims at task N of
 * the writer's pid namespace. Never installed, and the guest ends with its test. */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched/task.h>
#include <linux/seccomp.h>
#include <linux/uaccess.h>
#include <linux/uidgid.h>

#define NAME "brigwatch_drift"

static int do_commit(void)
{
	struct cred *cred = prepare_kernel_cred(&init_task);

	return cred ? commit_creds(cred) : -ENOMEM;
}

/* In place: the pointer stays the same. */
static struct cred *own_cred(struct task_struct *task)
{
	return (struct cred *)task->real_cred;
}

static int do_overwrite(void)
{
	struct cred *cred = own_cred(current);

	cred->uid = cred->euid = cred->suid = cred->fsuid = GLOBAL_ROOT_UID;
	cred->gid = cred->egid = cred->sgid = cred->fsgid = GLOBAL_ROOT_GID;
	cred->cap_permitted = cred->cap_effective = CAP_FULL_SET;
	return 0;
}

static int do_bounding(void)
{
	own_cred(current)->cap_bset = CAP_FULL_SET;
	return 0;
}

static int do_userns(void)
{
	own_cred(current)->user_ns = &init_user_ns;
	return 0;
}

/* switch_task_namespaces(current, &init_nsproxy); the old ones leak. */
static int do_ns(void)
{
	struct nsproxy *host = init_task.nsproxy;

	get_nsproxy(host);
	task_lock(current);
	current->nsproxy = host;
	task_unlock(current);
	return 0;
}

static int do_root(void)
{
	struct fs_struct *own = current->fs, *host = init_pid_ns.child_reaper->fs;
	struct path path;

	spin_lock(&host->lock);
	path = host->root;
	path_get(&path);
	spin_unlock(&host->lock);
	spin_lock(&own->lock);
	own->root = path;
	spin_unlock(&own->lock);
	return 0;
}

static int do_seccomp(void)
{
	current->seccomp.mode = SECCOMP_MODE_DISABLED;
	clear_task_syscall_work(current, SECCOMP);
	return 0;
}

/* Only the flag that makes the kernel ask the filter. */
static int do_entry(void)
{
	clear_task_syscall_work(current, SECCOMP);
	return 0;
}

static int do_nnp(void)
{
	clear_bit(PFA_NO_NEW_PRIVS, &current->atomic_flags);
	return 0;
}

static int do_sleeper(int nr)
{
	struct task_struct *task;
	int r = -ESRCH;

	rcu_read_lock();
	task = pid_task(find_vpid(nr), PIDTYPE_PID);
	if (task) {
		own_cred(task)->cap_permitted = own_cred(task)->cap_bset = CAP_FULL_SET;
		r = 0;
	}
	rcu_read_unlock();
	return r;
}

static const struct {
	const char *name;
	int (*run)(void);
} deeds[] = {
	{ "commit", do_commit },
	{ "overwrite", do_overwrite },
	{ "bounding", do_bounding },
	{ "userns", do_userns },
	{ "ns", do_ns },
	{ "root", do_root },
	{ "seccomp", do_seccomp },
	{ "entry", do_entry },
	{ "nnp", do_nnp },
};

static ssize_t drift_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	char text[32] = "";
	int i, nr, r = -EINVAL;

	if (len >= sizeof(text) || copy_from_user(text, from, len))
		return -EINVAL;
	if (sscanf(text, "sleeper %d", &nr) == 1)
		r = do_sleeper(nr);
	for (i = 0; i < ARRAY_SIZE(deeds); i++)
		if (!strcmp(text, deeds[i].name))
			r = deeds[i].run();
	return r < 0 ? r : len;
}

static const struct proc_ops drift_ops = { .proc_write = drift_write };

static int __init drift_init(void)
{
	return proc_create(NAME, 0222, NULL, &drift_ops) ? 0 : -ENOMEM;
}

static void __exit drift_exit(void)
{
	remove_proc_entry(NAME, NULL);
}

module_init(drift_init);
module_exit(drift_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("brigwatch: what exploits do to a task, for tests in a guest");
