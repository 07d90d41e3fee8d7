/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/keep.h"

int memory_init(struct memory *memory, size_t size, size_t n_max)
{
	*memory = (struct memory){ .size = size, .n_max = n_max };
	list_init(&memory->lru);
	memory->entries = calloc(n_max, size);
	if (!memory->entries)
		return -ENOMEM;
	return table_init(&memory->table, n_max);
}

void memory_release(struct memory *memory)
{
	table_release(&memory->table);
	free(memory->entries);
	memory->entries = NULL;
}

struct entry *memory_find(struct memory *memory, const uint64_t key[2])
{
	struct table_link *link = table_first(&memory->table, key[0]);

	for (; link; link = table_next(link)) {
		struct entry *entry = member_of(link, struct entry, link);

		if (entry->key[0] == key[0] && entry->key[1] == key[1]) {
			list_remove(&entry->lru);
			list_append(&memory->lru, &entry->lru);
			return entry;
		}
	}
	return NULL;
}

struct entry *memory_take(struct memory *memory, const uint64_t key[2], bool *ret_evicted)
{
	struct entry *entry;

	*ret_evicted = memory->n_used == memory->n_max;
	if (*ret_evicted) {
		entry = member_of(memory->lru.next, struct entry, lru);
		list_remove(&entry->lru);
		table_remove(&memory->table, &entry->link);
	} else {
		entry = (struct entry *)(memory->entries + memory->n_used++ * memory->size);
	}
	entry->key[0] = key[0];
	entry->key[1] = key[1];
	table_insert(&memory->table, &entry->link, key[0]);
	list_append(&memory->lru, &entry->lru);
	return entry;
}

void key_mix(const struct table *table, uint64_t key[2], uint64_t word)
{
	key[0] = table_hash(table, key[0], word);
	key[1] = table_hash(table, key[1] ^ 0x9fb21c651e98df25ull, word + 0xd6e8feb86659fd93ull);
}

static void mix_bytes(const struct table *table, uint64_t key[2], struct slice bytes)
{
	key_mix(table, key, bytes.len);
	for (size_t i = 0; i < bytes.len; i += sizeof(uint64_t)) {
		uint64_t word = 0;
		size_t n = bytes.len - i < sizeof(word) ? bytes.len - i : sizeof(word);

		memcpy(&word, bytes.data + i, n);
		key_mix(table, key, word);
	}
}

bool key_mix_field(const struct table *table, uint64_t key[2], const struct reader *reader,
		      const struct field *field, struct value *tmp)
{
	bool is_there = reader->get(reader, (size_t)(field - field_table), tmp) == 0;

	key_mix(table, key, is_there ? tmp->type : 0);
	if (!is_there)
		return false;
	value_join(tmp);
	switch (tmp->type) {
	case VALUE_LIST: break; /* is a string now */
	case VALUE_BOOL: key_mix(table, key, tmp->truth); break;
	case VALUE_INT: key_mix(table, key, (uint64_t)tmp->num); break;
	case VALUE_STRING: mix_bytes(table, key, tmp->str); break;
	}
	return true;
}
