// SPDX-License-Identifier: Apache-2.0
/* The addresses of another network namespace, from its tables in /proc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "source/live.h"

static void test_fib(void **state)
{
	static const struct {
		const char *line;
		bool want;
	} lines[] = {
		{ "Local:\n", false },
		{ "  +-- 192.0.2.0/24 2 0 2\n", false },
		{ "     |-- 192.0.2.0\n", false },
		{ "        /24 link UNICAST\n", false },
		{ "     |-- 192.0.2.7\n", false },
		{ "        /32 host LOCAL\n", true },
		{ "     |-- 192.0.2.255\n", false },
		{ "        /32 link BROADCAST\n", false },
		{ "     |-- 127.0.0.1\n", false },
		{ "        /32 host LOCAL\n", false },
	};
	static const unsigned char want[16] = { 192, 0, 2, 7 };
	struct inet_address address;
	char last[16] = "";

	(void)state;
	assert_false(live_read_fib_line("        /32 host LOCAL\n", last, &address));
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_int_equal(live_read_fib_line(lines[i].line, last, &address), lines[i].want);
		if (lines[i].want)
			assert_memory_equal(&address, want, sizeof(want));
	}
}

static void test_inet6(void **state)
{
	static const unsigned char want[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 7 };
	struct inet_address address;

	(void)state;
	assert_true(live_read_inet6_line("20010db8000000000000000000000007 02 40 00 80     eth0\n", &address));
	assert_memory_equal(&address, want, sizeof(want));
	assert_false(live_read_inet6_line("00000000000000000000000000000001 01 80 10 80       lo\n", &address));
	assert_false(live_read_inet6_line("20010db8\n", &address));
	assert_false(live_read_inet6_line("", &address));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_fib), cmocka_unit_test(test_inet6) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
