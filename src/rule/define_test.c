/* SPDX-License-Identifier: Apache-2.0 */
/* A rule's own tests: events made up of fields and values. */
#include "rule/define.h"

#include "base/suggest.h"

static int check_item(struct loader *loader, const struct place *place, const struct field *field,
		      struct slice item)
{
	struct suggest suggest = { NULL, 0 };
	size_t i = 0;

	if (!field->words)
		return 0;
	while (field->words[i] && !slice_eq(item, slice_from(field->words[i])))
		suggest_offer(&suggest, item, field->words[i++]);
	if (field->words[i])
		return 0;
	return fail_at(loader, place, "%s is never '%.*s'%s", field->name,
		       item.len > 60 ? 60 : (int)item.len, item.data, hint_from(suggest.best).text);
}

/* "mnt,pid": as it is printed. */
static int split_items(struct loader *loader, const struct place *place, const struct field *field,
		       struct made_value *value)
{
	struct slice *items = arena_alloc(&loader->set->arena, VALUE_ITEMS_MAX * sizeof(*items));
	struct slice text = { json_string_value(place->json), json_string_length(place->json) };
	const char *copy = arena_copy(&loader->set->arena, text), *comma;
	size_t start = 0, len;
	int r;

	if (!items || !copy)
		return fail_memory(loader);
	do {
		comma = memchr(copy + start, ',', text.len - start);
		len = comma ? (size_t)(comma - copy) - start : text.len - start;
		if (value->n_items >= VALUE_ITEMS_MAX)
			return fail_at(loader, place, "a list has at most %d items",
				       VALUE_ITEMS_MAX);
		items[value->n_items] = (struct slice){ copy + start, len };
		r = check_item(loader, place, field, items[value->n_items]);
		if (r < 0)
			return r;
		value->n_items++;
		start += len + 1;
	} while (comma);
	value->items = items;
	return 0;
}

static int make_item(struct loader *loader, const struct place *place, const struct field *field,
		     int64_t *num, struct slice *item)
{
	if (field->item == VALUE_INT) {
		*num = json_integer_value(place->json);
		return json_is_integer(place->json) ?
			       0 :
			       fail_at(loader, place, "expected a whole number");
	}
	if (!json_is_string(place->json))
		return fail_at(loader, place, "expected a string");
	*item = (struct slice){ json_string_value(place->json), json_string_length(place->json) };
	item->data = arena_copy(&loader->set->arena, *item);
	return item->data ? check_item(loader, place, field, *item) : fail_memory(loader);
}

/* An array, or what it is printed as. */
static int make_list(struct loader *loader, const struct place *place, const struct field *field,
		     struct made_value *value)
{
	size_t n = json_array_size(place->json);
	struct slice *items;
	struct member element;
	int64_t *nums;
	int r;

	if (json_is_string(place->json) && field->item == VALUE_STRING)
		return split_items(loader, place, field, value);
	if (!json_is_array(place->json))
		return fail_at(loader, place, "expected an array of %s",
			       field->item == VALUE_INT ? "numbers" : "strings");
	if (n > VALUE_ITEMS_MAX)
		return fail_at(loader, place, "a list has at most %d items", VALUE_ITEMS_MAX);
	items = arena_alloc(&loader->set->arena, (n + 1) * sizeof(*items));
	nums = arena_alloc(&loader->set->arena, (n + 1) * sizeof(*nums));
	if (!items || !nums)
		return fail_memory(loader);
	for (; value->n_items < n; value->n_items++) {
		find_element(place, value->n_items, &element);
		r = make_item(loader, &element.place, field, &nums[value->n_items],
			      &items[value->n_items]);
		if (r < 0)
			return r;
	}
	value->items = items;
	value->nums = nums;
	return 0;
}

/* "O_WRONLY|O_CREAT", "0644", "10s": as conditions write them. */
static int make_quantity(struct loader *loader, const struct place *place,
			 const struct field *field, struct made_value *value)
{
	const char *text = json_string_value(place->json), *why = NULL;
	bool by_name = field->symbols && text[0] >= 'A' && text[0] <= 'Z';
	uint32_t symbols = 0;

	if (!by_name) {
		if (parse_quantity(field, slice_from(text), &value->num, &why) < 0)
			return fail_at(loader, place, "'%.60s': %s", text, why);
		return 0;
	}
	value->symbols = SYMBOLS_END - 1;
	for (;;) {
		struct slice name = { text, strcspn(text, "|") };
		const struct symbol *symbol = symbol_find(name, field->symbols, &symbols);

		if (!symbol)
			return fail_at(loader, place, "unknown name of a bit '%.*s'%s",
				       name.len > 60 ? 60 : (int)name.len, name.data,
				       hint_from(symbol_suggest(name, field->symbols)).text);
		value->num |= (int64_t)symbol->value;
		value->symbols &= symbols;
		if (text[name.len] == '\0')
			break;
		text += name.len + 1;
	}
	return value->symbols ? 0 : fail_at(loader, place, "these are bits of different calls");
}

