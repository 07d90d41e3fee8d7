/* SPDX-License-Identifier: Apache-2.0 */
/* Records of the wire format, made by hand for tests and fuzz seeds. */
#ifndef BW_TESTS_RECORD_H
#define BW_TESTS_RECORD_H

#include <assert.h>

#include "event/event.h"

struct record {
	size_t len;
	char bytes[EVENT_SIZE_MAX];
};

static inline void record_set_size(struct record *rec)
{
	uint32_t size = (uint32_t)rec->len;

	memcpy(rec->bytes + offsetof(struct event_hdr, size), &size, sizeof(size));
}

/* Begin with the fixed part at `fixed`; its type, version and size are set here. */
static inline void record_init(struct record *rec, unsigned int type, const void *fixed,
			       size_t fixed_len)
{
	uint16_t type16 = (uint16_t)type;

	memcpy(rec->bytes, fixed, fixed_len);
	memcpy(rec->bytes + offsetof(struct event_hdr, type), &type16, sizeof(type16));
	rec->bytes[offsetof(struct event_hdr, version)] = EVENT_VERSION;
	rec->len = fixed_len;
	record_set_size(rec);
}

/* Add the next string; its length goes to the __u16 at `len_off`. */
static inline void record_add(struct record *rec, size_t len_off, const void *data, size_t len)
{
	uint16_t len16 = (uint16_t)len;

	assert(rec->len + len <= sizeof(rec->bytes));
	memcpy(rec->bytes + len_off, &len16, sizeof(len16));
	memcpy(rec->bytes + rec->len, data, len);
	rec->len += len;
	record_set_size(rec);
}

static inline void record_add_str(struct record *rec, size_t len_off, const char *s)
{
	record_add(rec, len_off, s, strlen(s));
}

/* A header of a contained process, complete enough for every output. */
/* clang-format off */
static inline struct event_hdr record_hdr(void)
{
	return (struct event_hdr){
		.tier = TIER_LSM, .cpu = 1, .seq = 7, .time_ns = 1000000007, .nr = -1,
		.proc = { 900000000, 4133, 2 }, .parent = { 800000000, 4120, 1 },
		.tid = 4133, .ns_tgid = 13, .ns_tid = 13, .ppid = 4120, .cap_effective = 0xa80425fb,
		.mnt_ns = 77, .mnt_ns_inum = 4026532001, .cgroup_id = 5151, .container = 77,
		.phase = PHASE_CONTAINED, .boundary = BOUNDARY_HOST, .way = WAY_NATIVE, .comm = "evil",
	};
}
/* clang-format on */

/* clang-format off */
static inline struct event_file record_file(void)
{
	return (struct event_file){
		.ino = 262401, .dev = 8 << 20 | 1, .fs_magic = 0xef53, .nlink = 1, .mode = 0100755,
		.mount_owner = OWNER_HOST, .source = SOURCE_KERNEL, .fs = "ext4",
	};
}
/* clang-format on */

#endif
