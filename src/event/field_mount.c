/* SPDX-License-Identifier: Apache-2.0 */
/* Getters of mount.*: one record type for all interfaces. */
#include "event/field_internal.h"

/* linux/mount.h */
#define FLAG_RDONLY 1u /* MS_RDONLY, SB_RDONLY and MOUNT_ATTR_RDONLY alike */
#define FLAG_REMOUNT 32u
#define FLAG_BIND 4096u
#define FLAG_MOVE 8192u
#define FLAG_PROPAGATION (0xfu << 17)
#define MOVE_SET_GROUP 0x100u
#define CONFIG_CREATE 6u
#define CONFIG_RECONFIGURE 7u
#define CONFIG_CREATE_EXCL 8u

#define MOUNT_STRING(function, member)                                                            \
	int function(const struct event *ev, struct value *ret)                                   \
	{                                                                                         \
		return ev->hdr.type == EVENT_MOUNT ? give_caller(ev, ret, ev->member) : -ENODATA; \
	}

MOUNT_STRING(get_mount_source, source)
MOUNT_STRING(get_mount_target, target)
MOUNT_STRING(get_mount_fstype, fstype)

int get_mount_point(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_MOUNT ? give_path(ev, ret, ev->point) : -ENODATA;
}

/* In the order in which the kernel asks. */
static const char *op_of_mount(uint64_t flags)
{
	if (flags & FLAG_REMOUNT)
		return "remount";
	if (flags & FLAG_BIND)
		return "bind";
	if (flags & FLAG_PROPAGATION)
		return "propagation";
	return flags & FLAG_MOVE ? "move" : "new";
}

static const char *op_of_config(uint32_t cmd)
{
	if (cmd == CONFIG_CREATE || cmd == CONFIG_CREATE_EXCL)
		return "new";
	return cmd == CONFIG_RECONFIGURE ? "remount" : NULL;
}

static const char *mount_op(const struct event_mount *mount)
{
	switch (mount->op) {
	case MOUNT_MOUNT: return op_of_mount(mount->flags);
	case MOUNT_FSOPEN:
	case MOUNT_FSMOUNT: return "new";
	case MOUNT_FSCONFIG: return op_of_config(mount->cmd);
	case MOUNT_OPEN_TREE: return "bind";
	case MOUNT_MOVE_MOUNT: return mount->flags & MOVE_SET_GROUP ? "propagation" : "move";
	case MOUNT_SETATTR: return mount->attr_set | mount->attr_clr ? "remount" : "propagation";
	default: return NULL;
	}
}

int get_mount_op(const struct event *ev, struct value *ret)
{
	const char *op = ev->hdr.type == EVENT_MOUNT ? mount_op(&ev->u.mount) : NULL;

	return op ? give_word(ret, op) : -ENODATA;
}

int get_mount_read_only(const struct event *ev, struct value *ret)
{
	const struct event_mount *mount = &ev->u.mount;
	bool read_only = false;

	if (ev->hdr.type != EVENT_MOUNT)
		return give_bool(ret, false);
	if (mount->op == MOUNT_MOUNT)
		read_only = mount->flags & FLAG_RDONLY;
	else if (mount->op == MOUNT_FSCONFIG)
		read_only = mount->mnt_flags & FLAG_RDONLY;
	else
		read_only = mount->attr_set & FLAG_RDONLY;
	return give_bool(ret, read_only);
}

int get_mount_made_writable(const struct event *ev, struct value *ret)
{
	const struct event_mount *mount = &ev->u.mount;
	bool writable = false;

	if (ev->hdr.type != EVENT_MOUNT)
		return give_bool(ret, false);
	if (mount->op == MOUNT_MOUNT)
		writable = (mount->flags & FLAG_REMOUNT) && !(mount->flags & FLAG_RDONLY);
	else if (mount->op == MOUNT_SETATTR)
		writable = (mount->attr_clr & FLAG_RDONLY) && !(mount->attr_set & FLAG_RDONLY);
	else if (mount->op == MOUNT_FSCONFIG)
		writable = mount->cmd == CONFIG_RECONFIGURE && !(mount->mnt_flags & FLAG_RDONLY);
	return give_bool(ret, writable);
}

int get_mount_is_kernel_fs(const struct event *ev, struct value *ret)
{
	return give_bool(ret, ev->hdr.facts & FACT_MOUNT_KERNEL_FS);
}

int get_mount_reaches_host(const struct event *ev, struct value *ret)
{
	return give_bool(ret, ev->hdr.facts & FACT_REACHES_HOST);
}

int get_mount_is_block_device(const struct event *ev, struct value *ret)
{
	return give_bool(ret, ev->hdr.type == EVENT_MOUNT && (ev->hdr.facts & FACT_BLOCK_DEVICE));
}

int get_mount_dev(const struct event *ev, struct value *ret)
{
	if (ev->hdr.type != EVENT_MOUNT || ev->u.mount.bdev == 0)
		return -ENODATA;
	return give_device(ret, ev->u.mount.bdev);
}
