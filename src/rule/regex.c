/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions, matched by PCRE2's pcre2_dfa_match(): it follows all ways
 * through a pattern at once and never goes back. Left to itself it is not linear,
 * for two reasons that are taken away here. It begins anew at each byte of the
 * text: a pattern gets "any bytes" before it, and one pass suffices. And it counts
 * how often the x of x+ was met, so that ways which differ in that alone are kept
 * apart, as many as there are bytes: x+ is written xx*, x{3,} is x{3}x*.
 *
 * What such a match cannot do (looking around, references, recursion) is refused,
 * as is all syntax that is not known here: what is let through closes its
 * brackets, and its size is known. */
#include "rule/internal.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define DEPTH_MAX 32	     /* groups within each other */
#define REPEATED_MAX 128     /* of these, by {n,m}: ways that differ in the count only */
#define STATES_MAX 256	     /* characters of a pattern, repeats written out */
#define WORKSPACE_INTS 24576 /* 4096 states of PCRE2: several for each of ours */
#define PREFIX "(?s:.*)(?:"

/* Written by each match; the code itself is not. */
static _Thread_local int workspace[WORKSPACE_INTS];

struct regex {
	pcre2_code *code;
	pcre2_match_data *data; /* one match at a time */
	pcre2_match_context *limits;
};

/* --- what is let through ------------------------------------------------- */

struct scan {
	struct slice text;
	char *out;		   /* the pattern as it is compiled */
	size_t pos, atom, out_len; /* atom: where the last one begins; SIZE_MAX: a group */
	const char *wrong;
	bool alternatives;		    /* a | outside all groups */
	size_t states[DEPTH_MAX + 1], last; /* of each open group; of the last atom */
	size_t repeated;
	unsigned int depth;
};

static bool peek(const struct scan *scan, size_t ahead, char byte)
{
	return scan->pos + ahead < scan->text.len && scan->text.data[scan->pos + ahead] == byte;
}

static bool refuse(struct scan *scan, const char *wrong)
{
	scan->wrong = wrong;
	return false;
}

static bool is_alnum(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= 'A' && byte <= 'Z');
}

static bool is_hex(char byte)
{
	return is_alnum(byte) && (byte | 0x20) <= 'f';
}

/* Behind a backslash, which *pos is at. */
static bool scan_escape(struct scan *scan, bool in_class)
{
	const char *known = in_class ? "dDwWsSnrtfe" : "dDwWsSbBAznrtfe";
	char byte;

	if (scan->pos + 1 >= scan->text.len)
		return refuse(scan, "a single backslash at the end");
	byte = scan->text.data[scan->pos + 1];
	if (byte == 'x') {
		if (scan->pos + 3 >= scan->text.len || !is_hex(scan->text.data[scan->pos + 2]) ||
		    !is_hex(scan->text.data[scan->pos + 3]))
			return refuse(scan, "\\x wants two hexadecimal digits");
		scan->pos += 4;
		return true;
	}
	if (byte >= '1' && byte <= '9')
		return refuse(scan, "references back to a group are not supported: "
				    "they would need backtracking");
	if (is_alnum(byte) && !strchr(known, byte))
		return refuse(scan, "unknown escape; known are \\d \\D \\w \\W \\s \\S \\b \\B \\A "
				    "\\z \\n \\r \\t \\f \\e \\xHH, and \\ before punctuation");
	scan->pos += 2;
	return true;
}

static bool scan_class(struct scan *scan)
{
	size_t start = scan->pos;

	scan->pos++;
	if (peek(scan, 0, '^'))
		scan->pos++;
	if (peek(scan, 0, ']'))
		scan->pos++;
	while (scan->pos < scan->text.len && !peek(scan, 0, ']')) {
		if (peek(scan, 0, '\\')) {
			if (!scan_escape(scan, true))
				return false;
		} else if (peek(scan, 0, '[') && (peek(scan, 1, '.') || peek(scan, 1, '='))) {
			return refuse(scan, "[. and [= are not supported");
		} else if (peek(scan, 0, '[') && peek(scan, 1, ':')) {
			const char *end = memmem(scan->text.data + scan->pos,
						 scan->text.len - scan->pos, ":]", 2);

			scan->pos = end ? (size_t)(end - scan->text.data) + 2 : scan->pos + 1;
		} else {
			scan->pos++;
		}
	}
	if (scan->pos >= scan->text.len) {
		scan->pos = start;
		return refuse(scan, "this set is not closed, ']' is missing");
	}
	scan->pos++;
	return true;
}

