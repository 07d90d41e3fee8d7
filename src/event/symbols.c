/* SPDX-License-Identifier: Apache-2.0 */
/* Names of bits. Numbers are those of the kernel's user headers on x86-64,
 * written out: a capture reads the same everywhere. */
#include "event/field.h"

#include "base/suggest.h"

#define BITS(name, bits)         \
	{                        \
		name, bits, bits \
	}

/* clang-format off */
/* asm-generic/fcntl.h; the access mode is a number of two bits */
static const struct symbol open_symbols[] = {
	{ "O_RDONLY", 3, 0 }, { "O_WRONLY", 3, 1 }, { "O_RDWR", 3, 2 }, BITS("O_CREAT", 0x40),
	BITS("O_EXCL", 0x80), BITS("O_NOCTTY", 0x100), BITS("O_TRUNC", 0x200),
	BITS("O_APPEND", 0x400), BITS("O_NONBLOCK", 0x800), BITS("O_DSYNC", 0x1000),
	BITS("O_SYNC", 0x101000), BITS("O_ASYNC", 0x2000), BITS("O_DIRECT", 0x4000),
	BITS("O_LARGEFILE", 0x8000), BITS("O_DIRECTORY", 0x10000), BITS("O_NOFOLLOW", 0x20000),
	BITS("O_NOATIME", 0x40000), BITS("O_CLOEXEC", 0x80000), BITS("O_PATH", 0x200000),
	BITS("O_TMPFILE", 0x410000),
	{ NULL, 0, 0 },
};

/* linux/sched.h */
static const struct symbol clone_symbols[] = {
	BITS("CLONE_VM", 0x100), BITS("CLONE_FS", 0x200), BITS("CLONE_FILES", 0x400),
	BITS("CLONE_SIGHAND", 0x800), BITS("CLONE_PIDFD", 0x1000), BITS("CLONE_PTRACE", 0x2000),
	BITS("CLONE_VFORK", 0x4000), BITS("CLONE_PARENT", 0x8000), BITS("CLONE_THREAD", 0x10000),
	BITS("CLONE_NEWNS", 0x20000), BITS("CLONE_SYSVSEM", 0x40000),
	BITS("CLONE_SETTLS", 0x80000), BITS("CLONE_PARENT_SETTID", 0x100000),
	BITS("CLONE_CHILD_CLEARTID", 0x200000), BITS("CLONE_DETACHED", 0x400000),
	BITS("CLONE_UNTRACED", 0x800000), BITS("CLONE_CHILD_SETTID", 0x1000000),
	BITS("CLONE_NEWCGROUP", 0x2000000), BITS("CLONE_NEWUTS", 0x4000000),
	BITS("CLONE_NEWIPC", 0x8000000), BITS("CLONE_NEWUSER", 0x10000000),
	BITS("CLONE_NEWPID", 0x20000000), BITS("CLONE_NEWNET", 0x40000000),
	BITS("CLONE_IO", 0x80000000), BITS("CLONE_NEWTIME", 0x80),
	BITS("CLONE_CLEAR_SIGHAND", 0x100000000), BITS("CLONE_INTO_CGROUP", 0x200000000),
	{ NULL, 0, 0 },
};

/* linux/mount.h */
static const struct symbol mount_symbols[] = {
	BITS("MS_RDONLY", 0x1), BITS("MS_NOSUID", 0x2), BITS("MS_NODEV", 0x4),
	BITS("MS_NOEXEC", 0x8), BITS("MS_SYNCHRONOUS", 0x10), BITS("MS_REMOUNT", 0x20),
	BITS("MS_MANDLOCK", 0x40), BITS("MS_DIRSYNC", 0x80), BITS("MS_NOSYMFOLLOW", 0x100),
	BITS("MS_NOATIME", 0x400), BITS("MS_NODIRATIME", 0x800), BITS("MS_BIND", 0x1000),
	BITS("MS_MOVE", 0x2000), BITS("MS_REC", 0x4000), BITS("MS_SILENT", 0x8000),
	BITS("MS_POSIXACL", 0x10000), BITS("MS_UNBINDABLE", 0x20000), BITS("MS_PRIVATE", 0x40000),
	BITS("MS_SLAVE", 0x80000), BITS("MS_SHARED", 0x100000), BITS("MS_RELATIME", 0x200000),
	BITS("MS_KERNMOUNT", 0x400000), BITS("MS_I_VERSION", 0x800000),
	BITS("MS_STRICTATIME", 0x1000000), BITS("MS_LAZYTIME", 0x2000000),
	{ NULL, 0, 0 },
};

