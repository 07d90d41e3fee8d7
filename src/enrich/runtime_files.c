/* SPDX-License-Identifier: Apache-2.0 */
/* The container runtimes' own files. The runtimes write them, but what stands
 * in them is chosen by whoever wrote the pod or the image: hostile bytes. */
#include <jansson.h>
#include <string.h>

#include "enrich/enrich.h"
#include "enrich/runtime_json.h"

#define STRING_MAX 4096u
/* jansson needs up to some 50 bytes for one of JSON; real files are 50 KiB. */
#define MEMORY_MAX (64u << 20)

/* ---- reading JSON within bounds */

static _Thread_local size_t memory_left;

static void *bounded_malloc(size_t size)
{
	if (size > memory_left)
		return NULL;
	memory_left -= size;
	return malloc(size);
}

/* jansson bounds the depth (2048), not the memory: a file of nothing but "{},"
 * would take a hundred times its size. Only the reading is bounded so; what it
 * returns is freed with free() like everything else of jansson's. */
static int read_json(struct slice json, json_t **ret)
{
	json_malloc_t old_malloc;
	json_free_t old_free;
	json_error_t error;
	json_t *root;

	if (json.len > RUNTIME_FILE_MAX)
		return -EFBIG;
	if (json.len == 0)
		return -EBADMSG;

	json_get_alloc_funcs(&old_malloc, &old_free);
	memory_left = MEMORY_MAX;
	json_set_alloc_funcs(bounded_malloc, free);
	/* A NUL somewhere must not make the whole container nameless. */
	root = json_loadb(json.data, json.len, JSON_ALLOW_NUL, &error);
	json_set_alloc_funcs(old_malloc, old_free);

	if (!root)
		return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EBADMSG;
	if (!json_is_object(root) && !json_is_array(root)) {
		json_decref(root);
		return -EBADMSG;
	}
	*ret = root;
	return 0;
}

static void release_json(json_t **root)
{
	json_decref(*root);
}
#define cleanup_json __attribute__((cleanup(release_json)))

/* The string `key` of `object`; NULL when it is absent, empty, not a string or
 * has a NUL inside. */
static const char *get_string(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	const char *s = json_string_value(value);

	if (!s || !*s || strlen(s) != json_string_length(value))
		return NULL;
	return s;
}

static uint64_t get_number(const json_t *object, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(object, key));

	return n > 0 ? (uint64_t)n : 0;
}

static uint32_t get_pid(const json_t *object, const char *key)
{
	uint64_t n = get_number(object, key);

	return n <= INT32_MAX ? (uint32_t)n : 0;
}

/* ---- facts */

void container_facts_release(struct container_facts *facts)
{
	if (!facts)
		return;
	free(facts->id);
	free(facts->name);
	free(facts->image);
	free(facts->runtime);
	free(facts->pod);
	free(facts->pod_ns);
	free(facts->pod_uid);
	free(facts->sandbox);
	free(facts->image_id);
	free(facts->digest);
	free(facts->said_image);
	free(facts->said_digest);
	*facts = (struct container_facts){ 0 };
}

static void replace_slice(char **at, struct slice s)
{
	size_t len = s.len > STRING_MAX ? STRING_MAX : s.len;
	char *copy;

	if (len == 0)
		return;
	copy = malloc(len + 1);
	if (!copy)
		return;
	memcpy(copy, s.data, len);
	copy[len] = 0;
	free(*at);
	*at = copy;
}

static void replace(char **at, const char *s)
{
	if (s)
		replace_slice(at, slice_from(s));
}

static void replace_if_missing(char **at, const char *s)
{
	if (!*at)
		replace(at, s);
}

/* "runc" and "crun" name the tool; who drives it is worth more. */
static void set_runtime(struct container_facts *facts, const char *runtime)
{
	if (!facts->runtime || strcmp(facts->runtime, "runc") == 0 ||
	    strcmp(facts->runtime, "crun") == 0)
		replace(&facts->runtime, runtime);
}

/* ---- annotations: an object in a bundle, "key=value" strings in runc's state */

/* The last of that name: runc puts its own behind the annotations. */
static const char *get_label(const json_t *labels, const char *key)
{
	size_t key_len = strlen(key);
	const char *found = NULL;

	for (size_t i = 0; i < json_array_size(labels); i++) {
		const json_t *label = json_array_get(labels, i);
		const char *s = json_string_value(label);

		if (s && strncmp(s, key, key_len) == 0 && s[key_len] == '=' && s[key_len + 1] &&
		    strlen(s) == json_string_length(label))
			found = s + key_len + 1;
	}
	return found;
}

