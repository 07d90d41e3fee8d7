/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/procs.h"

#define BYTES_TRIES 64		/* most texts dropped to make room for one */
#define TRIM_TRIES 8		/* most dead images forgotten for one that died */
#define THREAD_FLAG 0x00010000u /* CLONE_THREAD */

static uint64_t hash_proc(const struct table *table, const struct exec_id *id)
{
	return table_hash(table, id->start_ns, id->tgid);
}

static uint64_t hash_exec(const struct table *table, const struct exec_id *id)
{
	return table_hash(table, id->start_ns, (uint64_t)id->exec_seq << 32 | id->tgid);
}

static bool same_proc(const struct exec_id *a, const struct exec_id *b)
{
	return a->start_ns == b->start_ns && a->tgid == b->tgid;
}

/* A parent starts before its child. Refusing every other link makes a cycle
 * impossible whatever the records say, without ever walking a chain. */
static bool can_be_parent(const struct exec_id *parent, const struct exec_id *child)
{
	if (parent->tgid == 0)
		return false;
	if (parent->start_ns != child->start_ns)
		return parent->start_ns < child->start_ns;
	return parent->tgid < child->tgid;
}

static struct image *image_from_exec_link(struct table_link *link)
{
	return link ? member_of(link, struct image, by_exec) : NULL;
}

static struct image *image_from_proc_link(struct table_link *link)
{
	return link ? member_of(link, struct image, by_proc) : NULL;
}

static struct image *find_exec(const struct procs *procs, const struct exec_id *id)
{
	struct table_link *link = table_first(&procs->by_exec, hash_exec(&procs->by_exec, id));

	for (; link; link = table_next(link)) {
		struct image *image = image_from_exec_link(link);

		if (same_proc(&image->id, id) && image->id.exec_seq == id->exec_seq)
			return image;
	}
	return NULL;
}

static struct image *find_current(const struct procs *procs, const struct exec_id *id)
{
	struct table_link *link = table_first(&procs->by_proc, hash_proc(&procs->by_proc, id));

	for (; link; link = table_next(link)) {
		struct image *image = image_from_proc_link(link);

		if (same_proc(&image->id, id))
			return image;
	}
	return NULL;
}

static struct image *ref_get(const struct image_ref *ref)
{
	return ref->image && ref->image->generation == ref->generation ? ref->image : NULL;
}

/* Images in use by this call are not evicted by it. */
static void pin(struct procs *procs, struct image *image)
{
	if (image->is_pinned || procs->n_pins == ARRAY_SIZE(procs->pins))
		return;
	image->is_pinned = true;
	procs->pins[procs->n_pins++] = image;
}

static void unpin_all(struct procs *procs)
{
	while (procs->n_pins)
		procs->pins[--procs->n_pins]->is_pinned = false;
}

/* ---- owners */

static struct owner *owner_find(const struct procs *procs, uint64_t key)
{
	struct table_link *link =
		table_first(&procs->owners, table_hash(&procs->owners, key, 0));

	for (; link; link = table_next(link)) {
		struct owner *owner = member_of(link, struct owner, link);

		if (owner->key == key)
			return owner;
	}
	return NULL;
}

static struct owner *owner_get(struct procs *procs, uint64_t key)
{
	struct owner *owner = owner_find(procs, key);

	if (owner)
		return owner;
	owner = calloc(1, sizeof(*owner));
	if (!owner)
		return NULL;
	owner->key = key;
	for (unsigned int i = 0; i < IMAGE_STATE_MAX; i++)
		list_init(&owner->images[i]);
	list_init(&owner->texts);
	table_insert(&procs->owners, &owner->link, table_hash(&procs->owners, key, 0));
	list_append(&procs->all_owners, &owner->all);
	return owner;
}

static void owner_release_if_empty(struct procs *procs, struct owner *owner)
{
	if (owner->n || owner->n_texts)
		return;
	table_remove(&procs->owners, &owner->link);
	list_remove(&owner->all);
	free(owner);
}

/* Who gives way when `procs` has used up `used` of `max`: `newcomer` if it has
 * its share or more, else whoever has most. `amount` reads what counts. */
