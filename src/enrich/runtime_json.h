/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BW_ENRICH_RUNTIME_JSON_H
#define BW_ENRICH_RUNTIME_JSON_H

#include <jansson.h>

#include "base/base.h"

/* An object or array out of hostile bytes, of at most RUNTIME_FILE_MAX, with
 * depth and memory bounded. Strings may have NULs inside. *ret is the caller's,
 * to be given to json_decref(). -EBADMSG, -EFBIG, -ENOMEM. */
int runtime_json_read(struct slice json, json_t **ret);

#endif