static int make_string(struct loader *loader, const struct place *place, const struct field *field,
		       struct made_value *value)
{
	value->str =
		(struct slice){ json_string_value(place->json), json_string_length(place->json) };
	value->str.data = arena_copy(&loader->set->arena, value->str);
	if (!value->str.data)
		return fail_memory(loader);
	if (field->kind == FIELD_ADDRESS &&
	    (memchr(value->str.data, '/', value->str.len) || net_check(value->str)))
		return fail_at(loader, place,
			       "'%.60s' is no address, as 192.0.2.7 and 2001:db8::1 are",
			       value->str.data);
	return check_item(loader, place, field, value->str);
}

static int make_value(struct loader *loader, const struct place *place, const char *name,
		      struct made_value *value)
{
	const struct field *field = field_find(slice_from(name));

	if (!field)
		return fail_key(loader, place, "unknown field '%.60s'%s", name,
				hint_from(field_suggest(slice_from(name))).text);
	value->field = (uint16_t)(field - field_table);
	if (json_is_null(place->json)) {
		value->missing = true;
		return 0;
	}
	switch (field->type) {
	case VALUE_BOOL:
		value->truth = json_is_true(place->json);
		return json_is_boolean(place->json) ?
			       0 :
			       fail_at(loader, place, "expected true or false");
	case VALUE_LIST: return make_list(loader, place, field, value);
	case VALUE_INT:
		if (json_is_string(place->json) && field->kind != FIELD_PLAIN)
			return make_quantity(loader, place, field, value);
		value->num = json_integer_value(place->json);
		return json_is_integer(place->json) ?
			       0 :
			       fail_at(loader, place, "expected a whole number");
	default:
		if (!json_is_string(place->json))
			return fail_at(loader, place, "expected a string");
		return make_string(loader, place, field, value);
	}
}

static int make_vary(struct loader *loader, const struct place *event, struct made_event *ret)
{
	struct member member, element;
	size_t n;
	int r;

	if (!find_member(event, "vary", &member))
		return 0;
	n = json_array_size(member.place.json);
	if (!json_is_array(member.place.json) || n == 0)
		return fail_at(loader, &member.place, "expected an array of field names");
	ret->vary = arena_alloc(&loader->set->arena, n * sizeof(*ret->vary));
	if (!ret->vary)
		return fail_memory(loader);
	for (; ret->n_vary < n; ret->n_vary++) {
		const struct field *field;

		find_element(&member.place, ret->n_vary, &element);
		r = take_field(loader, &element.place, &field);
		if (r < 0)
			return r;
		if (field->type == VALUE_BOOL || field->type == VALUE_LIST || field->words)
			return fail_at(loader, &element.place, "values of '%s' cannot be varied",
				       field->name);
		if (!json_object_get(event->json, field->name))
			return fail_at(loader, &element.place, "the event has no '%s'",
				       field->name);
		ret->vary[ret->n_vary] = field;
	}
	return 0;
}

/* Whose child it is, and whose that is: for sequences of a process tree. */
static int make_ancestors(struct loader *loader, const struct place *event, struct made_event *ret)
{
	struct member member, element;
	uint32_t *ancestors;
	size_t n;

	if (!find_member(event, "ancestors", &member))
		return 0;
	n = json_array_size(member.place.json);
	if (!json_is_array(member.place.json) || n == 0 || n > EVENT_ANCESTORS_MAX)
		return fail_at(loader, &member.place,
			       "expected an array of 1 to %u process ids, the parent first",
			       EVENT_ANCESTORS_MAX);
	ancestors = arena_alloc(&loader->set->arena, n * sizeof(*ancestors));
	if (!ancestors)
		return fail_memory(loader);
	for (size_t i = 0; i < n; i++) {
		find_element(&member.place, i, &element);
		if (!json_is_integer(element.place.json) ||
		    json_integer_value(element.place.json) < 0 ||
		    json_integer_value(element.place.json) > INT32_MAX)
			return fail_at(loader, &element.place, "expected a process id");
		ancestors[i] = (uint32_t)json_integer_value(element.place.json);
	}
	ret->ancestors = ancestors;
	ret->n_ancestors = n;
	return 0;
}

