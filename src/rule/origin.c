/* SPDX-License-Identifier: Apache-2.0 */
/* What a load leaves behind beside its rules: what was changed and by whom,
 * what was switched off, what is doubtful. */
#include "rule/internal.h"

#include <stdarg.h>
#include <stdio.h>

#define CHANGES_MAX 65536u /* that overrides may make; each is kept */
#define SHOWN_MAX 1024u	   /* bytes of a value that are kept to be shown */

static const char *keep_shown(struct loader *loader, const char *text)
{
	struct slice bytes = slice_from(text);
	char *copy;

	if (bytes.len <= SHOWN_MAX)
		return arena_copy(&loader->set->arena, bytes);
	for (bytes.len = SHOWN_MAX - 3; ((unsigned char)text[bytes.len] & 0xc0) == 0x80;)
		bytes.len--; /* not within a character */
	copy = arena_alloc(&loader->set->arena, bytes.len + 4);
	if (copy)
		snprintf(copy, bytes.len + 4, "%.*s...", (int)bytes.len, text);
	return copy;
}

int note_origin(struct loader *loader, const struct rule_origin *origin)
{
	struct rule_set *set = loader->set;
	struct rule_origin kept = *origin, *more;

	if (set->n_origins >= CHANGES_MAX)
		return fail_file(loader, origin->file, EINVAL,
				 "overrides make more than %u changes", CHANGES_MAX);
	kept.subject = keep_shown(loader, origin->subject);
	kept.what = keep_shown(loader, origin->what);
	kept.old_value = keep_shown(loader, origin->old_value);
	kept.new_value = keep_shown(loader, origin->new_value);
	kept.file = keep_shown(loader, origin->file);
	kept.reason = keep_shown(loader, origin->reason);
	if (!kept.subject || !kept.what || !kept.old_value || !kept.new_value || !kept.file ||
	    !kept.reason)
		return fail_memory(loader);
	if (set->n_origins == set->origins_room) {
		size_t room = set->origins_room ? set->origins_room * 2 : 16;

		more = reallocarray(set->origins, room, sizeof(*more));
		if (!more)
			return fail_memory(loader);
		set->origins = more;
		set->origins_room = room;
	}
	set->origins[set->n_origins++] = kept;
	return 0;
}

/* --- warnings ----------------------------------------------------------- */

static int keep_warning(struct loader *loader, const struct parse_error *warning)
{
	struct rule_set *set = loader->set;

	if (set->n_warnings >= WARNINGS_MAX)
		return 0;
	if (!set->warnings)
		set->warnings = calloc(WARNINGS_MAX, sizeof(*set->warnings));
	if (!set->warnings)
		return fail_memory(loader);
	set->warnings[set->n_warnings++] = *warning;
	if (set->n_warnings == WARNINGS_MAX)
		snprintf(set->warnings[WARNINGS_MAX - 1].message, sizeof(set->warnings[0].message),
			 "%u warnings and more: the rest is not told", WARNINGS_MAX - 1);
	return 0;
}

/* As an error is told, but into the list. */
static int warn(struct loader *loader, const struct place *place, bool at_key, const char *message)
{
	struct parse_error warning, *err = loader->err;

	if (loader->set->n_warnings >= WARNINGS_MAX)
		return 0;
	loader->err = &warning;
	if (at_key)
		tell_key(loader, place, "%s", message);
	else
		tell_at(loader, place, "%s", message);
	loader->err = err;
	return keep_warning(loader, &warning);
}

int warn_at(struct loader *loader, const struct place *place, const char *format, ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return warn(loader, place, false, message);
}

int warn_key(struct loader *loader, const struct place *place, const char *format, ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return warn(loader, place, true, message);
}

/* --- what others ask ---------------------------------------------------- */

size_t rule_set_warnings(const struct rule_set *set, const struct parse_error **ret)
{
	*ret = set->warnings;
	return set->n_warnings;
}

size_t rule_set_origins(const struct rule_set *set, const struct rule_origin **ret)
{
	*ret = set->origins;
	return set->n_origins;
}

size_t rule_set_disabled(const struct rule_set *set, const struct rule *const **ret)
{
	*ret = (const struct rule *const *)set->disabled;
	return set->n_disabled;
}