static const char *get_annotation(const json_t *from, const char *key)
{
	return json_is_array(from) ? get_label(from, key) : get_string(from, key);
}

/* The first of `keys` that is there. */
static const char *first_annotation(const json_t *from, const char *const *keys)
{
	const char *value = NULL;

	for (; *keys && !value; keys++)
		value = get_annotation(from, *keys);
	return value;
}

/* Who wrote the annotations? They may be forged where an image can bring some of
 * its own: podman copies those of the image's manifest and lets even the name of
 * the manager stand if one is there; nerdctl copies the image's labels. What each
 * writes always, and after that, tells them apart. containerd's CRI copies
 * nothing of the image, and writes neither key of the other two. */
enum writer { WRITER_UNKNOWN, WRITER_CRI, WRITER_NERDCTL, WRITER_STORAGE };

static enum writer writer_of(const json_t *from)
{
	bool has_manager = get_annotation(from, "io.container.manager");
	bool has_nerdctl = get_annotation(from, "nerdctl/namespace");

	if (has_manager || has_nerdctl)
		return has_manager && has_nerdctl ? WRITER_UNKNOWN :
		       has_manager		  ? WRITER_STORAGE :
						    WRITER_NERDCTL;
	return get_annotation(from, "io.kubernetes.cri.container-type") ? WRITER_CRI :
									  WRITER_UNKNOWN;
}

/* A guess, until the index of the storage tells which of the two it is. */
static const char *runtime_of_manager(const json_t *from)
{
	const char *manager = get_annotation(from, "io.container.manager");

	return manager && strcmp(manager, "cri-o") == 0 ? "crio" : "podman";
}

/* The first digest of a reference, name@sha256:..., or of a list of them; empty:
 * there is none. */
static struct slice digest_of(const char *references)
{
	static const char start[] = "@sha256:";
	const char *at = references ? strstr(references, start) : NULL;
	size_t n = 0;

	if (!at)
		return (struct slice){ 0 };
	while (n < 64 && strchr("0123456789abcdef", at[sizeof(start) - 1 + n]) &&
	       at[sizeof(start) - 1 + n])
		n++;
	return n == 64 ? (struct slice){ at + 1, sizeof(start) - 2 + n } : (struct slice){ 0 };
}

static void take_digest(char **at, const char *references)
{
	if (!*at)
		replace_slice(at, digest_of(references));
}

static void take_cri(const json_t *from, struct container_facts *facts)
{
	static const char *const names[] = {
		"io.kubernetes.cri.container-name",
		"io.kubernetes.cri.sandbox-name", /* of the sandbox's own container */
		NULL,
	};
	static const char *const images[] = { "io.kubernetes.cri.image-name",
					      "io.kubernetes.cri.podsandbox.image-name", NULL };
	const char *image = first_annotation(from, images);

	replace_if_missing(&facts->pod, get_annotation(from, "io.kubernetes.cri.sandbox-name"));
	replace_if_missing(&facts->pod_ns,
			   get_annotation(from, "io.kubernetes.cri.sandbox-namespace"));
	replace_if_missing(&facts->pod_uid, get_annotation(from, "io.kubernetes.cri.sandbox-uid"));
	replace_if_missing(&facts->sandbox, get_annotation(from, "io.kubernetes.cri.sandbox-id"));
	replace_if_missing(&facts->name, first_annotation(from, names));
	replace_if_missing(&facts->image, image);
	take_digest(&facts->digest, image);
	set_runtime(facts, "containerd");
}

/* What only CRI-O may say, and only the index confirms that it is CRI-O. */
static void take_said(struct container_facts *facts)
{
	if (!facts->is_crio)
		return;
	if (facts->said_image)
		replace(&facts->image, facts->said_image);
	replace_if_missing(&facts->digest, facts->said_digest);
}

static void take_storage(const json_t *from, struct container_facts *facts)
{
	const char *image = get_annotation(from, "io.kubernetes.cri-o.ImageName");

	replace_if_missing(&facts->said_image, image);
	take_digest(&facts->said_digest,
		    get_annotation(from, "io.kubernetes.cri-o.ImageRepoDigests"));
	take_digest(&facts->said_digest, image);
	take_said(facts);
	if (!facts->is_indexed)
		set_runtime(facts, runtime_of_manager(from));
}

