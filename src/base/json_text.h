/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BW_BASE_JSON_TEXT_H
#define BW_BASE_JSON_TEXT_H

#include <jansson.h>

/* A JSON string of any text: where it is not valid UTF-8, for which jansson
 * makes nothing at all, its bytes beyond ASCII become '?'. For messages and
 * names of files; what alerts say goes through the sink's encoder instead,
 * which loses nothing. NULL when there is no memory. */
json_t *json_from_text(const char *text);

#endif
