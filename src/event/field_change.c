/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of what changed a tree without opening a file of it. */
#include "event/field_internal.h"

#include <inttypes.h>

#define MNT_NOSUID_FLAG 1u /* include/linux/mount.h: MNT_NOSUID */
#define TYPE_MASK 0170000u
#define TYPE_BLOCK 0060000u
#define TYPE_CHAR 0020000u

const char *const words_change_object[] = { "none", "file", "parent", NULL };

int get_change_setid(const struct event *ev, struct value *ret)
{
	return give_bool(ret, ev->hdr.facts & FACT_SETID);
}

int get_change_volume(const struct event *ev, struct value *ret)
{
	return give_bool(ret, ev->hdr.facts & FACT_VOLUME);
}

int get_change_link_game(const struct event *ev, struct value *ret)
{
	return give_bool(ret, ev->hdr.facts & FACT_LINK_GAME);
}

int get_change_object(const struct event *ev, struct value *ret)
{
	if (ev->hdr.type != EVENT_CHANGE)
		return -ENODATA;
	switch (ev->u.change.object) {
	case OBJECT_FILE: return give_word(ret, "file");
	case OBJECT_PARENT: return give_word(ret, "parent");
	default: return give_word(ret, "none");
	}
}

int get_change_mode(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_CHANGE ? give_uint(ret, ev->u.change.mode) : -ENODATA;
}

int get_change_nosuid(const struct event *ev, struct value *ret)
{
	return give_bool(ret, ev->hdr.type == EVENT_CHANGE &&
				      (ev->u.change.mnt_flags & MNT_NOSUID_FLAG));
}

static bool makes(const struct event *ev, uint32_t type)
{
	return ev->hdr.type == EVENT_CHANGE && ev->u.change.op == CHANGE_MKNOD &&
	       (ev->u.change.mode & TYPE_MASK) == type;
}

int get_change_makes_block(const struct event *ev, struct value *ret)
{
	return give_bool(ret, makes(ev, TYPE_BLOCK));
}

int get_change_makes_char(const struct event *ev, struct value *ret)
{
	return give_bool(ret, makes(ev, TYPE_CHAR));
}

/* As mknod(2) takes it (new_decode_dev): twelve bits of the major number between
 * the low and the high part of the minor one. */
int get_change_device(const struct event *ev, struct value *ret)
{
	uint32_t dev = ev->u.change.rdev;

	if (!makes(ev, TYPE_BLOCK) && !makes(ev, TYPE_CHAR))
		return -ENODATA;
	return give_printf(ret, "%" PRIu32 ":%" PRIu32, (dev & 0xfff00) >> 8,
			   (dev & 0xff) | ((dev >> 12) & 0xfff00));
}

int get_evt_arg_path2(const struct event *ev, struct value *ret)
{
	return give_caller(ev, ret, ev->arg2);
}