static struct owner *choose_payer(struct procs *procs, struct owner *newcomer, size_t max,
				  size_t (*amount)(const struct owner *))
{
	struct owner *most = newcomer;

	if (amount(newcomer) >= max / procs->owners.n)
		return newcomer;
	for (struct list *at = procs->all_owners.next; at != &procs->all_owners; at = at->next) {
		struct owner *owner = member_of(at, struct owner, all);

		if (amount(owner) > amount(most))
			most = owner;
	}
	return most;
}

static size_t owner_images(const struct owner *owner)
{
	return owner->n;
}

static size_t owner_bytes(const struct owner *owner)
{
	return owner->bytes;
}

/* ---- strings */

static void text_drop_bytes(struct procs *procs, struct text *text)
{
	size_t len = (size_t)text->exepath_len + text->args_len + text->cwd_len;

	if (!text->bytes)
		return;
	free(text->bytes);
	text->bytes = NULL;
	text->exepath_len = text->args_len = text->cwd_len = 0;
	text->owner->bytes -= len;
	procs->bytes -= len;
	list_remove(&text->lru);
}

static void text_unref(struct procs *procs, struct text *text)
{
	struct owner *owner;

	if (!text || --text->n_refs)
		return;
	owner = text->owner;
	text_drop_bytes(procs, text);
	owner->n_texts--;
	free(text);
	owner_release_if_empty(procs, owner);
}

static void text_touch(struct text *text)
{
	if (!text || !text->bytes)
		return;
	list_remove(&text->lru);
	list_append(&text->owner->texts, &text->lru);
}

static void image_free(struct procs *procs, struct image *image);

static bool make_bytes(struct procs *procs, struct owner *owner, size_t len)
{
	for (unsigned int i = 0; i < BYTES_TRIES; i++) {
		struct owner *payer;

		if (len <= procs->bytes_max - procs->bytes)
			return true;
		if (!list_is_empty(&procs->dead)) {
			struct image *dead = member_of(procs->dead.next, struct image, dead);

			if (!dead->is_pinned) {
				image_free(procs, dead);
				continue;
			}
		}
		payer = choose_payer(procs, owner, procs->bytes_max, owner_bytes);
		if (list_is_empty(&payer->texts))
			return false;
		text_drop_bytes(procs, member_of(payer->texts.next, struct text, lru));
		procs->n_cut++;
	}
	return len <= procs->bytes_max - procs->bytes;
}

/* Give `image`, which is pinned, new strings. They may point into its old ones. */
static void image_set_text(struct procs *procs, struct image *image, struct slice exepath,
			   struct slice args, struct slice cwd)
{
	size_t len = exepath.len + args.len + cwd.len;
	cleanup_free char *bytes = malloc(len ? len : 1);
	struct text *text = calloc(1, sizeof(*text));
	const struct slice parts[] = { exepath, args, cwd };
	size_t at = 0;

	if (!bytes || !text) {
		free(text);
		procs->n_cut++;
		return;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++) {
		if (parts[i].len)
			memcpy(bytes + at, parts[i].data, parts[i].len);
		at += parts[i].len;
	}

	list_init(&text->lru);
	text->n_refs = 1;
	text->owner = image->owner;
	text->owner->n_texts++;
	text_unref(procs, image->text);
	image->text = text;

	if (!len)
		return;
	if (!make_bytes(procs, text->owner, len)) {
		procs->n_cut++;
		return;
	}
	text->bytes = take_ptr(bytes);
	text->exepath_len = (uint32_t)exepath.len;
	text->args_len = (uint32_t)args.len;
	text->cwd_len = (uint32_t)cwd.len;
	text->owner->bytes += len;
	procs->bytes += len;
	list_append(&text->owner->texts, &text->lru);
}

static void image_inherit_text(struct image *image, struct image *parent)
{
	image->exe_owner = parent->exe_owner;
	image->text = parent->text;
	if (image->text)
		image->text->n_refs++;
}

static struct slice text_exepath(const struct text *text)
{
	return text ? (struct slice){ text->bytes, text->exepath_len } : (struct slice){ 0 };
}

static struct slice text_args(const struct text *text)
{
	if (!text || !text->bytes)
		return (struct slice){ 0 };
	return (struct slice){ text->bytes + text->exepath_len, text->args_len };
}

static struct slice text_cwd(const struct text *text)
{
	if (!text || !text->bytes)
		return (struct slice){ 0 };
	return (struct slice){ text->bytes + text->exepath_len + text->args_len, text->cwd_len };
}

