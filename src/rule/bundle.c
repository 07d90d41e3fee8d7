/* SPDX-License-Identifier: Apache-2.0 */
/* All rule files in one run of bytes: who may open paths reads them once, and
 * who judges loads the very same. For each file its name's and its text's
 * length, then both. */
#include "rule/internal.h"

struct head {
	uint32_t name_len, text_len;
};

int bundle_make(const struct loader *loader, char **ret, size_t *ret_len)
{
	size_t len = 0;
	char *bytes, *at;

	for (size_t i = 0; i < loader->n_files; i++)
		len += sizeof(struct head) + strlen(loader->files[i].name) +
		       loader->files[i].text.len;
	if (len > RULE_BUNDLE_MAX)
		return -EFBIG;
	at = bytes = malloc(len + 1);
	if (!bytes)
		return -ENOMEM;
	for (size_t i = 0; i < loader->n_files; i++) {
		const struct source_file *file = &loader->files[i];
		const struct head head = { (uint32_t)strlen(file->name), (uint32_t)file->text.len };

		memcpy(at, &head, sizeof(head));
		at += sizeof(head);
		memcpy(at, file->name, head.name_len);
		at += head.name_len;
		if (head.text_len > 0)
			memcpy(at, file->text.data, head.text_len);
		at += head.text_len;
	}
	*ret = bytes;
	*ret_len = len;
	return 0;
}

int bundle_read(struct loader *loader, struct slice bundle)
{
	struct slice part, text;
	struct head head;

	while (bundle.len > 0) {
		char name[PARSE_ERROR_FILE_MAX];
		int r;

		if (!slice_take(&bundle, sizeof(head), &part))
			return fail_file(loader, "", EBADMSG, "the bundle of rules is cut");
		memcpy(&head, part.data, sizeof(head));
		if (head.name_len >= sizeof(name) || !slice_take(&bundle, head.name_len, &part) ||
		    !slice_take(&bundle, head.text_len, &text))
			return fail_file(loader, "", EBADMSG, "the bundle of rules is cut");
		memcpy(name, part.data, head.name_len);
		name[head.name_len] = '\0';
		r = read_text(loader, name, text);
		if (r < 0)
			return r;
	}
	return 0;
}
