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
	*facts = (struct container_facts){ 0 };
}

static void replace(char **at, const char *s)
{
	size_t len = s ? strlen(s) : 0;
	char *copy;

	if (!s)
		return;
	if (len > STRING_MAX)
		len = STRING_MAX;
	copy = malloc(len + 1);
	if (!copy)
		return;
	memcpy(copy, s, len);
	copy[len] = 0;
	free(*at);
	*at = copy;
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

static const char *get_label(const json_t *labels, const char *key)
{
	size_t key_len = strlen(key);

	for (size_t i = 0; i < json_array_size(labels); i++) {
		const json_t *label = json_array_get(labels, i);
		const char *s = json_string_value(label);

		if (s && strncmp(s, key, key_len) == 0 && s[key_len] == '=' && s[key_len + 1] &&
		    strlen(s) == json_string_length(label))
			return s + key_len + 1;
	}
	return NULL;
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

static const char *runtime_of_annotations(const json_t *from)
{
	const char *manager = get_annotation(from, "io.container.manager");

	if (manager && strcmp(manager, "libpod") == 0)
		return "podman";
	if (manager && strcmp(manager, "cri-o") == 0)
		return "crio";
	/* podman writes some keys of CRI-O too, not this one. */
	if (get_annotation(from, "io.kubernetes.cri-o.ContainerID"))
		return "crio";
	if (get_annotation(from, "io.kubernetes.cri.container-type"))
		return "containerd";
	return NULL;
}

/* The digest of a reference, name@sha256:...; NULL: it has none. */
static const char *digest_of(const char *reference)
{
	const char *at = reference ? strrchr(reference, '@') : NULL;

	return at && strncmp(at + 1, "sha256:", strlen("sha256:")) == 0 ? at + 1 : NULL;
}

/* Of the pod. cri-dockerd and CRI-O write the second form of each, as labels
 * and as annotations; containerd's CRI the first. */
static void take_pod(const json_t *from, struct container_facts *facts)
{
	static const char *const pods[] = { "io.kubernetes.cri.sandbox-name",
					    "io.kubernetes.pod.name", NULL };
	static const char *const namespaces[] = { "io.kubernetes.cri.sandbox-namespace",
						  "io.kubernetes.pod.namespace", NULL };
	static const char *const uids[] = { "io.kubernetes.cri.sandbox-uid",
					    "io.kubernetes.pod.uid", NULL };
	static const char *const sandboxes[] = { "io.kubernetes.cri.sandbox-id",
						 "io.kubernetes.cri-o.SandboxID",
						 "io.kubernetes.sandbox.id", NULL };

	replace_if_missing(&facts->pod, first_annotation(from, pods));
	replace_if_missing(&facts->pod_ns, first_annotation(from, namespaces));
	replace_if_missing(&facts->pod_uid, first_annotation(from, uids));
	replace_if_missing(&facts->sandbox, first_annotation(from, sandboxes));
}

static void take_annotations(const json_t *from, struct container_facts *facts)
{
	static const char *const ids[] = { "io.kubernetes.cri-o.ContainerID", NULL };
	static const char *const names[] = {
		"io.kubernetes.cri.container-name",
		"io.kubernetes.container.name",
		"io.kubernetes.cri-o.Name",
		"nerdctl/name",
		"io.kubernetes.cri.sandbox-name", /* of the sandbox's own container */
		NULL,
	};
	static const char *const images[] = {
		"io.kubernetes.cri.image-name",
		"io.kubernetes.cri-o.ImageName",
		"io.kubernetes.cri-o.Image",
		"io.kubernetes.cri.podsandbox.image-name",
		NULL,
	};
	static const char *const image_ids[] = { "io.kubernetes.cri-o.ImageRef", NULL };
	const char *runtime = runtime_of_annotations(from);
	const char *image = first_annotation(from, images);

	take_pod(from, facts);
	replace_if_missing(&facts->image_id, first_annotation(from, image_ids));
	replace_if_missing(&facts->digest,
			   digest_of(get_annotation(from, "io.kubernetes.cri-o.ImageRepoDigests")));
	replace_if_missing(&facts->digest, digest_of(image));
	replace_if_missing(&facts->id, first_annotation(from, ids));
	replace_if_missing(&facts->name, first_annotation(from, names));
	replace_if_missing(&facts->image, image);
	if (runtime)
		set_runtime(facts, runtime);
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
		take_annotations(labels, facts);
		runtime = runtime_of_bundle(get_label(labels, "bundle"));
		if (runtime)
			set_runtime(facts, runtime);
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

/* cri-dockerd's. Labels are the image's too, but Docker lets those of the
 * container win. What it calls a pod's container is "k8s_..."; the short name
 * is Kubernetes' own. */
static void take_kubernetes_labels(const json_t *labels, struct container_facts *facts)
{
	const char *name = get_string(labels, "io.kubernetes.container.name");

	if (!get_string(labels, "io.kubernetes.pod.uid"))
		return;
	take_pod(labels, facts);
	if (name && strcmp(name, "POD") != 0)
		replace(&facts->name, name);
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
	replace_if_missing(&facts->digest, digest_of(image));
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

/* `metadata` is JSON within a string. */
static void take_storage_metadata(const json_t *entry, struct container_facts *facts)
{
	cleanup_json json_t *root = NULL;
	const char *metadata = get_string(entry, "metadata");

	if (!metadata || read_json(slice_from(metadata), &root) < 0)
		return;
	replace_if_missing(&facts->name, get_string(root, "name"));
	replace_if_missing(&facts->image, get_string(root, "image-name"));
	replace_if_missing(&facts->image_id, get_string(root, "image-id"));
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
		const json_t *names = json_object_get(entry, "names");
		const char *id = get_string(entry, "id"), *first;

		if (!id || strcmp(id, facts->id) != 0)
			continue;
		first = json_string_value(json_array_get(names, 0));
		if (first && *first)
			replace_if_missing(&facts->name, first);
		take_storage_metadata(entry, facts);
		replace_if_missing(&facts->image, get_string(entry, "image"));
		return 0;
	}
	return -ENOENT;
}

int runtime_json_read(struct slice json, json_t **ret)
{
	return read_json(json, ret);
}