/* ---- images */

static void image_leave_lists(struct image *image)
{
	list_remove(&image->lru);
	list_remove(&image->dead);
	image->owner->n_images[image->state]--;
	image->owner->n--;
}

static void image_enter_lists(struct procs *procs, struct image *image)
{
	struct owner *owner = image->owner;

	if (image->has_ended)
		image->state = image->n_children ? IMAGE_ANCESTOR : IMAGE_DEAD;
	else
		image->state = image->n_children ? IMAGE_PARENT : IMAGE_LEAF;

	list_append(&owner->images[image->state], &image->lru);
	owner->n_images[image->state]++;
	owner->n++;
	if (image->state == IMAGE_DEAD)
		list_append(&procs->dead, &image->dead);
}

static void image_replace_in_lists(struct procs *procs, struct image *image)
{
	image_leave_lists(image);
	image_enter_lists(procs, image);
}

/* Forget. Never more than this one: a parent that loses its last descendant
 * moves to the dead and goes in its turn. */
static void image_free(struct procs *procs, struct image *image)
{
	struct image *parent = ref_get(&image->parent);
	struct owner *owner = image->owner;
	uint64_t generation = image->generation + 1;

	table_remove(&procs->by_exec, &image->by_exec);
	if (image->is_current)
		table_remove(&procs->by_proc, &image->by_proc);
	text_unref(procs, image->text); /* while the image still holds the owner */
	image_leave_lists(image);
	owner_release_if_empty(procs, owner);

	memset(image, 0, sizeof(*image));
	image->generation = generation;
	list_init(&image->dead);
	list_append(&procs->free, &image->lru);
	procs->n--;

	if (parent && --parent->n_children == 0)
		image_replace_in_lists(procs, parent);
}

static struct image *first_unpinned(const struct list *list)
{
	for (struct list *at = list->next; at != list; at = at->next) {
		struct image *image = member_of(at, struct image, lru);

		if (!image->is_pinned)
			return image;
	}
	return NULL;
}

/* Whom `owner` forgets first. A chain of forks leaves many ancestors and few
 * that live, a bomb the opposite; the longer list gives way, and what lives
 * and has children goes last. */
static struct image *choose_victim(const struct owner *owner)
{
	bool chain = owner->n_images[IMAGE_ANCESTOR] > owner->n_images[IMAGE_LEAF];
	const enum image_state order[] = {
		IMAGE_DEAD,
		chain ? IMAGE_ANCESTOR : IMAGE_LEAF,
		chain ? IMAGE_LEAF : IMAGE_ANCESTOR,
		IMAGE_PARENT,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(order); i++) {
		struct image *image = first_unpinned(&owner->images[order[i]]);

		if (image)
			return image;
	}
	return NULL;
}

static bool make_place(struct procs *procs, struct owner *owner)
{
	struct image *victim;

	if (!list_is_empty(&procs->free) || procs->n_used < procs->n_max)
		return true;

	/* The dead of all owners first; how many an owner may have is limited. */
	for (struct list *at = procs->dead.next; at != &procs->dead; at = at->next) {
		victim = member_of(at, struct image, dead);
		if (!victim->is_pinned) {
			image_free(procs, victim);
			return true;
		}
	}

	victim = choose_victim(choose_payer(procs, owner, procs->n_max, owner_images));
	if (!victim)
		return false;
	procs->n_evicted++;
	image_free(procs, victim);
	return true;
}

/* make_place() has said yes. Used places first: a quiet host touches little of
 * the slab. */
static struct image *take_place(struct procs *procs)
{
	struct image *image;

	if (list_is_empty(&procs->free)) {
		image = &procs->slab[procs->n_used++];
		list_init(&image->lru);
		list_init(&image->dead);
		return image;
	}
	image = member_of(procs->free.next, struct image, lru);
	list_remove(&image->lru);
	return image;
}

