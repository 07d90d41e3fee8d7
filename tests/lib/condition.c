/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/condition.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* --- strings that events and conditions share ---------------------------- */

#define POOL_ROOM (8u << 20)

char *pool_take(struct pool *pool, size_t len)
{
	char *bytes = pool->bytes + pool->len;

	assert(pool->len + len <= pool->room);
	pool->len += len;
	return bytes;
}

static struct slice pool_join(struct pool *pool, struct slice a, struct slice b)
{
	char *bytes = pool_take(pool, a.len + b.len + 1);

	memcpy(bytes, a.data, a.len);
	memcpy(bytes + a.len, b.data, b.len);
	return (struct slice){ bytes, a.len + b.len };
}

struct slice pool_pick(const struct pool *pool, struct random *random)
{
	return pool->strings[random_below(random, pool->n_strings)];
}

static struct slice pool_pick_short(const struct pool *pool, struct random *random)
{
	struct slice str = pool_pick(pool, random);

	if (str.len > 20)
		str.len = 20;
	return str;
}

void pool_init(struct pool *pool, struct random *random)
{
	/* clang-format off */
	static const struct slice seeds[] = {
		SLICE_LITERAL(""), SLICE_LITERAL("/"), SLICE_LITERAL("a"), SLICE_LITERAL("sh"),
		SLICE_LITERAL("bash"), SLICE_LITERAL("runc"), SLICE_LITERAL("nginx: worker"),
		SLICE_LITERAL("/usr/bin/runc"), SLICE_LITERAL("/usr/bin/"), SLICE_LITERAL("/proc/1/root/etc"),
		SLICE_LITERAL("/etc/passwd"), SLICE_LITERAL("/etc/shadow"), SLICE_LITERAL("passwd"),
		SLICE_LITERAL("x\0y"), SLICE_LITERAL("\0"), SLICE_LITERAL("\xff\xfe/\x80"),
		SLICE_LITERAL("na\xc3\xafve"), SLICE_LITERAL("\xc3"), SLICE_LITERAL("a b\tc\nd"),
		SLICE_LITERAL("it's \"quoted\" \\ twice"), SLICE_LITERAL("[a-z]*?"), SLICE_LITERAL("aaaaab"),
		SLICE_LITERAL("ABCabc"), SLICE_LITERAL("registry.example/ci:1.2"), SLICE_LITERAL("10.1.2.3"),
		SLICE_LITERAL("2001:db8::1"), SLICE_LITERAL("in"), SLICE_LITERAL("or"), SLICE_LITERAL("0x10"),
		SLICE_LITERAL("a,b,c"), SLICE_LITERAL("sh\0-c\0id\0"), SLICE_LITERAL("%s%n"),
		SLICE_LITERAL("systemd,containerd-shim,sh"), SLICE_LITERAL("host"), SLICE_LITERAL("8:1"),
	};
	/* clang-format on */
	char *bytes;

	*pool = (struct pool){ .room = POOL_ROOM, .bytes = malloc(POOL_ROOM) };
	assert(pool->bytes);
	for (size_t i = 0; i < ARRAY_SIZE(seeds); i++)
		pool->strings[pool->n_strings++] = seeds[i];
	while (pool->n_strings < POOL_STRINGS_MAX - 2) {
		struct slice a = pool_pick(pool, random), b = pool_pick(pool, random);

		if (a.len + b.len < 200)
			pool->strings[pool->n_strings++] = pool_join(pool, a, b);
	}
	for (size_t len = 700; len < 5000; len += 3395) { /* 4095: as long as a path can be */
		bytes = pool_take(pool, len);
		for (size_t i = 0; i < len; i++)
			bytes[i] = random_chance(random, 4) ? '/' :
							      (char)('a' + random_below(random, 3));
		pool->strings[pool->n_strings++] = (struct slice){ bytes, len };
	}
}

void pool_release(struct pool *pool)
{
	free(pool->bytes);
	*pool = (struct pool){ 0 };
}

/* --- values --------------------------------------------------------------- */

/* A piece of what events hold, or nearly one. */
static struct slice make_string(struct pool *pool, struct random *random)
{
	struct slice from = pool_pick(pool, random);
	size_t start, len;
	char *bytes;

