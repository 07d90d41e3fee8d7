/* SPDX-License-Identifier: Apache-2.0 */
/* The table of system calls: what a number is in each of the three ways into
 * the kernel, and what the hooks are told to do with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "event/syscalls.h"
#include "source/calls.h"

/* NULL: no such call in that way. */
/* clang-format off */
static const struct { uint32_t nr; const char *native, *x32, *ia32; } numbers[] = {
	{ 0, "read", "read", "restart_syscall" },
	{ 2, "open", "open", "fork" },
	{ 5, "fstat", "fstat", "open" },
	{ 16, "ioctl", NULL, "lchown" },
	{ 59, "execve", NULL, "oldolduname" },
	{ 102, "getuid", "getuid", "socketcall" },
	{ 222, "timer_create", NULL, NULL },
	{ 251, "ioprio_set", "ioprio_set", NULL },
	{ 308, "setns", "setns", "pselect6" },
	{ 335, "uretprobe", "uretprobe", "rt_tgsigqueueinfo" },
	{ 346, NULL, NULL, "setns" },
	{ 387, NULL, NULL, NULL },
	{ 437, "openat2", "openat2", "openat2" },
	{ 471, "rseq_slice_yield", "rseq_slice_yield", "rseq_slice_yield" },
	{ 472, NULL, NULL, NULL },
	{ 511, NULL, NULL, NULL },
	{ 512, NULL, "rt_sigaction", NULL },
	{ 520, NULL, "execve", NULL },
	{ 547, NULL, "pwritev2", NULL },
	{ 548, NULL, NULL, NULL },
	{ SYSCALLS_MAX - 1, NULL, NULL, NULL },
	{ SYSCALLS_MAX, NULL, NULL, NULL },
	{ 1000, NULL, NULL, NULL },
	{ X32_BIT | 2, NULL, NULL, NULL },
	{ UINT32_MAX, NULL, NULL, NULL },
};
/* clang-format on */

static void assert_name(enum syscall_abi abi, uint32_t nr, const char *want)
{
	const struct syscall_desc *call = syscall_find(abi, nr);

	if (!want != !call || (call && strcmp(call->name, want) != 0))
		fail_msg("number %u of set %d is %s, want %s", nr, (int)abi, call ? call->name : "nothing",
			 want ? want : "nothing");
}

static void numbers_differ_by_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		assert_name(ABI_NATIVE, numbers[i].nr, numbers[i].native);
		assert_name(ABI_X32, numbers[i].nr, numbers[i].x32);
		assert_name(ABI_IA32, numbers[i].nr, numbers[i].ia32);
	}
	assert_null(syscall_find(ABI_MAX, 2));
}

static size_t count_numbers(enum syscall_abi abi)
{
	size_t n = 0;

	for (uint32_t nr = 0; nr < SYSCALLS_MAX; nr++)
		n += syscall_find(abi, nr) != NULL;
	return n;
}

static void each_row_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < syscall_table_len; i++) {
		const struct syscall_desc *call = &syscall_table[i];

		if (!call->name[0] || call->handler == HANDLER_UNKNOWN || call->handler >= HANDLER_MAX ||
		    call->handler == HANDLER_REFUSED_OPEN || call->n_args > ARRAY_SIZE(call->args))
			fail_msg("row of %s", call->name);
		for (size_t k = 0; k < ARRAY_SIZE(call->args); k++)
			if ((k < call->n_args) != (call->args[k] != ROLE_NONE))
				fail_msg("argument %zu of %s", k + 1, call->name);
	}
	/* As many as Linux 7.0 has, and its retired ones. */
	assert_int_equal(count_numbers(ABI_NATIVE), 385);
	assert_int_equal(count_numbers(ABI_X32), 374);
	assert_int_equal(count_numbers(ABI_IA32), 461);
}

/* A handler reads the arguments by position: what it finds there must not depend
 * on the way in. */
static void each_event_has_the_same_arguments_by_every_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < syscall_table_len; i++) {
		for (size_t k = 0; k < i; k++) {
			const struct syscall_desc *a = &syscall_table[i], *b = &syscall_table[k];

			if (strcmp(a->name, b->name) != 0 || a->handler <= HANDLER_COUNT)
				continue;
			if (a->handler == b->handler && memcmp(a->args, b->args, sizeof(a->args)) != 0)
				fail_msg("%s: other arguments, and the same handler", a->name);
		}
	}
}

static void doors_of_all_ways_lead_to_one_handler(void **state)
{
	static const struct {
		unsigned int native, x32, ia32, handler;
	} doors[] = {
		{ 2, 2, 5, HANDLER_OPEN },
		{ 257, 257, 295, HANDLER_OPENAT },
		{ 308, 308, 346, HANDLER_SETNS },
		{ 165, 165, 21, HANDLER_MOUNT },
		{ 166, 166, 52, HANDLER_UMOUNT },
		{ 42, 42, 362, HANDLER_CONNECT },
		{ 39, 39, 20, HANDLER_IGNORE },
		{ 319, 319, 356, HANDLER_COUNT },
		{ 400, 400, 390, HANDLER_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(doors); i++) {
		assert_int_equal(calls_handler(ABI_NATIVE, doors[i].native), doors[i].handler);
		assert_int_equal(calls_handler(ABI_X32, doors[i].x32), doors[i].handler);
		assert_int_equal(calls_handler(ABI_IA32, doors[i].ia32), doors[i].handler);
	}
	/* socketcall(2) and umount(2) are 32-bit only. */
	assert_int_equal(calls_handler(ABI_IA32, 102), HANDLER_SOCKETCALL);
	assert_int_equal(calls_handler(ABI_IA32, 22), HANDLER_UMOUNT);
	assert_int_equal(calls_handler(ABI_X32, 101), HANDLER_UNKNOWN);
}

/* A tail call to a handler without a program would lose the event. HANDLER_CRED
 * is judged before any: see has_program() in bpf/dispatch.bpf.c. */
static void an_event_without_a_program_is_counted(void **state)
{
	(void)state;
	for (enum syscall_abi abi = 0; abi < ABI_MAX; abi++) {
		for (uint32_t nr = 0; nr < SYSCALLS_MAX; nr++) {
			const struct syscall_desc *call = syscall_find(abi, nr);
			unsigned int handler = calls_handler(abi, nr);

			if (!call)
				assert_int_equal(handler, HANDLER_UNKNOWN);
			else if (call->handler <= HANDLER_COUNT || call->handler == HANDLER_CRED ||
				 handler_programs[call->handler])
				assert_int_equal(handler, call->handler);
			else
				assert_int_equal(handler, HANDLER_COUNT);
		}
	}
	assert_non_null(handler_programs[HANDLER_UNKNOWN]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_differ_by_way),
		cmocka_unit_test(each_row_is_whole),
		cmocka_unit_test(each_event_has_the_same_arguments_by_every_way),
		cmocka_unit_test(doors_of_all_ways_lead_to_one_handler),
		cmocka_unit_test(an_event_without_a_program_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