/* (?: and (?i: and (?i) are known; the others look around, or worse. */
static bool scan_open(struct scan *scan)
{
	size_t ahead = 2;

	if (peek(scan, 1, '*'))
		return refuse(scan, "(*...) is not supported");
	if (peek(scan, 1, '?')) {
		if (peek(scan, 2, '=') || peek(scan, 2, '!') || peek(scan, 2, '<'))
			return refuse(scan,
				      "looking ahead or behind is not supported, nor are named "
				      "groups: they would need backtracking");
		if (peek(scan, 2, '>'))
			return refuse(scan, "atomic groups are not supported");
		if (peek(scan, 2, 'R') || peek(scan, 2, '&') || peek(scan, 2, 'P') ||
		    peek(scan, 2, '+') ||
		    (scan->pos + 2 < scan->text.len && scan->text.data[scan->pos + 2] >= '0' &&
		     scan->text.data[scan->pos + 2] <= '9'))
			return refuse(scan, "recursion and named groups are not supported");
		ahead += peek(scan, 2, 'i');
		if (ahead == 3 && peek(scan, 3, ')')) {
			scan->pos += 4;
			scan->last = 0;
			return true;
		}
		if (!peek(scan, ahead, ':'))
			return refuse(scan, "of (?...) only (?:...), (?i:...) and (?i) are known");
		ahead++;
	} else {
		ahead = 1;
	}
	if (++scan->depth > DEPTH_MAX)
		return refuse(scan, "groups nest deeper than 32");
	scan->states[scan->depth] = 0;
	scan->last = 0;
	scan->pos += ahead;
	return true;
}

/* Add the last atom to its group, `times` over. */
static bool take_last(struct scan *scan, size_t times)
{
	scan->states[scan->depth] += scan->last * times;
	scan->last = 0;
	if (scan->states[scan->depth] > STATES_MAX)
		return refuse(scan, "with its repeats written out this pattern is longer than 256");
	return true;
}

static bool scan_close(struct scan *scan)
{
	if (scan->depth == 0)
		return refuse(scan, "this bracket was never opened");
	if (!take_last(scan, 1))
		return false;
	scan->last = scan->states[scan->depth--];
	scan->pos++;
	return true;
}

static size_t read_count(struct scan *scan, size_t *pos)
{
	size_t n = 0, digits = 0;

	while (*pos < scan->text.len && scan->text.data[*pos] >= '0' &&
	       scan->text.data[*pos] <= '9' && digits < 6) {
		n = n * 10 + (size_t)(scan->text.data[(*pos)++] - '0');
		digits++;
	}
	return digits ? n : SIZE_MAX;
}

/* {n}, {n,}, {n,m}; anything else is text, as in PCRE2. False: it is text. */
static bool read_braces(struct scan *scan, size_t *ret_times, size_t *ret_end, bool *ret_open)
{
	size_t pos = scan->pos + 1, low = read_count(scan, &pos), high = low;

	*ret_open = false;

	if (low == SIZE_MAX || pos >= scan->text.len)
		return false;
	if (scan->text.data[pos] == ',') {
		pos++;
		high = read_count(scan, &pos);
		*ret_open = high == SIZE_MAX;
		if (*ret_open)
			high = low + 1;
	}
	if (pos >= scan->text.len || scan->text.data[pos] != '}')
		return false;
	*ret_times = high;
	*ret_end = pos + 1;
	return true;
}

static void put(struct scan *scan, size_t start, size_t end)
{
	memcpy(scan->out + scan->out_len, scan->text.data + start, end - start);
	scan->out_len += end - start;
}

/* The repeat at scan->pos, before `end`; `open`: it has no upper bound. */
static void put_repeat(struct scan *scan, size_t end, bool open)
{
	size_t start = scan->pos;

	if (!open || scan->atom == SIZE_MAX || scan->text.data[start] == '*') {
		put(scan, start, end);
		return;
	}
	if (scan->text.data[start] == '{') { /* without the comma */
		put(scan, start, end - 2);
		put(scan, end - 1, end);
	}
	put(scan, scan->atom, start);
	scan->out[scan->out_len++] = '*';
}

static bool scan_repeat(struct scan *scan, size_t times, size_t end, bool open)
{
	if (scan->text.data[scan->pos] == '{' && times > 1)
		scan->repeated += scan->last * times;
	if (scan->repeated > REPEATED_MAX || times > REPEATED_MAX)
		return refuse(scan, "counted repeats {n,m} make more than 128 characters in all; "
				    "use * or + where the count does not matter");
	if (!take_last(scan, times > 0 ? times : 1))
		return false;
	put_repeat(scan, end, open);
	scan->pos = end;
	if (peek(scan, 0, '+'))
		return refuse(scan, "possessive repeats (*+ ++ ?+) are not supported");
	if (peek(scan, 0, '?')) /* as few as can be: the answer is the same */
		scan->pos++;
	return true;
}

static bool scan_atom(struct scan *scan)
{
	switch (scan->text.data[scan->pos]) {
	case '\\': return scan_escape(scan, false);
	case '[': return scan_class(scan);
	case '(': return scan_open(scan);
	case ')': return scan_close(scan);
	case '|': scan->alternatives |= scan->depth == 0; break;
	default: break;
	}
	scan->pos++;
	return true;
}