	/* Longer than what an event holds: its head may be missing there. */
	if (from.len > 0 && from.len < 200 && random_chance(random, 15))
		return pool_join(pool, pool_pick_short(pool, random), from);
	if (from.len == 0 || random_chance(random, 25))
		return from.len > 1024 ? (struct slice){ from.data, 1024 } : from;
	len = random_chance(random, 30) ? from.len : 1 + random_below(random, from.len);
	if (len > 60 && random_chance(random, 90))
		len = 1 + random_below(random, 60);
	if (len > 1000)
		len = 1000;
	start = random_chance(random, 40) ? 0 :
		random_chance(random, 50) ? from.len - len :
					    random_below(random, from.len - len + 1);
	bytes = pool_take(pool, len + 1);
	memcpy(bytes, from.data + start, len);
	switch (random_below(random, 8)) {
	case 0: bytes[random_below(random, len)] = (char)random_below(random, 256); break;
	case 1: bytes[len++] = (char)random_below(random, 256); break;
	case 2:
		for (size_t i = 0; i < len; i++)
			if (bytes[i] >= 'a' && bytes[i] <= 'z' && random_chance(random, 50))
				bytes[i] = (char)(bytes[i] - 32);
		break;
	}
	return (struct slice){ bytes, len };
}

static struct slice make_nonempty(struct pool *pool, struct random *random)
{
	struct slice value;

	do
		value = make_string(pool, random);
	while (value.len == 0);
	return value;
}

/* Bytes replaced by `?`, `*` and sets; what is special otherwise is escaped. */
static struct slice make_glob(struct pool *pool, struct random *random, struct slice from)
{
	char *bytes = pool_take(pool, from.len * 6 + 1);
	size_t len = 0;

	if (from.len > 150)
		from.len = 150;
	for (size_t i = 0; i < from.len; i++) {
		unsigned char byte = (unsigned char)from.data[i];

		switch (random_below(random, 14)) {
		case 0: bytes[len++] = '?'; break;
		case 1:
			bytes[len++] = '*';
			i += random_below(random, 4);
			break;
		case 2:
			bytes[len++] = '[';
			if (random_chance(random, 30))
				bytes[len++] = random_chance(random, 50) ? '!' : '^';
			bytes[len++] = byte == '^' || byte == '!' ? 'x' : (char)byte;
			bytes[len++] = '-';
			bytes[len++] =
				byte > 250 || byte + 2 == ']' ? (char)byte : (char)(byte + 2);
			bytes[len++] = ']';
			break;
		case 3: bytes[len++] = '*'; /* fall through */
		default:
			if (memchr("*?[\\", byte, 4) || random_chance(random, 3))
				bytes[len++] = '\\';
			bytes[len++] = (char)byte;
			break;
		}
	}
	if (random_chance(random, 30))
		bytes[len++] = '*';
	if (len == 0)
		bytes[len++] = '*';
	return (struct slice){ bytes, len };
}

/* A regular expression and the glob that finds the same. */
static void make_regex(struct expr *expr, struct pool *pool, struct random *random,
		       struct slice from)
{
	char *glob = pool_take(pool, 100), *regex = pool_take(pool, 200);
	size_t n_glob = 0, n_regex = 0;

	if (from.len > 20)
		from.len = 20;
	if (random_chance(random, 30))
		regex[n_regex++] = '^';
	else
		glob[n_glob++] = '*';
	for (size_t i = 0; i < from.len; i++) {
		char byte = from.data[i];

		if (random_chance(random, 5)) {
			memcpy(regex + n_regex, ".*", 2);
			n_regex += 2;
			glob[n_glob++] = '*';
		} else if (byte >= 'a' && byte < 'z' && random_chance(random, 10)) {
			n_regex += (size_t)sprintf(regex + n_regex, "[%c-%c]", byte, byte + 1);
			n_glob += (size_t)sprintf(glob + n_glob, "[%c-%c]", byte, byte + 1);
		} else if ((byte >= 'a' && byte <= 'z') || byte == '/') {
			regex[n_regex++] = byte;
			glob[n_glob++] = byte;
		} else {
			regex[n_regex++] = '.';
			glob[n_glob++] = '?';
		}
	}
	if (random_chance(random, 30))
		regex[n_regex++] = '$';
	else
		glob[n_glob++] = '*';
	expr->values[0] = (struct slice){ glob, n_glob };
	expr->values[1] = (struct slice){ regex, n_regex };
}

