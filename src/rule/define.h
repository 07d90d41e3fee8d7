/* SPDX-License-Identifier: Apache-2.0 */
/* What the define*.c files share: walking parsed JSON with the place of each
 * value at hand, so that every refusal can point at it. */
#ifndef BW_RULE_DEFINE_H
#define BW_RULE_DEFINE_H

#include "rule/internal.h"

/* A member of an object, and the path that messages need. */
struct member {
	struct at at;
	struct place place;
};

/* NULL when there is none; `ret` may be used for messages all the same. */
json_t *find_member(const struct place *object, const char *key, struct member *ret);
void find_element(const struct place *array, size_t i, struct member *ret);

/* No other keys than `known`, which ends in NULL. */
int check_keys(struct loader *loader, const struct place *object, const char *const *known);

int take_string(struct loader *loader, const struct place *object, const char *key,
		const char **ret);

/* "60s", "500ms": nanoseconds, more than none. */
int take_duration(struct loader *loader, const struct place *object, const char *key,
		  uint64_t *ret_ns);

/* A field by its name in the string at `place`. */
int take_field(struct loader *loader, const struct place *place, const struct field **ret);

/* An array of field names. */
int take_by(struct loader *loader, const struct place *array, struct key *key);

/* The rule's condition and its sequence; it has one. */
int define_sequence(struct loader *loader, const struct place *object, struct rule *rule);
int define_threshold(struct loader *loader, const struct place *object, struct rule *rule);
int define_suppress(struct loader *loader, const struct place *object, struct rule *rule);
int define_tests(struct loader *loader, const struct place *object, struct rule *rule);

#endif
