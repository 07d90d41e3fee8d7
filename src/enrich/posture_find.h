/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files that judge. Private to them. */
#ifndef BW_ENRICH_POSTURE_FIND_H
#define BW_ENRICH_POSTURE_FIND_H

#include <jansson.h>

#include "enrich/posture.h"

#define POSTURE_ITEMS_MAX 1024u /* of any list of a file */

void posture_set(struct posture *posture, enum posture_check check);

/* With what it is about, each text once; cut at POSTURE_DETAIL_MAX. */
__attribute__((format(printf, 3, 4))) void
posture_find(struct posture *posture, enum posture_check check, const char *format, ...);

/* "CAP_..." names; those beyond the default set of the engines are findings. */
void posture_add_capabilities(const json_t *names, struct posture *posture);
void posture_add_capability(unsigned int cap, struct posture *posture);

void posture_add_device(const char *path, bool is_block, json_int_t major, struct posture *posture);

/* A file or directory of the host, mounted. */
void posture_add_bind(struct posture *posture, const char *source, bool writable);

/* What follows from all of it together. */
void posture_judge_privileged(struct posture *posture, bool all_devices);
void posture_judge_volumes(struct posture *posture);

#endif