static struct slice make_path(struct random *random)
{
	static const char *const paths[] = { "/etc",	"/usr/bin", "/usr",	   "/usr/bin/runc",
					     "/proc/1", "/a",	    "/etc/passwd", "/proc/1/root/",
					     "/sh",	"/b/a" };

	return slice_from(paths[random_below(random, ARRAY_SIZE(paths))]);
}

static int64_t make_number(struct random *random)
{
	static const int64_t some[] = {
		0,	   1,  2,   4,	   8,	 13,	    26,	  100,	   0xffff,	  4133,
		INT32_MAX, -1, -26, -4095, 1000, INT64_MAX, 4096, 0x80000, INT64_MAX - 1, -INT64_MAX
	};

	if (random_chance(random, 85))
		return some[random_below(random, ARRAY_SIZE(some))];
	return (int64_t)(random_next(random) >> (1 + random_below(random, 62)));
}

static size_t count_words(const struct field *field)
{
	size_t n = 0;

	while (field->words && field->words[n])
		n++;
	return n;
}

static struct slice pick_word(const struct field *field, struct random *random)
{
	return slice_from(field->words[random_below(random, count_words(field))]);
}

/* A piece of a word that the field can have: others are refused. */
static struct slice word_piece(const struct field *field, enum expr_op op, struct pool *pool,
			       struct random *random)
{
	struct slice word = pick_word(field, random);
	size_t len = 1 + random_below(random, word.len);

	switch (op) {
	case EXPR_STARTSWITH: return (struct slice){ word.data, len };
	case EXPR_ENDSWITH: return (struct slice){ word.data + word.len - len, len };
	case EXPR_GLOB: return make_glob(pool, random, word);
	default: return (struct slice){ word.data + random_below(random, word.len - len + 1), len };
	}
}

/* --- trees ---------------------------------------------------------------- */

static bool is_plain(struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] < '#' || value.data[i] > '~' || value.data[i] == '\\')
			return false;
	return value.len > 0;
}

static bool is_set(enum expr_op op)
{
	return op == EXPR_IN || op == EXPR_INTERSECTS || op == EXPR_FLAGS || op == EXPR_PMATCH;
}

static void fill_values(struct expr *expr, const struct vocabulary *vocabulary, struct pool *pool,
			struct random *random)
{
	size_t n = is_set(expr->op) ? 1 + random_below(random, EXPR_VALUES_MAX) : 1;
	const struct field *field = expr->field;

	if (expr->op == EXPR_IN && !field->words &&
	    (field->type == VALUE_STRING || field->item == VALUE_STRING) &&
	    random_chance(random, 25)) {
		expr->list = (int)random_below(random, LISTS_MAX);
		expr->n_values = vocabulary->list_len[expr->list];
		for (size_t i = 0; i < expr->n_values; i++)
			expr->values[i] = vocabulary->lists[expr->list][i];
		return;
	}
	expr->n_values = n;
	for (size_t i = 0; i < n; i++) {
		expr->nums[i] = make_number(random);
		if (expr->op == EXPR_FLAGS)
			expr->nums[i] = (int64_t)1 << random_below(random, 32);
		if (field->words && expr->op <= EXPR_IN)
			expr->values[i] = pick_word(field, random);
		else if (field->words)
			expr->values[i] = word_piece(field, expr->op, pool, random);
		else if (expr->op == EXPR_PMATCH)
			expr->values[i] = make_path(random);
		else if (expr->op == EXPR_REGEX)
			make_regex(expr, pool, random, make_nonempty(pool, random));
		else if (expr->op == EXPR_GLOB)
			expr->values[i] = make_glob(pool, random, make_nonempty(pool, random));
		else if (expr->op > EXPR_IN)
			expr->values[i] = make_nonempty(pool, random);
		else
			expr->values[i] = make_string(pool, random);
	}
}

