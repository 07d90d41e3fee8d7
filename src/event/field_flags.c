/* SPDX-License-Identifier: Apache-2.0 */
/* Words of flags, and what their bits mean: that hangs on the call. */
#include "event/field_internal.h"

static uint32_t symbols_of_mount(uint32_t op)
{
	switch (op) {
	case MOUNT_MOUNT: return SYMBOLS_MOUNT;
	case MOUNT_UMOUNT: return SYMBOLS_UMOUNT;
	case MOUNT_FSOPEN: return SYMBOLS_FSOPEN;
	case MOUNT_FSMOUNT: return SYMBOLS_FSMOUNT;
	case MOUNT_FSPICK: return SYMBOLS_FSPICK;
	case MOUNT_OPEN_TREE: return SYMBOLS_OPEN_TREE;
	case MOUNT_MOVE_MOUNT: return SYMBOLS_MOVE_MOUNT;
	case MOUNT_SETATTR: return SYMBOLS_AT;
	default: return SYMBOLS_END; /* none has a name */
	}
}

static uint32_t symbols_of_change(uint32_t op)
{
	switch (op) {
	case CHANGE_RENAME: return SYMBOLS_RENAME;
	case CHANGE_SETXATTR: return SYMBOLS_XATTR;
	default: return SYMBOLS_AT;
	}
}

int get_mount_flags(const struct event *ev, struct value *ret)
{
	if (ev->hdr.type != EVENT_MOUNT)
		return -ENODATA;
	return give_flags(ret, ev->u.mount.flags, symbols_of_mount(ev->u.mount.op));
}

int get_ns_flags(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_NS ? give_flags(ret, ev->u.ns.flags, SYMBOLS_CLONE) : -ENODATA;
}

int get_evt_arg_flags(const struct event *ev, struct value *ret)
{
	switch (ev->hdr.type) {
	case EVENT_FORK: return give_flags(ret, ev->u.fork.clone_flags, SYMBOLS_CLONE);
	case EVENT_OPEN: return give_flags(ret, ev->u.open.open_flags, SYMBOLS_OPEN);
	case EVENT_MOUNT: return get_mount_flags(ev, ret);
	case EVENT_NS: return get_ns_flags(ev, ret);
	case EVENT_CHANGE:
		return give_flags(ret, ev->u.change.flags, symbols_of_change(ev->u.change.op));
	default: return -ENODATA;
	}
}

int get_thread_cap_effective(const struct event *ev, struct value *ret)
{
	return give_flags(ret, ev->hdr.cap_effective, SYMBOLS_CAP);
}
