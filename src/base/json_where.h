/* SPDX-License-Identifier: Apache-2.0 */
/* From a value to its line and column. jansson keeps no positions, so the
 * place of a value is looked up in the text, by its path, when an error has
 * to be told. The text has been parsed before: it is valid JSON. What is not is
 * read within its bounds all the same. */
#ifndef BW_BASE_JSON_WHERE_H
#define BW_BASE_JSON_WHERE_H

#include "base/base.h"

/* Path to a value; frames live on the stack. At most 12 steps are followed. */
struct json_at {
	const struct json_at *up; /* NULL: in the top-level value */
	const char *key;	  /* NULL: an array's element `index` */
	size_t index;
};

/* Offset where the value, or its key, begins; where the nearest thing around it
 * does when it is not there. `at` NULL: the top-level value. */
size_t json_find(struct slice text, const struct json_at *at, bool want_key);

/* Offset of byte `pos` of the string that begins with the quote at `i`. */
size_t json_find_in_string(struct slice text, size_t i, size_t pos);

/* Offset behind the white space, or the value, that begins at `i`. */
size_t json_skip_space(struct slice text, size_t i);
size_t json_skip_value(struct slice text, size_t i);

/* False when the program has rights that who started it has not (file
 * capabilities): then messages show nothing of what is in a file, which that
 * user might be unable to read. */
bool text_may_be_shown(void);

/* An offset as people count. */
struct text_place {
	unsigned int line, column; /* from 1 */
	char excerpt[160];	   /* the line, without control characters; "" if it may not be shown */
	unsigned int caret;	   /* column within excerpt, from 1; 0: none */
};
void text_place_find(struct slice text, size_t offset, struct text_place *ret);

#endif