static enum expr_op pick_op(const struct field *field, int item, struct random *random)
{
	static const enum expr_op strings[] = { EXPR_IS,       EXPR_IS_NOT,    EXPR_IN,
						EXPR_CONTAINS, EXPR_ICONTAINS, EXPR_STARTSWITH,
						EXPR_ENDSWITH, EXPR_GLOB,      EXPR_IN };
	static const enum expr_op numbers[] = { EXPR_IS,	   EXPR_IS_NOT,	    EXPR_IN,
						EXPR_LESS,	   EXPR_LESS_EQUAL, EXPR_GREATER,
						EXPR_GREATER_EQUAL };
	static const enum expr_op booleans[] = { EXPR_TRUTH, EXPR_TRUTH, EXPR_IS, EXPR_IS_NOT };

	if (random_chance(random, 6))
		return EXPR_EXISTS;
	if (field->type == VALUE_LIST && item < 0 && random_chance(random, 40))
		return EXPR_INTERSECTS;
	if (field->kind == FIELD_FLAGS && random_chance(random, 50))
		return EXPR_FLAGS;
	if ((field->type == VALUE_STRING || field->item == VALUE_STRING) && !field->words &&
	    random_chance(random, 15))
		return random_chance(random, 75) ? EXPR_PMATCH : EXPR_REGEX;
	if (field->type == VALUE_LIST && field->item == VALUE_INT)
		return numbers[random_below(random, ARRAY_SIZE(numbers))];
	switch (field->type) {
	case VALUE_BOOL: return booleans[random_below(random, ARRAY_SIZE(booleans))];
	case VALUE_INT: return numbers[random_below(random, ARRAY_SIZE(numbers))];
	default: return strings[random_below(random, ARRAY_SIZE(strings))];
	}
}

/* Any field, but those that every event has more often: else hardly anything
 * is ever true. */
static const struct field *pick_field(struct random *random)
{
	static const char *const often[] = { "evt.type",      "file.path",    "file.name",
					     "proc.name",     "evt.failed",   "evt.arg.path",
					     "file.is_stdio", "proc.exepath", "user.uid",
					     "proc.phase",    "evt.rawres",   "proc.cmdline",
					     "file.fspath",   "proc.cwd",     "proc.aname" };
	const struct field *field;

	if (random_chance(random, 45))
		return field_find(slice_from(often[random_below(random, ARRAY_SIZE(often))]));
	do /* values of these are written in ways of their own */
		field = &field_table[random_below(random, field_table_len)];
	while (field->kind == FIELD_MODE || field->kind == FIELD_ADDRESS);
	return field;
}

static struct expr *new_expr(struct expr *exprs, size_t *n_exprs, enum expr_kind kind)
{
	struct expr *expr = &exprs[(*n_exprs)++];

	*expr = (struct expr){ .kind = kind, .macro = -1, .list = -1, .item = -1 };
	return expr;
}

static struct expr *make_tree(struct expr *exprs, size_t *n_exprs, unsigned int depth,
			      const struct vocabulary *vocabulary, struct pool *pool,
			      struct random *random)
{
	struct expr *expr;

	if (depth > 0 && *n_exprs + 8 < EXPRS_MAX && random_chance(random, 80)) {
		static const enum expr_kind kinds[] = { EXPR_AND, EXPR_OR, EXPR_NOT, EXPR_AND };

		expr = new_expr(exprs, n_exprs, kinds[random_below(random, ARRAY_SIZE(kinds))]);
		expr->left = make_tree(exprs, n_exprs, depth - 1, vocabulary, pool, random);
		if (expr->kind != EXPR_NOT)
			expr->right =
				make_tree(exprs, n_exprs, depth - 1, vocabulary, pool, random);
		return expr;
	}
	if (vocabulary->n_macros > 0 && random_chance(random, 20)) {
		int macro = (int)random_below(random, vocabulary->n_macros);

		expr = new_expr(exprs, n_exprs, EXPR_TEST);
		*expr = *vocabulary->macros[macro];
		expr->macro = macro;
		return expr;
	}
	expr = new_expr(exprs, n_exprs, EXPR_TEST);
	expr->field = pick_field(random);
	if (expr->field->type == VALUE_LIST && random_chance(random, 50))
		expr->item = (int)random_below(random, 4);
	expr->op = pick_op(expr->field, expr->item, random);
	expr->truth = random_chance(random, 50);
	if (expr->field->type != VALUE_BOOL && expr->op != EXPR_EXISTS)
		fill_values(expr, vocabulary, pool, random);
	return expr;
}