/* How often it happens, and when. */
static int make_times(struct loader *loader, const struct place *event, struct made_event *ret)
{
	struct member member;
	int r = 0;

	ret->repeat = 1;
	if (find_member(event, "repeat", &member)) {
		if (!json_is_integer(member.place.json) ||
		    json_integer_value(member.place.json) < 1 ||
		    json_integer_value(member.place.json) > REPEAT_MAX)
			return fail_at(loader, &member.place,
				       "expected a whole number from 1 to %u", REPEAT_MAX);
		ret->repeat = (uint32_t)json_integer_value(member.place.json);
	}
	if (json_object_get(event->json, "every"))
		r = take_duration(loader, event, "every", &ret->every_ns);
	if (r == 0 && json_object_get(event->json, "after"))
		r = take_duration(loader, event, "after", &ret->after_ns);
	if (r == 0)
		r = make_ancestors(loader, event, ret);
	return r < 0 ? r : make_vary(loader, event, ret);
}

/* Not fields: their names have no dot. */
static bool is_own_key(const char *name)
{
	for (size_t i = 0; event_keys[i].name; i++) {
		if (strcmp(event_keys[i].name, name) == 0)
			return true;
	}
	return false;
}

static int make_event(struct loader *loader, const struct place *place, struct made_event *event)
{
	struct made_value *values;
	struct member member;
	const char *name;
	json_t *json;
	int r;

	if (!json_is_object(place->json))
		return fail_at(loader, place, "expected an object of fields and their values");
	values = arena_alloc(&loader->set->arena,
			     (json_object_size(place->json) + 1) * sizeof(*values));
	if (!values)
		return fail_memory(loader);
	json_object_foreach(place->json, name, json) {
		if (is_own_key(name))
			continue;
		find_member(place, name, &member);
		r = make_value(loader, &member.place, name, &values[event->n_values]);
		if (r < 0)
			return r;
		event->n_values++;
	}
	event->values = values;
	return make_times(loader, place, event);
}

static int define_test(struct loader *loader, const struct place *place, struct rule_test *test)
{
	struct member member, element;
	struct made_event *events;
	int r;

	r = check_keys(loader, place, test_keys);
	if (r < 0)
		return r;
	r = take_string(loader, place, "name", &test->name);
	if (r < 0)
		return r;
	if (!find_member(place, "alerts", &member))
		return fail_at(loader, place, "key 'alerts' is missing");
	if (!json_is_integer(member.place.json) || json_integer_value(member.place.json) < 0 ||
	    json_integer_value(member.place.json) > 100000)
		return fail_at(loader, &member.place, "expected a number of alerts");
	test->alerts = (unsigned int)json_integer_value(member.place.json);

	if (!find_member(place, "events", &member))
		return fail_at(loader, place, "key 'events' is missing");
	if (!json_is_array(member.place.json))
		return fail_at(loader, &member.place, "expected an array of events");
	events = arena_alloc(&loader->set->arena,
			     (json_array_size(member.place.json) + 1) * sizeof(*events));
	if (!events)
		return fail_memory(loader);
	for (size_t i = 0; i < json_array_size(member.place.json); i++) {
		find_element(&member.place, i, &element);
		r = make_event(loader, &element.place, &events[i]);
		if (r < 0)
			return r;
		test->n_events++;
	}
	test->events = events;
	return 0;
}

int define_tests(struct loader *loader, const struct place *object, struct rule *rule)
{
	struct member member, element;
	int r;

	if (!find_member(object, "tests", &member))
		return 0;
	if (!json_is_array(member.place.json))
		return fail_at(loader, &member.place, "expected an array of tests");
	rule->tests = arena_alloc(&loader->set->arena,
				  (json_array_size(member.place.json) + 1) * sizeof(*rule->tests));
	if (!rule->tests)
		return fail_memory(loader);
	rule->n_tests = 0;
	for (size_t i = 0; i < json_array_size(member.place.json); i++) {
		find_element(&member.place, i, &element);
		r = define_test(loader, &element.place, &rule->tests[i]);
		if (r < 0)
			return r;
		rule->n_tests++;
	}
	return 0;
}