/* A new image, pinned, with nothing but its identity. NULL: no room. */
static struct image *image_new(struct procs *procs, const struct exec_id *id, uint64_t key,
			       bool has_ended)
{
	struct owner *owner = owner_get(procs, key);
	struct image *image;

	if (!owner)
		return NULL;

	/* Making room could free the last image of this very owner. */
	owner->n++;
	if (!make_place(procs, owner)) {
		owner->n--;
		owner_release_if_empty(procs, owner);
		return NULL;
	}
	owner->n--;

	image = take_place(procs);
	image->id = *id;
	image->owner = owner;
	image->has_ended = has_ended;
	table_insert(&procs->by_exec, &image->by_exec, hash_exec(&procs->by_exec, id));
	image_enter_lists(procs, image);
	procs->n++;
	pin(procs, image);
	return image;
}

static void trim_dead(struct procs *procs, struct owner *owner)
{
	for (unsigned int i = 0; i < TRIM_TRIES && owner->n_images[IMAGE_DEAD] > procs->dead_max;
	     i++) {
		struct image *image = member_of(owner->images[IMAGE_DEAD].next, struct image, lru);

		if (image->is_pinned)
			return;
		image_free(procs, image);
	}
}

static void image_end(struct procs *procs, struct image *image)
{
	if (image->has_ended)
		return;
	image->has_ended = true;
	image_replace_in_lists(procs, image);
	trim_dead(procs, image->owner);
}

static void image_link(struct procs *procs, struct image *image, struct image *parent)
{
	if (image->has_parent || !can_be_parent(&parent->id, &image->id))
		return;
	image->has_parent = true;
	image->parent = (struct image_ref){ parent, parent->generation };
	if (parent->n_children++ == 0)
		image_replace_in_lists(procs, parent);
}

/* The image with this exec id, made when it is not known; pinned, or NULL.
 *
 * A number above that of the latest image tells of an exec that was lost: the
 * new image takes over. A number below is of a record that comes late. */
static struct image *get_image(struct procs *procs, const struct exec_id *id, uint64_t key)
{
	struct image *current, *image, *parent;
	bool is_late;

	if (id->tgid == 0)
		return NULL;
	image = find_exec(procs, id);
	if (image) {
		pin(procs, image);
		return image;
	}

	current = find_current(procs, id);
	if (current)
		pin(procs, current);
	is_late = current && current->id.exec_seq > id->exec_seq;
	image = image_new(procs, id, key, is_late || (current && current->has_exited));
	if (!image)
		return NULL;

	if (current) {
		image->has_exited = current->has_exited;
		image->ppid = current->ppid;
		parent = ref_get(&current->parent);
		if (parent)
			image_link(procs, image, parent);
		image->has_parent = current->has_parent;
	}
	if (is_late)
		return image;
	if (current) {
		table_remove(&procs->by_proc, &current->by_proc);
		current->is_current = false;
		image_end(procs, current);
	}
	table_insert(&procs->by_proc, &image->by_proc, hash_proc(&procs->by_proc, id));
	image->is_current = true;
	return image;
}

static void image_move(struct procs *procs, struct image *image, uint64_t key)
{
	struct owner *old = image->owner, *owner;

	if (old->key != key) {
		owner = owner_get(procs, key);
		if (!owner)
			return;
		image_leave_lists(image);
		image->owner = owner;
		image_enter_lists(procs, image);
		owner_release_if_empty(procs, old);
	} else {
		image_replace_in_lists(procs, image);
	}
	text_touch(image->text);
}

/* What every record says of its subject. */
static struct image *learn_header(struct procs *procs, const struct event_hdr *hdr, uint64_t key)
{
	struct image *image = get_image(procs, &hdr->proc, key), *parent;

	if (!image)
		return NULL;
	image_move(procs, image, key);
	image->is_met = true;
	image->ppid = hdr->ppid;
	/* Other threads have names of their own. */
	if (hdr->tid == hdr->proc.tgid || !image->comm[0])
		memcpy(image->comm, hdr->comm, sizeof(image->comm));

	if (!image->has_parent && can_be_parent(&hdr->parent, &image->id)) {
		parent = get_image(procs, &hdr->parent, key);
		if (parent)
			image_link(procs, image, parent);
	}
	return image;
}

static void learn_fork(const struct event *ev, struct image *child)
{
	struct image *parent = ref_get(&child->parent);

	if ((ev->u.fork.clone_flags & THREAD_FLAG) || !parent)
		return;
	if (!parent->comm[0])
		memcpy(parent->comm, child->comm, sizeof(parent->comm));
	/* Known already when the snapshot saw it before its fork was read. */
	if (!child->text)
		image_inherit_text(child, parent);
}

