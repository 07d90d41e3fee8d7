/* SPDX-License-Identifier: Apache-2.0 */
/* runc's state.json holds what it made of the specification: the source for
 * containers whose bundle is not known any more. */
#include <linux/capability.h>
#include <linux/sched.h>
#include <sys/mount.h>

#include "enrich/posture_find.h"
#include "enrich/runtime_json.h"

static void release_json(json_t **root)
{
	json_decref(*root);
}
#define cleanup_json __attribute__((cleanup(release_json)))

static const char *get_string(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	const char *s = json_string_value(value);

	return s && *s && strlen(s) == json_string_length(value) ? s : NULL;
}

static size_t n_items(const json_t *array)
{
	size_t n = json_array_size(array);

	return n < POSTURE_ITEMS_MAX ? n : POSTURE_ITEMS_MAX;
}

static bool is_positive(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key)) > 0;
}

static void read_namespaces(const json_t *list, struct posture *posture)
{
	static const struct {
		const char *type;
		enum posture_check check;
	} kinds[] = {
		{ "NEWPID", POSTURE_HOST_PID },	      { "NEWNET", POSTURE_HOST_NET },
		{ "NEWIPC", POSTURE_HOST_IPC },	      { "NEWUTS", POSTURE_HOST_UTS },
		{ "NEWCGROUP", POSTURE_HOST_CGROUP }, { "NEWUSER", POSTURE_HOST_USER },
	};

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		bool is_own = false;

		for (size_t i = 0; i < n_items(list); i++) {
			const char *type = get_string(json_array_get(list, i), "type");

			is_own |= type && strcmp(type, kinds[k].type) == 0;
		}
		if (!is_own)
			posture_set(posture, kinds[k].check);
		else if (kinds[k].check == POSTURE_HOST_USER)
			posture->has_user_ns = true;
	}
}

static void read_mounts(const json_t *mounts, struct posture *posture)
{
	for (size_t i = 0; i < n_items(mounts); i++) {
		const json_t *mount = json_array_get(mounts, i);
		const char *source = get_string(mount, "source");
		const char *device = get_string(mount, "device");
		json_int_t flags = json_integer_value(json_object_get(mount, "flags"));
		const json_t *propagation = json_object_get(mount, "propagation_flags");

		for (size_t k = 0; k < n_items(propagation); k++)
			if (json_integer_value(json_array_get(propagation, k)) & MS_SHARED)
				posture_find(posture, POSTURE_SHARED_MOUNT, "%s",
					     source ? source : "?");
		if (source && source[0] == '/' &&
		    ((flags & MS_BIND) || (device && strcmp(device, "bind") == 0)))
			posture_add_bind(posture, source, !(flags & MS_RDONLY));
	}
}

static bool allows_all_devices(const json_t *rules)
{
	for (size_t i = 0; i < n_items(rules); i++) {
		const json_t *rule = json_array_get(rules, i);
		const char *access = get_string(rule, "permissions");

		/* 97 is 'a', for all */
		if (json_is_true(json_object_get(rule, "allow")) &&
		    json_integer_value(json_object_get(rule, "type")) == 'a' &&
		    json_integer_value(json_object_get(rule, "major")) < 0 &&
		    (!access || strchr(access, 'w')))
			return true;
	}
	return false;
}

static void read_cgroups(const json_t *cgroups, struct posture *posture)
{
	if (!is_positive(cgroups, "memory"))
		posture_set(posture, POSTURE_NO_MEMORY_LIMIT);
	if (!is_positive(cgroups, "pids_limit"))
		posture_set(posture, POSTURE_NO_PIDS_LIMIT);
	if (!is_positive(cgroups, "cpu_quota") && !is_positive(cgroups, "cpu_shares") &&
	    !is_positive(cgroups, "cpu_weight"))
		posture_set(posture, POSTURE_NO_CPU_LIMIT);
	posture_judge_privileged(posture, allows_all_devices(json_object_get(cgroups, "devices")));
}

static void read_confinement(const json_t *config, struct posture *posture)
{
	const char *profile = get_string(config, "apparmor_profile");

	if (!json_is_true(json_object_get(config, "no_new_privileges")))
		posture_set(posture, POSTURE_NEW_PRIVILEGES);
	if ((!profile || strcmp(profile, "unconfined") == 0) &&
	    !get_string(config, "process_label"))
		posture_set(posture, POSTURE_LSM_OFF);
	if (!json_is_object(json_object_get(config, "seccomp")))
		posture_set(posture, POSTURE_SECCOMP_OFF);
	if (json_array_size(json_object_get(config, "mask_paths")) == 0 ||
	    json_array_size(json_object_get(config, "readonly_paths")) == 0)
		posture_set(posture, POSTURE_PATHS_UNMASKED);
	if (!json_is_true(json_object_get(config, "readonlyfs")))
		posture_set(posture, POSTURE_ROOT_WRITABLE);
	if (json_array_size(json_object_get(config, "rlimits")) == 0)
		posture_set(posture, POSTURE_NO_RLIMITS);
}

int posture_read_runc_state(struct slice json, struct posture *posture)
{
	cleanup_json json_t *root = NULL;
	const json_t *config, *devices;
	int r;

	r = runtime_json_read(json, &root);
	if (r < 0)
		return r;
	config = json_object_get(root, "config");
	if (!get_string(root, "id") || !json_is_object(config) || !get_string(config, "rootfs"))
		return -EBADMSG;
	if (posture->has_spec)
		return 0;

	posture->has_spec = true;
	posture_add_capabilities(
		json_object_get(json_object_get(config, "capabilities"), "Bounding"), posture);
	read_namespaces(json_object_get(config, "namespaces"), posture);
	read_mounts(json_object_get(config, "mounts"), posture);
	devices = json_object_get(config, "devices");
	for (size_t i = 0; i < n_items(devices); i++) {
		const json_t *device = json_array_get(devices, i);
		const char *path = get_string(device, "path");

		if (path)
			posture_add_device(
				path, json_integer_value(json_object_get(device, "type")) == 'b',
				json_integer_value(json_object_get(device, "major")), posture);
	}
	read_cgroups(json_object_get(config, "cgroups"), posture);
	read_confinement(config, posture);
	return 0;
}