void condition_init(struct condition *condition, const struct vocabulary *vocabulary,
		    struct pool *pool, struct random *random)
{
	condition->n_exprs = 0;
	condition->root =
		make_tree(condition->exprs, &condition->n_exprs,
			  (unsigned int)random_below(random, 5), vocabulary, pool, random);
}

void vocabulary_init(struct vocabulary *vocabulary, struct pool *pool, struct random *random)
{
	memset(vocabulary, 0, sizeof(*vocabulary));
	for (size_t i = 0; i < LISTS_MAX; i++) {
		vocabulary->list_len[i] = 1 + random_below(random, EXPR_VALUES_MAX);
		for (size_t k = 0; k < vocabulary->list_len[i]; k++) {
			do
				vocabulary->lists[i][k] = make_string(pool, random);
			while (!is_plain(vocabulary->lists[i][k]));
		}
	}
	/* A macro may use those before it. */
	for (size_t i = 0; i < MACROS_MAX; i++) {
		size_t n = 0;

		vocabulary->macros[i] =
			make_tree(vocabulary->exprs + i * EXPRS_MAX, &n,
				  (unsigned int)random_below(random, 3), vocabulary, pool, random);
		vocabulary->n_macros = i + 1;
	}
}

/* --- text ----------------------------------------------------------------- */

void text_add(struct text *text, const char *format, ...)
{
	va_list args, again;
	int n;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert(n >= 0);
	if (text->len + (size_t)n + 1 > text->room) {
		text->room = (text->len + (size_t)n + 1) * 2;
		text->bytes = realloc(text->bytes, text->room);
		assert(text->bytes);
	}
	vsnprintf(text->bytes + text->len, (size_t)n + 1, format, again);
	va_end(again);
	text->len += (size_t)n;
}

static void text_put(struct text *text, char byte)
{
	if (text->len + 2 > text->room) {
		text->room = text->room * 2 + 256;
		text->bytes = realloc(text->bytes, text->room);
		assert(text->bytes);
	}
	text->bytes[text->len++] = byte;
	text->bytes[text->len] = '\0';
}

void text_release(struct text *text)
{
	free(text->bytes);
	*text = (struct text){ 0 };
}

void json_write(struct text *text, const char *bytes)
{
	text_put(text, '"');
	for (; *bytes; bytes++) {
		if (*bytes == '"' || *bytes == '\\')
			text_put(text, '\\');
		text_put(text, *bytes);
	}
	text_put(text, '"');
}

static bool is_bare(struct slice value)
{
	for (size_t i = 0; i < value.len; i++) {
		char byte = value.data[i];

		if (!(byte >= 'a' && byte <= 'z') && !(byte >= 'A' && byte <= 'Z') &&
		    !(byte >= '0' && byte <= '9') && !memchr("/._-:*?[]%;", byte, 11))
			return false;
	}
	return value.len > 3 && value.data[0] == '/';
}

static void write_string(struct text *text, struct slice value, bool word, struct random *random)
{
	char quote = random_chance(random, 50) ? '\'' : '"';

	if (word || (is_bare(value) && random_chance(random, 50))) {
		text_add(text, "%.*s", (int)value.len, value.data);
		return;
	}
	text_put(text, quote);
	for (size_t i = 0; i < value.len; i++) {
		unsigned char byte = (unsigned char)value.data[i];

		if (byte < ' ' || byte > '~') {
			text_add(text, "\\x%02x", byte);
			continue;
		}
		if (byte == (unsigned char)quote || byte == '\\')
			text_put(text, '\\');
		text_put(text, (char)byte);
	}
	text_put(text, quote);
}

