/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as conditions write them: plain, as modes, durations and sizes, and
 * by the names of bits. */
#include "rule/internal.h"

static int digit_value(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

static int read_digits(struct slice text, uint64_t base, uint64_t most, uint64_t *ret)
{
	uint64_t num = 0;

	if (text.len == 0)
		return -EINVAL;
	for (size_t i = 0; i < text.len; i++) {
		int digit = digit_value(text.data[i]);

		if (digit < 0 || (uint64_t)digit >= base)
			return -EINVAL;
		if (num > (most - (uint64_t)digit) / base)
			return -ERANGE;
		num = num * base + (uint64_t)digit;
	}
	*ret = num;
	return 0;
}

static struct slice skip(struct slice text, size_t n)
{
	return (struct slice){ text.data + n, text.len - n };
}

int parse_number(struct slice text, int64_t *ret)
{
	bool negative = text.len > 0 && text.data[0] == '-';
	uint64_t num = 0, base = 10;
	int r;

	if (negative)
		text = skip(text, 1);
	if (text.len > 1 && text.data[0] == '0') {
		if (text.data[1] == 'x')
			base = 16;
		else if (text.data[1] == 'o')
			base = 8;
		else
			return -EINVAL; /* 0644: octal or not? */
		text = skip(text, 2);
	}
	r = read_digits(text, base, INT64_MAX, &num);
	if (r < 0)
		return r;
	*ret = negative ? -(int64_t)num : (int64_t)num;
	return 0;
}

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit durations[] = {
	{ "ns", 1 },	      { "us", 1000 },	      { "ms", 1000000 },       { "s", 1000000000 },
	{ "m", 60000000000 }, { "h", 3600000000000 }, { "d", 86400000000000 }, { NULL, 0 },
};

static const struct unit sizes[] = {
	{ "B", 1 },
	{ "kB", 1000 },
	{ "KB", 1000 },
	{ "MB", 1000000 },
	{ "GB", 1000000000 },
	{ "TB", 1000000000000 },
	{ "KiB", 1ull << 10 },
	{ "MiB", 1ull << 20 },
	{ "GiB", 1ull << 30 },
	{ "TiB", 1ull << 40 },
	{ NULL, 0 },
};

static const struct unit *find_unit(const struct unit *units, struct slice name)
{
	for (; units->name; units++) {
		if (slice_eq(name, slice_from(units->name)))
			return units;
	}
	return NULL;
}

/* Digits, then a unit. Plain numbers have none and are as they are. */
static int read_unit(const struct unit *units, struct slice text, int64_t *ret)
{
	const struct unit *unit;
	uint64_t num = 0;
	size_t n = 0;
	int r;

	while (n < text.len && text.data[n] >= '0' && text.data[n] <= '9')
		n++;
	if (n == 0 || n == text.len)
		return parse_number(text, ret);
	unit = find_unit(units, skip(text, n));
	if (!unit)
		return parse_number(text, ret);
	r = read_digits((struct slice){ text.data, n }, 10, INT64_MAX, &num);
	if (r < 0)
		return r;
	if (num > INT64_MAX / unit->factor)
		return -ERANGE;
	*ret = (int64_t)(num * unit->factor);
	return 0;
}

/* 0644 and 0o644 and 0x1a4 are the same; 644 would be 01204 and is refused. */
static int read_mode(struct slice text, int64_t *ret, const char **ret_why)
{
	uint64_t num = 0;
	int r;

	*ret_why = "a mode is written in octal, with a 0 before it: 0644 or 0o644";
	if (text.len == 1 && text.data[0] == '0') {
		*ret = 0;
		return 0;
	}
	if (text.len < 2 || text.data[0] != '0')
		return -EINVAL;
	if (text.data[1] == 'x' || text.data[1] == 'o')
		return parse_number(text, ret);
	r = read_digits(skip(text, 1), 8, INT64_MAX, &num);
	*ret = (int64_t)num;
	return r;
}

static const char *why_no_number(struct slice text)
{
	if (text.len > 1 && text.data[0] == '0' && text.data[1] >= '0' && text.data[1] <= '9')
		return "a number does not begin with 0: 0o17 is octal, 17 is decimal";
	return "numbers are 10, -1, 0x1f, 0o17";
}

int parse_quantity(const struct field *field, struct slice text, int64_t *ret, const char **ret_why)
{
	int64_t num = 0;
	int r;

	switch (field->kind) {
	case FIELD_MODE: return read_mode(text, ret, ret_why);
	case FIELD_SIZE:
		*ret_why = "sizes are 4096, 4KiB, 10MB; KiB is 1024 bytes, kB is 1000";
		return read_unit(sizes, text, ret);
	case FIELD_DURATION_NS:
		*ret_why = "durations are 500ms, 10s, 5m, 1h, 1d, or a number of nanoseconds";
		return read_unit(durations, text, ret);
	case FIELD_DURATION_MS:
		*ret_why = "durations are 500ms, 10s, 5m, 1h, 1d, or a number of milliseconds";
		r = parse_number(text, ret);
		if (r != -EINVAL)
			return r;
		r = read_unit(durations, text, &num);
		if (r == 0 && num % 1000000 != 0)
			return -EINVAL;
		*ret = num / 1000000;
		return r;
	default: *ret_why = why_no_number(text); return parse_number(text, ret);
	}
}

/* A number is each of its bits. */
int parse_bits(const struct field *field, struct slice text, struct bits *ret, size_t *ret_n)
{
	const struct symbol *symbol;
	const char *why = NULL;
	uint32_t symbols = 0;
	int64_t num = 0;
	size_t n = 0;
	int r;

	symbol = symbol_find(text, field->symbols, &symbols);
	if (symbol) {
		ret[0] = (struct bits){ symbol->mask, symbol->value, symbols };
		*ret_n = 1;
		return 0;
	}
	r = parse_quantity(field, text, &num, &why);
	if (r < 0 || num == 0)
		return r < 0 ? r : -EINVAL;
	for (unsigned int bit = 0; bit < 64; bit++) {
		uint64_t mask = 1ull << bit;

		if ((uint64_t)num & mask)
			ret[n++] = (struct bits){ mask, mask, 0 };
	}
	*ret_n = n;
	return 0;
}