/* linux/fs.h (include/linux) */
static const struct symbol umount_symbols[] = {
	BITS("MNT_FORCE", 0x1), BITS("MNT_DETACH", 0x2), BITS("MNT_EXPIRE", 0x4),
	BITS("UMOUNT_NOFOLLOW", 0x8),
	{ NULL, 0, 0 },
};

/* linux/mount.h, linux/fcntl.h */
static const struct symbol open_tree_symbols[] = {
	BITS("OPEN_TREE_CLONE", 0x1), BITS("OPEN_TREE_CLOEXEC", 0x80000),
	BITS("AT_SYMLINK_NOFOLLOW", 0x100), BITS("AT_NO_AUTOMOUNT", 0x800),
	BITS("AT_EMPTY_PATH", 0x1000), BITS("AT_RECURSIVE", 0x8000),
	{ NULL, 0, 0 },
};

/* linux/mount.h */
static const struct symbol move_mount_symbols[] = {
	BITS("MOVE_MOUNT_F_SYMLINKS", 0x1), BITS("MOVE_MOUNT_F_AUTOMOUNTS", 0x2),
	BITS("MOVE_MOUNT_F_EMPTY_PATH", 0x4), BITS("MOVE_MOUNT_T_SYMLINKS", 0x10),
	BITS("MOVE_MOUNT_T_AUTOMOUNTS", 0x20), BITS("MOVE_MOUNT_T_EMPTY_PATH", 0x40),
	BITS("MOVE_MOUNT_SET_GROUP", 0x100),
	{ NULL, 0, 0 },
};

/* linux/mount.h */
static const struct symbol fsopen_symbols[] = {
	BITS("FSOPEN_CLOEXEC", 0x1),
	{ NULL, 0, 0 },
};

/* linux/mount.h */
static const struct symbol fsmount_symbols[] = {
	BITS("FSMOUNT_CLOEXEC", 0x1),
	{ NULL, 0, 0 },
};

/* linux/mount.h */
static const struct symbol fspick_symbols[] = {
	BITS("FSPICK_CLOEXEC", 0x1), BITS("FSPICK_SYMLINK_NOFOLLOW", 0x2),
	BITS("FSPICK_NO_AUTOMOUNT", 0x4), BITS("FSPICK_EMPTY_PATH", 0x8),
	{ NULL, 0, 0 },
};

/* linux/fs.h */
static const struct symbol rename_symbols[] = {
	BITS("RENAME_NOREPLACE", 0x1), BITS("RENAME_EXCHANGE", 0x2), BITS("RENAME_WHITEOUT", 0x4),
	{ NULL, 0, 0 },
};

/* linux/fcntl.h */
static const struct symbol at_symbols[] = {
	BITS("AT_SYMLINK_NOFOLLOW", 0x100), BITS("AT_EACCESS", 0x200),
	BITS("AT_REMOVEDIR", 0x200), BITS("AT_SYMLINK_FOLLOW", 0x400),
	BITS("AT_NO_AUTOMOUNT", 0x800), BITS("AT_EMPTY_PATH", 0x1000),
	BITS("AT_RECURSIVE", 0x8000),
	{ NULL, 0, 0 },
};