static void take_annotations(const json_t *from, struct container_facts *facts)
{
	switch (writer_of(from)) {
	case WRITER_CRI: take_cri(from, facts); break;
	case WRITER_NERDCTL:
		replace_if_missing(&facts->name, get_annotation(from, "nerdctl/name"));
		set_runtime(facts, "containerd");
		break;
	case WRITER_STORAGE: take_storage(from, facts); break;
	case WRITER_UNKNOWN: break;
	}
}

/* ---- names that Kubernetes' runtimes give: k8s_<container>_<pod>_<namespace>_<uid>_<n> */

#define KUBE_PARTS_MAX 6u

/* The parts behind "k8s_"; none of Kubernetes' own names has an underscore. */
static size_t split_kube_name(const char *name, struct slice ret[KUBE_PARTS_MAX])
{
	size_t n = 0;

	if (!name || strncmp(name, "k8s_", 4) != 0)
		return 0;
	for (name += 4; n < KUBE_PARTS_MAX; name++) {
		size_t len = strcspn(name, "_");

		if (len == 0)
			return 0;
		ret[n++] = (struct slice){ name, len };
		name += len;
		if (!*name)
			return n;
	}
	return 0;
}

/* Where a bundle lies tells who made it. */
static const char *runtime_of_bundle(const char *bundle)
{
	if (!bundle)
		return NULL;
	if (strstr(bundle, "/io.containerd.runtime.v2.task/moby/"))
		return "docker";
	if (strstr(bundle, "/io.containerd.runtime.v2.task/"))
		return "containerd";
	return NULL;
}

/* ---- the files */

int parse_runc_state(struct slice json, struct container_facts *facts)
{
	cleanup_json json_t *root = NULL;
	const json_t *labels;
	const char *id, *runtime;
	int r;

	r = read_json(json, &root);
	if (r < 0)
		return r;
	id = get_string(root, "id");
	if (!id || !json_is_integer(json_object_get(root, "init_process_pid")))
		return -EBADMSG;

	replace(&facts->id, id);
	facts->init_pid = get_pid(root, "init_process_pid");
	facts->init_start = get_number(root, "init_process_start");
	replace_if_missing(&facts->runtime, "runc");

	labels = json_object_get(json_object_get(root, "config"), "labels");
	if (json_is_array(labels)) {
		runtime = runtime_of_bundle(get_label(labels, "bundle"));
		if (runtime)
			set_runtime(facts, runtime);
		take_annotations(labels, facts);
	}
	return 0;
}

int parse_crun_status(struct slice json, struct container_facts *facts)
{
	cleanup_json json_t *root = NULL;
	const char *runtime;
	int r;

	r = read_json(json, &root);
	if (r < 0)
		return r;
	if (!json_is_integer(json_object_get(root, "pid")) || !get_string(root, "bundle"))
		return -EBADMSG;

	facts->init_pid = get_pid(root, "pid");
	facts->init_start = get_number(root, "process-start-time");
	replace_if_missing(&facts->runtime, "crun");
	runtime = runtime_of_bundle(get_string(root, "bundle"));
	if (runtime)
		set_runtime(facts, runtime);
	return 0;
}

static bool is_label(const json_t *labels, const char *key, struct slice want)
{
	const char *value = get_string(labels, key);

	return value && slice_eq(slice_from(value), want);
}

/* Labels may be the image's, and so anybody's: cri-dockerd is known by the name
 * that it gives, and it writes the labels that agree with it. Kubernetes' own
 * name of a container is the shorter; that of the pod's own container is POD. */
static void take_kubernetes_labels(const json_t *labels, struct container_facts *facts)
{
	struct slice parts[KUBE_PARTS_MAX];

	/* A name that is taken gets one more part. */
	if (split_kube_name(facts->name, parts) < 5 ||
	    !is_label(labels, "io.kubernetes.container.name", parts[0]) ||
	    !is_label(labels, "io.kubernetes.pod.name", parts[1]) ||
	    !is_label(labels, "io.kubernetes.pod.namespace", parts[2]) ||
	    !is_label(labels, "io.kubernetes.pod.uid", parts[3]))
		return;
	replace_slice(&facts->pod, parts[1]);
	replace_slice(&facts->pod_ns, parts[2]);
	replace_slice(&facts->pod_uid, parts[3]);
	replace(&facts->sandbox, get_string(labels, "io.kubernetes.sandbox.id"));
	if (!slice_eq(parts[0], SLICE_LITERAL("POD")))
		replace_slice(&facts->name, parts[0]);
}