static void learn_exit(struct procs *procs, struct image *image)
{
	struct image *current = find_current(procs, &image->id);

	if (current) {
		current->has_exited = true;
		image_end(procs, current);
	}
	image->has_exited = true;
	image_end(procs, image);
}

static void learn_strings(struct procs *procs, const struct event *ev, struct image *image)
{
	image_set_text(procs, image, ev->path, ev->args, ev->cwd);
	image->exe_owner = ev->file ? ev->file->mount_owner : OWNER_UNKNOWN;
}

static void learn_cwd(struct procs *procs, const struct event *ev, struct image *image)
{
	if (ev->hdr.ret < 0 || ev->path.len == 0 || ev->u.chdir.op == CHDIR_CHROOT)
		return;
	image_set_text(procs, image, text_exepath(image->text), text_args(image->text), ev->path);
}

const struct image *procs_learn(struct procs *procs, const struct event *ev, uint64_t key)
{
	struct image *image;

	unpin_all(procs);
	image = learn_header(procs, &ev->hdr, key);
	if (!image)
		return NULL;

	switch (ev->hdr.type) {
	case EVENT_FORK: learn_fork(ev, image); break;
	case EVENT_EXEC: learn_strings(procs, ev, image); break;
	case EVENT_PROC:
		/* A snapshot knows less than an exec that was seen. */
		if (!image->text || !image->text->bytes)
			learn_strings(procs, ev, image);
		break;
	case EVENT_CHDIR: learn_cwd(procs, ev, image); break;
	case EVENT_EXIT: learn_exit(procs, image); break;
	}
	return image;
}

static void view_image(const struct image *image, struct proc_view *ret)
{
	*ret = (struct proc_view){
		.id = image->id,
		.ppid = image->ppid,
		.name = slice_from_field(image->comm, sizeof(image->comm)),
		.exepath = text_exepath(image->text),
		.args = text_args(image->text),
		.cwd = text_cwd(image->text),
		.container = image->is_met ? image->owner->key : CONTAINER_UNKNOWN,
		.exe_owner = image->exe_owner,
	};
}

unsigned int procs_view_chain(const struct image *image, struct proc_view *ret, unsigned int n_max)
{
	unsigned int n = 0;

	while (image && n < n_max) {
		view_image(image, &ret[n++]);
		image = ref_get(&image->parent);
	}
	return n;
}

bool procs_is_alive(const struct procs *procs, uint32_t tgid, uint64_t start_ns)
{
	const struct exec_id id = { .start_ns = start_ns, .tgid = tgid };
	const struct image *image = find_current(procs, &id);

	return image && !image->has_exited;
}

bool procs_has_living(const struct procs *procs, uint64_t key)
{
	const struct owner *owner = owner_find(procs, key);

	return owner && owner->n_images[IMAGE_LEAF] + owner->n_images[IMAGE_PARENT] > 0;
}

/* ---- life */

int procs_init(struct procs *ret, size_t n_max, size_t bytes_max)
{
	struct procs procs = { .n_max = n_max, .bytes_max = bytes_max };

	procs.dead_max = n_max / 16 > 16 ? n_max / 16 : 16;
	procs.slab = calloc(n_max, sizeof(*procs.slab));
	if (!procs.slab || table_init(&procs.by_exec, n_max) < 0 ||
	    table_init(&procs.by_proc, n_max) < 0 || table_init(&procs.owners, n_max / 16) < 0) {
		free(procs.slab);
		table_release(&procs.by_exec);
		table_release(&procs.by_proc);
		return -ENOMEM;
	}

	*ret = procs;
	list_init(&ret->all_owners);
	list_init(&ret->dead);
	list_init(&ret->free);
	return 0;
}

void procs_release(struct procs *procs)
{
	if (!procs || !procs->slab)
		return;
	unpin_all(procs);
	for (size_t i = 0; i < procs->n_used; i++)
		if (procs->slab[i].owner)
			image_free(procs, &procs->slab[i]);
	table_release(&procs->by_exec);
	table_release(&procs->by_proc);
	table_release(&procs->owners);
	free(procs->slab);
	*procs = (struct procs){ 0 };
}
