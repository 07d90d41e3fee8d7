/* SPDX-License-Identifier: Apache-2.0 */
/* Fields that Falco's users know and that follow from what a record says: parts
 * of paths and of image names, the parent's command line, ages. */
#include "event/field_internal.h"

#include <sys/stat.h>

/* --- files and sockets ---------------------------------------------------- */

/* Length of the path up to its last slash, that one included; 0: there is none. */
static size_t directory_len(struct slice path)
{
	size_t len = path.len;

	while (len > 0 && path.data[len - 1] != '/')
		len--;
	return len;
}

static int get_path(const struct event *ev, struct value *ret)
{
	if (!ev->file || ev->file->source == SOURCE_NONE || ev->hdr.type == EVENT_MOUNT)
		return -ENODATA;
	return give_path(ev, ret, ev->path);
}

int get_fd_directory(const struct event *ev, struct value *ret)
{
	size_t len;

	if (get_path(ev, ret) < 0)
		return -ENODATA;
	len = directory_len(ret->str);
	if (len == 0)
		return -ENODATA;
	ret->str.len = len > 1 ? len - 1 : len; /* "/" keeps its slash */
	return 0;
}

int get_fd_filename(const struct event *ev, struct value *ret)
{
	size_t len;

	if (get_path(ev, ret) < 0)
		return -ENODATA;
	len = directory_len(ret->str);
	if (len == ret->str.len)
		return -ENODATA;
	ret->cut_head &= len == 0;
	ret->str = (struct slice){ ret->str.data + len, ret->str.len - len };
	return 0;
}

const char *const words_fd_type[] = { "file", "directory", "pipe", "unix", "ipv4", "ipv6", NULL };

/* Device nodes are files, as they are for Falco. */
int get_fd_type(const struct event *ev, struct value *ret)
{
	if (ev->hdr.type == EVENT_INET)
		return give_word(ret, ev->u.inet.family == 4 ? "ipv4" : "ipv6");
	if (ev->hdr.type == EVENT_CONNECT)
		return give_word(ret, "unix");
	if (!ev->file || ev->file->source == SOURCE_NONE)
		return -ENODATA;
	switch (ev->file->mode & S_IFMT) {
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK: return give_word(ret, "file");
	case S_IFDIR: return give_word(ret, "directory");
	case S_IFIFO: return give_word(ret, "pipe");
	default: return -ENODATA;
	}
}

/* --- processes ------------------------------------------------------------ */

static struct slice first_arg(struct slice args)
{
	const char *end = args.len ? memchr(args.data, '\0', args.len) : NULL;

	return (struct slice){ args.data, end ? (size_t)(end - args.data) : args.len };
}

int get_proc_pexe(const struct event *ev, struct value *ret)
{
	if (ev->n_ancestors == 0 || !ev->ancestors[0])
		return -ENODATA;
	return give_nonempty(ret, first_arg(ev->ancestors[0]->args));
}

/* The parent's name and arguments, as proc.cmdline. */
int get_proc_pcmdline(const struct event *ev, struct value *ret)
{
	struct slice args;
	size_t skip, name_len, len;

	if (ev->n_ancestors == 0 || !ev->ancestors[0] || !ev->ancestors[0]->args.data)
		return -ENODATA;
	args = ev->ancestors[0]->args;
	if (args.len > 0 && args.data[args.len - 1] == '\0')
		args.len--;
	skip = first_arg(args).len;
	name_len = scratch_append(ret, 0, ev->ancestors[0]->name);
	len = scratch_append(ret, name_len, (struct slice){ args.data + skip, args.len - skip });
	for (size_t i = name_len; i < len; i++) {
		if (ret->scratch[i] == '\0')
			ret->scratch[i] = ' ';
	}
	return give_nonempty(ret, (struct slice){ ret->scratch, len });
}

int get_proc_args_size(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_EXEC ? give_uint(ret, ev->u.exec.args_total) : -ENODATA;
}

static int give_age(const struct event *ev, struct value *ret, uint64_t start_ns)
{
	if (start_ns == 0 || start_ns > ev->hdr.time_ns)
		return -ENODATA;
	return give_uint(ret, ev->hdr.time_ns - start_ns);
}

int get_proc_duration(const struct event *ev, struct value *ret)
{
	return give_age(ev, ret, ev->hdr.proc.start_ns);
}

int get_proc_ppid_duration(const struct event *ev, struct value *ret)
{
	return give_age(ev, ret, ev->hdr.parent.start_ns);
}

int get_thread_vtid(const struct event *ev, struct value *ret)
{
	return give_uint(ret, ev->hdr.ns_tid);
}

int get_thread_ismain(const struct event *ev, struct value *ret)
{
	return give_bool(ret, ev->hdr.tid != 0 && ev->hdr.tid == ev->hdr.proc.tgid);
}

/* --- images: [registry/]name[:tag][@digest] --------------------------------- */

struct image {
	struct slice repository, tag, digest;
};

static struct slice cut_at(struct slice *text, size_t pos)
{
	struct slice rest = { text->data + pos + 1, text->len - pos - 1 };

	text->len = pos;
	return rest;
}

static bool read_image(const struct event *ev, struct image *ret)
{
	struct slice name;
	const char *at;

	if (!ev->container || ev->container->image.len == 0)
		return false;
	*ret = (struct image){ .repository = ev->container->image };
	name = ret->repository;
	at = memchr(name.data, '@', name.len);
	if (at)
		ret->digest = cut_at(&ret->repository, (size_t)(at - name.data));
	/* A colon before a slash belongs to the registry's port. */
	for (size_t i = ret->repository.len; i > 0 && name.data[i - 1] != '/'; i--) {
		if (name.data[i - 1] == ':') {
			ret->tag = cut_at(&ret->repository, i - 1);
			break;
		}
	}
	/* An image without a name is called by its digest alone. */
	return !(slice_eq(ret->repository, SLICE_LITERAL("sha256")) && ret->tag.len == 64);
}

int get_container_image_repository(const struct event *ev, struct value *ret)
{
	struct image image;

	return read_image(ev, &image) ? give_nonempty(ret, image.repository) : -ENODATA;
}

int get_container_image_tag(const struct event *ev, struct value *ret)
{
	struct image image;

	return read_image(ev, &image) ? give_nonempty(ret, image.tag) : -ENODATA;
}

int get_container_image_digest(const struct event *ev, struct value *ret)
{
	struct image image;

	if (ev->container && ev->container->digest.len)
		return give_nonempty(ret, ev->container->digest);
	return read_image(ev, &image) ? give_nonempty(ret, image.digest) : -ENODATA;
}

int get_container_image_id(const struct event *ev, struct value *ret)
{
	return ev->container ? give_nonempty(ret, ev->container->image_id) : -ENODATA;
}

int get_k8s_ns_name(const struct event *ev, struct value *ret)
{
	return ev->container ? give_nonempty(ret, ev->container->pod_ns) : -ENODATA;
}

int get_k8s_pod_name(const struct event *ev, struct value *ret)
{
	return ev->container ? give_nonempty(ret, ev->container->pod) : -ENODATA;
}

int get_k8s_pod_uid(const struct event *ev, struct value *ret)
{
	return ev->container ? give_nonempty(ret, ev->container->pod_uid) : -ENODATA;
}

int get_k8s_pod_sandbox_id(const struct event *ev, struct value *ret)
{
	return ev->container ? give_nonempty(ret, ev->container->sandbox) : -ENODATA;
}