int parse_docker_config(struct slice json, struct container_facts *facts)
{
	cleanup_json json_t *root = NULL;
	const json_t *config, *state, *labels;
	const char *id, *name, *image;
	int r;

	r = read_json(json, &root);
	if (r < 0)
		return r;
	id = get_string(root, "ID");
	config = json_object_get(root, "Config");
	if (!id || !json_is_object(config))
		return -EBADMSG;

	name = get_string(root, "Name");
	image = get_string(config, "Image");
	replace(&facts->id, id);
	replace(&facts->name, name && name[0] == '/' ? name + 1 : name);
	replace(&facts->image, image ? image : get_string(root, "Image"));
	replace(&facts->runtime, "docker");

	replace(&facts->image_id, get_string(root, "Image"));
	take_digest(&facts->digest, image);
	labels = json_object_get(config, "Labels");
	if (json_is_object(labels))
		take_kubernetes_labels(labels, facts);

	state = json_object_get(root, "State");
	if (!facts->init_pid)
		facts->init_pid = get_pid(state, "Pid");
	return 0;
}

int parse_oci_config(struct slice json, struct container_facts *facts)
{
	cleanup_json json_t *root = NULL;
	const json_t *annotations;
	int r;

	r = read_json(json, &root);
	if (r < 0)
		return r;
	if (!get_string(root, "ociVersion"))
		return -EBADMSG;
	annotations = json_object_get(root, "annotations");
	if (json_is_object(annotations))
		take_annotations(annotations, facts);
	return 0;
}

/* The pod by its own name, k8s_<pod>_<namespace>_<uid>_<n>. Only CRI-O keeps it,
 * where no image has a say. */
static void take_crio(const json_t *metadata, struct container_facts *facts)
{
	struct slice parts[KUBE_PARTS_MAX];

	facts->is_crio = true;
	replace(&facts->runtime, "crio");
	replace(&facts->name, get_string(metadata, "metadata-name"));
	replace(&facts->sandbox, get_string(metadata, "pod-id"));
	if (split_kube_name(get_string(metadata, "pod-name"), parts) < 4)
		return;
	replace_slice(&facts->pod, parts[0]);
	replace_slice(&facts->pod_ns, parts[1]);
	replace_slice(&facts->pod_uid, parts[2]);
}

/* An entry of the index; its `metadata` is JSON within a string. It was written
 * by the runtime alone and outranks all annotations. */
static void take_entry(const json_t *entry, struct container_facts *facts)
{
	cleanup_json json_t *metadata = NULL;
	const char *text = get_string(entry, "metadata");
	const char *name = json_string_value(json_array_get(json_object_get(entry, "names"), 0));

	facts->is_indexed = true;
	if (text && read_json(slice_from(text), &metadata) < 0)
		metadata = NULL;
	if (name && *name)
		replace(&facts->name, name);
	replace(&facts->name, get_string(metadata, "name"));
	replace(&facts->image, get_string(metadata, "image-name"));
	replace(&facts->image_id, get_string(metadata, "image-id"));
	replace_if_missing(&facts->image, get_string(entry, "image"));
	take_digest(&facts->digest, get_string(metadata, "image-name"));
	if (get_string(metadata, "pod-id"))
		take_crio(metadata, facts);
	else
		replace(&facts->runtime, "podman");
	take_said(facts);
}

int parse_storage_index(struct slice json, struct container_facts *facts)
{
	cleanup_json json_t *root = NULL;
	int r;

	r = read_json(json, &root);
	if (r < 0)
		return r;
	if (!json_is_array(root))
		return -EBADMSG;

	for (size_t i = 0; facts->id && i < json_array_size(root); i++) {
		const json_t *entry = json_array_get(root, i);
		const char *id = get_string(entry, "id");

		if (!id || strcmp(id, facts->id) != 0)
			continue;
		take_entry(entry, facts);
		return 0;
	}
	return -ENOENT;
}

int runtime_json_read(struct slice json, json_t **ret)
{
	return read_json(json, ret);
}
