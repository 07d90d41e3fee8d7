/* SPDX-License-Identifier: Apache-2.0 */
/* Which facts of the kernel side stand behind a field? Few records bear any, so
 * rules need not read a field whose fact is not among those of the record. */
#include "event/field_internal.h"

/* In the order of the field table. tests/unit/test_reference.c holds the two together. */
static const struct {
	const char *name;
	uint64_t facts;
} behind[] = {
	{ "cgroup.left", FACT_CGROUP_LEFT },
	{ "change.link_game", FACT_LINK_GAME },
	{ "change.setid", FACT_SETID },
	{ "change.volume", FACT_VOLUME },
	{ "container.runs_script", FACT_MAIN_IS_SHELL },
	{ "cred.unexplained", FACT_UNEXPLAINED },
	{ "evt.is_open_write", FACT_FILE_WRITE },
	{ "file.from_container", FACT_FROM_CONTAINER },
	{ "file.handle", FACT_HANDLE },
	{ "file.is_block_device", FACT_BLOCK_DEVICE },
	{ "file.is_host_root", FACT_HOST_ROOT },
	{ "file.is_kernel_control", FACT_KERNEL_CONTROL },
	{ "file.is_misplaced", FACT_MISPLACED },
	{ "file.is_runtime_binary", FACT_RUNTIME_BINARY },
	{ "file.is_sensitive", FACT_SENSITIVE },
	{ "file.is_stdio", FACT_STDIO },
	{ "file.is_volume", FACT_VOLUME },
	{ "file.own_layer", FACT_OWN_LAYER },
	{ "file.patched", FACT_PATCHED },
	{ "file.unreachable", FACT_FILE_UNREACHABLE },
	{ "inet.is_host", FACT_LOCAL_ADDRESS },
	{ "mount.is_block_device", FACT_BLOCK_DEVICE },
	{ "mount.is_kernel_fs", FACT_MOUNT_KERNEL_FS },
	{ "mount.reaches_host", FACT_REACHES_HOST },
	{ "proc.code_foreign", FACT_CODE_FOREIGN },
	{ "proc.first_exec", FACT_FIRST_EXEC },
	{ "proc.is_exe_deleted", FACT_EXE_DELETED },
	{ "proc.is_exe_from_memfd", FACT_EXE_MEMORY },
	{ "proc.is_exe_upper_layer", FACT_EXE_UPPER },
	{ "proc.is_helper", FACT_HELPER },
	{ "proc.is_main", FACT_MAIN_PROGRAM },
	{ "sock.is_runtime_api", FACT_RUNTIME_API },
	{ "sock.peer_is_host", FACT_PEER_HOST },
	{ "target.is_foreign", FACT_FOREIGN_TASK },
};

uint64_t field_facts(const struct field *field)
{
	for (size_t i = 0; i < ARRAY_SIZE(behind); i++) {
		if (strcmp(field->name, behind[i].name) == 0)
			return behind[i].facts;
	}
	return 0;
}