/* linux/xattr.h */
static const struct symbol xattr_symbols[] = {
	BITS("XATTR_CREATE", 0x1), BITS("XATTR_REPLACE", 0x2),
	{ NULL, 0, 0 },
};

/* linux/stat.h; the type is a number of four bits */
static const struct symbol mode_symbols[] = {
	BITS("S_ISUID", 04000), BITS("S_ISGID", 02000), BITS("S_ISVTX", 01000),
	BITS("S_IRUSR", 0400), BITS("S_IWUSR", 0200), BITS("S_IXUSR", 0100), BITS("S_IRGRP", 040),
	BITS("S_IWGRP", 020), BITS("S_IXGRP", 010), BITS("S_IROTH", 04), BITS("S_IWOTH", 02),
	BITS("S_IXOTH", 01), { "S_IFREG", 0170000, 0100000 }, { "S_IFDIR", 0170000, 040000 },
	{ "S_IFCHR", 0170000, 020000 }, { "S_IFBLK", 0170000, 060000 },
	{ "S_IFIFO", 0170000, 010000 }, { "S_IFLNK", 0170000, 0120000 },
	{ "S_IFSOCK", 0170000, 0140000 },
	{ NULL, 0, 0 },
};

/* linux/capability.h */
static const struct symbol cap_symbols[] = {
	BITS("CAP_CHOWN", 1ull << 0), BITS("CAP_DAC_OVERRIDE", 1ull << 1),
	BITS("CAP_DAC_READ_SEARCH", 1ull << 2), BITS("CAP_FOWNER", 1ull << 3),
	BITS("CAP_FSETID", 1ull << 4), BITS("CAP_KILL", 1ull << 5), BITS("CAP_SETGID", 1ull << 6),
	BITS("CAP_SETUID", 1ull << 7), BITS("CAP_SETPCAP", 1ull << 8),
	BITS("CAP_LINUX_IMMUTABLE", 1ull << 9), BITS("CAP_NET_BIND_SERVICE", 1ull << 10),
	BITS("CAP_NET_BROADCAST", 1ull << 11), BITS("CAP_NET_ADMIN", 1ull << 12),
	BITS("CAP_NET_RAW", 1ull << 13), BITS("CAP_IPC_LOCK", 1ull << 14),
	BITS("CAP_IPC_OWNER", 1ull << 15), BITS("CAP_SYS_MODULE", 1ull << 16),
	BITS("CAP_SYS_RAWIO", 1ull << 17), BITS("CAP_SYS_CHROOT", 1ull << 18),
	BITS("CAP_SYS_PTRACE", 1ull << 19), BITS("CAP_SYS_PACCT", 1ull << 20),
	BITS("CAP_SYS_ADMIN", 1ull << 21), BITS("CAP_SYS_BOOT", 1ull << 22),
	BITS("CAP_SYS_NICE", 1ull << 23), BITS("CAP_SYS_RESOURCE", 1ull << 24),
	BITS("CAP_SYS_TIME", 1ull << 25), BITS("CAP_SYS_TTY_CONFIG", 1ull << 26),
	BITS("CAP_MKNOD", 1ull << 27), BITS("CAP_LEASE", 1ull << 28),
	BITS("CAP_AUDIT_WRITE", 1ull << 29), BITS("CAP_AUDIT_CONTROL", 1ull << 30),
	BITS("CAP_SETFCAP", 1ull << 31), BITS("CAP_MAC_OVERRIDE", 1ull << 32),
	BITS("CAP_MAC_ADMIN", 1ull << 33), BITS("CAP_SYSLOG", 1ull << 34),
	BITS("CAP_WAKE_ALARM", 1ull << 35), BITS("CAP_BLOCK_SUSPEND", 1ull << 36),
	BITS("CAP_AUDIT_READ", 1ull << 37), BITS("CAP_PERFMON", 1ull << 38),
	BITS("CAP_BPF", 1ull << 39), BITS("CAP_CHECKPOINT_RESTORE", 1ull << 40),
	{ NULL, 0, 0 },
};

