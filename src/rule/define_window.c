/* SPDX-License-Identifier: Apache-2.0 */
/* How often, and how often told: "threshold" and "suppress" of a rule. */
#include "rule/define.h"

/* "60s", "500ms", "2h" */
static bool parse_duration(const char *text, uint64_t *ret_ns)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 },
	};
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 9)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		uint64_t ms = strtoull(text, NULL, 10) * units[i].ms;

		if (strcmp(text + digits, units[i].unit) != 0)
			continue;
		*ret_ns = ms * 1000000;
		return ms > 0 && ms <= DURATION_MS_MAX;
	}
	return false;
}

int take_duration(struct loader *loader, const struct place *object, const char *key,
		  uint64_t *ret_ns)
{
	struct member member;

	if (!find_member(object, key, &member))
		return fail_at(loader, object, "key '%s' is missing", key);
	if (!json_is_string(member.place.json) ||
	    !parse_duration(json_string_value(member.place.json), ret_ns))
		return fail_at(loader, &member.place,
			       "expected a duration as \"60s\" (ms, s, m, h, d), at most a year");
	return 0;
}

int take_field(struct loader *loader, const struct place *place, const struct field **ret)
{
	const struct field *field;
	struct slice name;

	if (!json_is_string(place->json))
		return fail_at(loader, place, "expected a field name");
	name = slice_from(json_string_value(place->json));
	field = field_find(name);
	if (!field)
		return fail_at(loader, place, "unknown field '%.60s'%s", name.data,
			       hint_from(field_suggest(name)).text);
	*ret = field;
	return 0;
}

int take_by(struct loader *loader, const struct place *array, struct key *key)
{
	size_t n = json_array_size(array->json);
	struct member element;
	int r;

	if (!json_is_array(array->json) || n == 0)
		return fail_at(loader, array, "expected an array of field names");
	key->by = arena_alloc(&loader->set->arena, n * sizeof(*key->by));
	if (!key->by)
		return fail_memory(loader);
	for (; key->n_by < n; key->n_by++) {
		find_element(array, key->n_by, &element);
		r = take_field(loader, &element.place, &key->by[key->n_by]);
		if (r < 0)
			return r;
		for (size_t i = 0; i < key->n_by; i++) {
			if (key->by[i] == key->by[key->n_by])
				return fail_at(loader, &element.place, "'%s' is named twice",
					       key->by[i]->name);
		}
	}
	return 0;
}

static int take_count(struct loader *loader, const struct place *object, uint32_t *ret)
{
	struct member member;

	if (!find_member(object, "count", &member))
		return fail_at(loader, object, "key 'count' is missing");
	if (!json_is_integer(member.place.json) || json_integer_value(member.place.json) < 2 ||
	    json_integer_value(member.place.json) > THRESHOLD_COUNT_MAX)
		return fail_at(loader, &member.place, "expected a whole number from 2 to %u",
			       THRESHOLD_COUNT_MAX);
	*ret = (uint32_t)json_integer_value(member.place.json);
	return 0;
}

int define_threshold(struct loader *loader, const struct place *object, struct rule *rule)
{
	struct threshold *threshold = &rule->threshold;
	struct member member, part;
	int r;

	if (!find_member(object, "threshold", &member))
		return 0;
	*threshold = (struct threshold){ 0 };
	if (json_is_null(member.place.json))
		return 0;
	r = check_keys(loader, &member.place, threshold_keys);
	if (r == 0)
		r = take_count(loader, &member.place, &threshold->count);
	if (r == 0)
		r = take_duration(loader, &member.place, "within", &threshold->within_ns);
	if (r == 0 && find_member(&member.place, "distinct", &part))
		r = take_field(loader, &part.place, &threshold->distinct);
	if (r < 0)
		return r;
	if (!find_member(&member.place, "by", &part))
		return fail_at(loader, &member.place, "key 'by' is missing");
	r = take_by(loader, &part.place, &threshold->key);
	for (size_t i = 0; r == 0 && i < threshold->key.n_by; i++) {
		if (threshold->key.by[i] == threshold->distinct)
			return fail_at(loader, &part.place,
				       "'%s' is counted: by it, there is never more than one",
				       threshold->distinct->name);
	}
	return r;
}

int define_suppress(struct loader *loader, const struct place *object, struct rule *rule)
{
	struct member member, part;
	int r;

	if (!find_member(object, "suppress", &member))
		return 0;
	rule->suppress_ns = 0;
	rule->suppress_key = (struct key){ 0 };
	if (json_is_null(member.place.json))
		return 0;
	r = check_keys(loader, &member.place, suppress_keys);
	if (r == 0)
		r = take_duration(loader, &member.place, "for", &rule->suppress_ns);
	if (r < 0)
		return r;
	if (!find_member(&member.place, "by", &part))
		return fail_at(loader, &member.place, "key 'by' is missing");
	return take_by(loader, &part.place, &rule->suppress_key);
}
