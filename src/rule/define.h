/* SPDX-License-Identifier: Apache-2.0 */
/* What the define*.c files share: walking parsed JSON with the place of each
 * value at hand, so that every refusal can point at it. */
#ifndef BW_RULE_DEFINE_H
#define BW_RULE_DEFINE_H

#include "rule/internal.h"
#include "rule/keys.h"

/* A member of an object, and the path that messages need. */
struct member {
	struct json_at at;
	struct place place;
};

/* NULL when there is none; `ret` may be used for messages all the same. */
json_t *find_member(const struct place *object, const char *key, struct member *ret);
void find_element(const struct place *array, size_t i, struct member *ret);

/* An object, with no other keys than those of the table. */
int check_keys(struct loader *loader, const struct place *object, const struct key_spec *known);

int take_string(struct loader *loader, const struct place *object, const char *key,
		const char **ret);

/* A string of the file into the set. */
int keep_string(struct loader *loader, const struct place *place, const char **ret);
/* An array of strings; an empty one when the key is missing and not required. */
int take_strings(struct loader *loader, const struct place *object, const char *key, bool required,
		 const char *const **ret);
/* Is the id, of the right form, one of MITRE ATT&CK? If not: the nearest, or "". */
bool mitre_is_known(const char *id, char *ret_hint, size_t hint_size);
#define MITRE_VERSION "18.0"
/* A value of a list, as it would be written in a condition. */
int keep_item(struct loader *loader, const struct place *place, struct slice *ret);

/* "60s", "500ms": nanoseconds, more than none. */
int take_duration(struct loader *loader, const struct place *object, const char *key,
		  uint64_t *ret_ns);

/* A field by its name in the string at `place`. */
int take_field(struct loader *loader, const struct place *place, const struct field **ret);

/* An array of field names. */
int take_by(struct loader *loader, const struct place *array, struct key *key);

/* The rule's condition and its sequence; it has one. */
int define_sequence(struct loader *loader, const struct place *object, struct rule *rule);

/* A tree to a program, refused if it is never true or always. */
int compile_checked(struct loader *loader, const struct place *place, const struct node *root,
		    bool exception, struct program *ret);

/* Parts of a rule, each from the key of its name. Those of overrides too: what
 * was there before is replaced, but exceptions are added to. */
int define_enabled(struct loader *loader, const struct place *object, struct rule *rule);
int define_priority(struct loader *loader, const struct place *object, struct rule *rule);
int define_condition(struct loader *loader, const struct place *object, struct rule *rule);
int define_output(struct loader *loader, const struct place *object, struct rule *rule);
int define_exceptions(struct loader *loader, const struct place *object, struct rule *rule);
/* The fields that the rule names, once all of it is settled. */
int collect_fields(struct loader *loader, struct rule *rule);
int define_threshold(struct loader *loader, const struct place *object, struct rule *rule);
int define_suppress(struct loader *loader, const struct place *object, struct rule *rule);
int define_tests(struct loader *loader, const struct place *object, struct rule *rule);

#endif