static void write_value(struct text *text, const struct expr *expr, size_t i, struct random *random)
{
	int64_t num = expr->nums[i];

	if (expr->op == EXPR_REGEX)
		i = 1;
	if (expr->field->type == VALUE_STRING || expr->field->item == VALUE_STRING) {
		write_string(text, expr->values[i], expr->field->words && expr->op <= EXPR_IN,
			     random);
		return;
	}
	if (num >= 0 && random_chance(random, 20))
		text_add(text, "0x%" PRIx64, (uint64_t)num);
	else if (num >= 0 && random_chance(random, 20))
		text_add(text, "0o%" PRIo64, (uint64_t)num);
	else
		text_add(text, "%" PRId64, num);
}

static void write_test(struct text *text, const struct expr *expr, struct random *random)
{
	static const char *const words[EXPR_OP_MAX] = {
		"",	     "exists",	   "=",		 "!=",	       "<",	 "<=",
		">",	     ">=",	   "intersects", "intersects", "in",	 "contains",
		"icontains", "startswith", "endswith",	 "glob",       "pmatch", "regex",
	};

	text_add(text, "%s", expr->field->name);
	if (expr->item >= 0) /* [0] can be the process itself */
		text_add(text, "[%d]", expr->item + (expr->field->self ? 1 : 0));
	if (expr->op == EXPR_TRUTH)
		return;
	text_add(text, " %s", words[expr->op]);
	if (expr->op == EXPR_EXISTS)
		return;
	text_add(text, is_set(expr->op) ? " (" : " ");
	if (expr->field->type == VALUE_BOOL)
		text_add(text, "%s", expr->truth ? "true" : "false");
	else if (expr->list >= 0)
		text_add(text, "zz_list_%d", expr->list);
	for (size_t i = 0; i < expr->n_values && expr->list < 0; i++) {
		text_add(text, "%s", i > 0 ? ", " : "");
		write_value(text, expr, i, random);
	}
	if (is_set(expr->op))
		text_add(text, ")");
}

/* Brackets where the language needs them, and sometimes where it does not. */
static void write_below(struct text *text, const struct expr *expr, enum expr_kind above,
			struct random *random)
{
	bool simple = expr->kind == EXPR_TEST || expr->kind == EXPR_NOT || expr->macro >= 0 ||
		      (expr->kind == EXPR_AND && above != EXPR_NOT) ||
		      (expr->kind == EXPR_OR && above == EXPR_OR);

	if (simple && random_chance(random, 80)) {
		expr_write(text, expr, random);
		return;
	}
	text_add(text, "(");
	expr_write(text, expr, random);
	text_add(text, ")");
}

static void write_expanded(struct text *text, const struct expr *expr, struct random *random)
{
	switch (expr->kind) {
	case EXPR_TEST: write_test(text, expr, random); return;
	case EXPR_NOT:
		text_add(text, "not ");
		write_below(text, expr->left, EXPR_NOT, random);
		return;
	case EXPR_AND:
	case EXPR_OR:
		write_below(text, expr->left, expr->kind, random);
		text_add(text, expr->kind == EXPR_AND ? " and " : " or ");
		write_below(text, expr->right, expr->kind, random);
		return;
	}
}

void expr_write(struct text *text, const struct expr *expr, struct random *random)
{
	if (expr->macro >= 0)
		text_add(text, "zz_macro_%d", expr->macro);
	else
		write_expanded(text, expr, random);
}

void vocabulary_write(struct text *text, const struct vocabulary *vocabulary, struct random *random)
{
	text_add(text, "\"macros\":{");
	for (size_t i = 0; i < vocabulary->n_macros; i++) {
		struct text macro = { 0 };

		write_expanded(&macro, vocabulary->macros[i], random);
		text_add(text, "%s\"zz_macro_%zu\":", i > 0 ? "," : "", i);
		json_write(text, macro.bytes);
		text_release(&macro);
	}
	text_add(text, "},\"lists\":{");
	for (size_t i = 0; i < LISTS_MAX; i++) {
		text_add(text, "%s\"zz_list_%zu\":[", i > 0 ? "," : "", i);
		for (size_t k = 0; k < vocabulary->list_len[i]; k++)
			text_add(text, "%s\"%.*s\"", k > 0 ? "," : "",
				 (int)vocabulary->lists[i][k].len, vocabulary->lists[i][k].data);
		text_add(text, "]");
	}
	text_add(text, "},");
}