static bool scan_one(struct scan *scan)
{
	char byte = scan->text.data[scan->pos];
	size_t times, end, start = scan->pos;
	bool open;

	if (byte == '*' || byte == '+' || byte == '?')
		return scan_repeat(scan, byte == '+' ? 2 : 1, scan->pos + 1, byte != '?');
	if (byte == '{' && read_braces(scan, &times, &end, &open))
		return scan_repeat(scan, times, end, open);
	if (!take_last(scan, 1))
		return false;
	scan->last = byte != ')';
	if (!scan_atom(scan))
		return false;
	scan->atom = byte == '(' || byte == ')' ? SIZE_MAX : start;
	put(scan, start, scan->pos);
	return true;
}

static bool scan_pattern(struct scan *scan)
{
	while (scan->pos < scan->text.len) {
		if (!scan_one(scan))
			return false;
	}
	if (scan->depth > 0)
		return refuse(scan, "a bracket is not closed");
	return take_last(scan, 1);
}

/* --- compiling ------------------------------------------------------------ */

static void *take_memory(size_t size, void *arena)
{
	return arena_alloc(arena, size);
}

static void keep_memory(void *p, void *arena)
{
	(void)p; /* the arena frees all at once */
	(void)arena;
}

static int set_up(struct regex *regex, pcre2_general_context *memory)
{
	regex->data = pcre2_match_data_create(1, memory);
	regex->limits = pcre2_match_context_create(memory);
	if (!regex->data || !regex->limits)
		return -ENOMEM;
	/* One pass, one call, no memory of its own. */
	pcre2_set_match_limit(regex->limits, 8);
	pcre2_set_depth_limit(regex->limits, 8);
	pcre2_set_heap_limit(regex->limits, 0);
	return 0;
}

static int compile_text(struct regex *regex, pcre2_general_context *memory, struct slice text,
			size_t *ret_pos)
{
	const uint32_t options = PCRE2_ANCHORED | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY |
				 PCRE2_NO_AUTO_CAPTURE | PCRE2_NO_AUTO_POSSESS | PCRE2_NEVER_UTF |
				 PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C;
	pcre2_compile_context *context = pcre2_compile_context_create(memory);
	PCRE2_SIZE pos = 0;
	int error = 0;

	if (!context)
		return -ENOMEM;
	pcre2_set_parens_nest_limit(context, DEPTH_MAX + 2);
	regex->code =
		pcre2_compile((PCRE2_SPTR)text.data, text.len, options, &error, &pos, context);
	*ret_pos = pos;
	return regex->code ? 0 : error;
}

static const char *error_text(struct arena *arena, int error)
{
	char *text = arena_alloc(arena, 128);

	if (!text || pcre2_get_error_message(error, (PCRE2_UCHAR *)text, 128) <= 0)
		return "this is no regular expression";
	return text;
}

static bool begins_at_start(const struct scan *scan)
{
	return scan->text.len > 0 && scan->text.data[0] == '^' && !scan->alternatives;
}

int regex_new(struct arena *arena, struct slice pattern, const struct regex **ret, size_t *ret_pos,
	      const char **ret_why)
{
	pcre2_general_context *memory =
		pcre2_general_context_create(take_memory, keep_memory, arena);
	struct regex *regex = arena_alloc(arena, sizeof(*regex));
	/* A repeat writes its atom once more, and at most one byte of its own. */
	char *text = arena_alloc(arena, 3 * pattern.len + sizeof(PREFIX) + 1);
	struct scan scan = { .text = pattern };
	int r;

	if (!memory || !regex || !text || set_up(regex, memory) < 0)
		return -ENOMEM;
	scan.out = text + sizeof(PREFIX) - 1;
	if (!scan_pattern(&scan)) {
		*ret_pos = scan.pos;
		*ret_why = scan.wrong;
		return -EINVAL;
	}
	/* As it was written first: for what is wrong, and where. */
	r = compile_text(regex, memory, pattern, ret_pos);
	if (r == 0 && begins_at_start(&scan)) {
		r = compile_text(regex, memory, (struct slice){ scan.out, scan.out_len }, ret_pos);
	} else if (r == 0) {
		memcpy(text, PREFIX, sizeof(PREFIX) - 1);
		scan.out[scan.out_len] = ')';
		r = compile_text(regex, memory,
				 (struct slice){ text, sizeof(PREFIX) + scan.out_len }, ret_pos);
	}
	if (r == -ENOMEM)
		return r;
	if (r != 0) {
		*ret_why = error_text(arena, r);
		return -EINVAL;
	}
	*ret = regex;
	return 0;
}

enum truth regex_match(const struct regex *regex, struct slice text)
{
	int r;

	r = pcre2_dfa_match(regex->code, (PCRE2_SPTR)(text.data ? text.data : ""), text.len, 0,
			    PCRE2_DFA_SHORTEST, regex->data, regex->limits, workspace,
			    WORKSPACE_INTS);
	if (r >= 0)
		return TRUTH_TRUE;
	return r == PCRE2_ERROR_NOMATCH ? TRUTH_FALSE : TRUTH_UNKNOWN;
}