/* enum posture_check */
#define P(name) { "POSTURE_" #name, 1ull << POSTURE_##name, 1ull << POSTURE_##name }
static const struct symbol posture_symbols[] = {
	P(PRIVILEGED), P(HOST_PID), P(HOST_NET), P(HOST_IPC), P(HOST_UTS), P(HOST_CGROUP),
	P(HOST_USER), P(ENGINE_SOCKET), P(MOUNT_ROOT_RW), P(MOUNT_ROOT_RO), P(MOUNT_ETC_RW),
	P(MOUNT_KERNEL_RW), P(MOUNT_DEV_RW), P(MOUNT_HOME_RW), P(MOUNT_STATE_RW),
	P(MOUNT_RUN_RW), P(MOUNT_PROGRAMS_RW), P(MOUNT_SENSITIVE_RO), P(CAPABILITIES),
	P(SECCOMP_OFF), P(LSM_OFF), P(NEW_PRIVILEGES), P(PATHS_UNMASKED), P(DEVICES),
	P(SHARED_MOUNT), P(SECRET_NAMES), P(NO_MEMORY_LIMIT), P(NO_PIDS_LIMIT), P(NO_CPU_LIMIT),
	P(ROOT_WRITABLE), P(ROOT_ON_VOLUME), P(PRIVILEGED_PORT), P(PORT_ANY_ADDRESS),
	P(RESTART_ALWAYS), P(DEFAULT_BRIDGE), P(CGROUP_PARENT), P(NO_HEALTH_CHECK),
	P(ENGINE_TCP), P(NO_RLIMITS),
	P(HOST_CAPABILITIES), P(HOST_DEVICES),
	{ NULL, 0, 0 },
};
_Static_assert(ARRAY_SIZE(posture_symbols) == POSTURE_N + 1, "a check has no symbol");

/* clang-format on */

static const struct symbol *const tables[] = {
	open_symbols,	    clone_symbols,  mount_symbols,   umount_symbols, open_tree_symbols,
	move_mount_symbols, fsopen_symbols, fsmount_symbols, fspick_symbols, rename_symbols,
	at_symbols,	    xattr_symbols,  mode_symbols,    cap_symbols,
	posture_symbols,
};
_Static_assert(SYMBOLS_END == 1u << ARRAY_SIZE(tables), "one table for each family");

const struct symbol *symbol_at(enum symbols family, size_t i)
{
	for (size_t f = 0; f < ARRAY_SIZE(tables); f++) {
		const struct symbol *symbol = tables[f];

		if (family != 1u << f)
			continue;
		while (symbol->name && i-- > 0)
			symbol++;
		return symbol->name ? symbol : NULL;
	}
	return NULL;
}

static const struct symbol *find_in(const struct symbol *symbol, struct slice name)
{
	for (; symbol->name; symbol++) {
		if (slice_eq(name, slice_from(symbol->name)))
			return symbol;
	}
	return NULL;
}

const struct symbol *symbol_find(struct slice name, uint32_t families, uint32_t *ret_families)
{
	const struct symbol *found = NULL, *symbol;

	*ret_families = 0;
	for (size_t f = 0; f < ARRAY_SIZE(tables); f++) {
		symbol = families & 1u << f ? find_in(tables[f], name) : NULL;
		if (!symbol)
			continue;
		found = symbol;
		*ret_families |= 1u << f;
	}
	return found;
}

const char *symbol_suggest(struct slice name, uint32_t families)
{
	struct suggest suggest = { NULL, 0 };

	for (size_t f = 0; f < ARRAY_SIZE(tables); f++) {
		for (const struct symbol *symbol = tables[f]; families & 1u << f && symbol->name;
		     symbol++)
			suggest_offer(&suggest, name, symbol->name);
	}
	return suggest.best;
}
