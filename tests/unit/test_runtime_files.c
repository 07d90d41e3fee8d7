/* SPDX-License-Identifier: Apache-2.0 */
/* The runtimes' files. Those in data/ were written by runc 1.1.5, crun 1.8.1,
 * Docker 20.10.24 and podman 4.3.1; those of CRI-O and of containerd's CRI are
 * made by hand after their sources. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <jansson.h>

#include "enrich/enrich.h"

#define DOCKER_ID "b913bf055ac72265df953e04f9dd47207187633a2dc06dcd6855c3bacacb9400"
#define PODMAN_ID "f2a178f222db05bb702be1f16c539843c66a7510fa9cb3ad68de6b946179835b"
#define SANDBOX_ID "d52db56a9c80d536a91354c0951c061187ca46249e64865a12703003d8f42366"
#define CRIO_IMAGE "2412b4bf0f2a6d3ee7a05e8b7f8c2c9c3a0a7c3f1be0d3c49fd2e2a3aa8b4c11"
#define CRIO_ID "605439acbd4fb18c145069289094b17f17e0cfa938f78012d4960bc797305f22"

typedef int parse_fn(struct slice json, struct container_facts *facts);

static parse_fn *const parsers[] = {
	parse_runc_state, parse_crun_status,   parse_docker_config,
	parse_oci_config, parse_storage_index, parse_machine,	    parse_lxc_config,
};

static char *read_data(const char *name, size_t *ret_len)
{
	const char *dir = getenv("BRIGWATCH_TEST_DATA");
	char path[512], *bytes = malloc(1 << 20);
	ssize_t n;
	int fd;

	assert_non_null(bytes);
	snprintf(path, sizeof(path), "%s/%s", dir ? dir : "tests/unit/data", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("cannot open %s: %s", path, strerror(errno));
	n = read(fd, bytes, 1 << 20);
	assert_true(n > 0);
	close(fd);
	*ret_len = (size_t)n;
	return bytes;
}

static int parse_data(parse_fn *parse, const char *name, struct container_facts *facts)
{
	cleanup_free char *bytes = NULL;
	size_t len;

	bytes = read_data(name, &len);
	return parse((struct slice){ bytes, len }, facts);
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* clang-format off */
/* Each container by its files, in either order. The index is searched by an id
 * that is known before. */
static const struct {
	const char *name;
	struct { parse_fn *parse; const char *file; } files[2];
	struct container_facts want;
} cases[] = {
	{ "plain runc", { { parse_runc_state, "runc_state.json" } },
	  { "web-one", NULL, NULL, "runc", 26772, 234250 } },
	{ "crun", { { parse_crun_status, "crun_status.json" } },
	  { NULL, NULL, NULL, "crun", 27685, 247487 } },
	{ "docker", { { parse_runc_state, "runc_state_docker.json" }, { parse_docker_config, "docker_config_v2.json" } },
	  { DOCKER_ID, "web-1", "registry.example/team/busy:1.2", "docker", 27859, 247605 } },
	{ "docker without its own file", { { parse_runc_state, "runc_state_docker.json" }, { parse_oci_config, "oci_config_docker.json" } },
	  { DOCKER_ID, NULL, NULL, "docker", 27859, 247605 } },
	{ "podman", { { parse_oci_config, "oci_config_podman.json" } },
	  { NULL, NULL, NULL, "podman", 0, 0 } },
	{ "containerd's CRI", { { parse_oci_config, "oci_config_cri_containerd.json" } },
	  { NULL, "web", "registry.example/team/web:2", "containerd", 0, 0, .pod = "web-7d4b9", .pod_ns = "shop", .pod_uid = "ac04f3f2-1f2c-11e9-b015-1ebee232acfa",
	    .sandbox = "d52db56a9c80d536a91354c0951c061187ca46249e64865a12703003d8f42366" } },
	{ "containerd's CRI, sandbox", { { parse_oci_config, "oci_config_cri_sandbox.json" } },
	  { NULL, "web-7d4b9", "registry.example/pause:3.9", "containerd", 0, 0, .pod = "web-7d4b9", .pod_ns = "shop", .pod_uid = "ac04f3f2-1f2c-11e9-b015-1ebee232acfa",
	    .sandbox = "d52db56a9c80d536a91354c0951c061187ca46249e64865a12703003d8f42366" } },
	{ "podman and its index", { { parse_oci_config, "oci_config_podman.json" }, { parse_storage_index, "storage_containers.json" } },
	  { PODMAN_ID, "pod-web", "registry.example/team/pbusy:3", "podman", 0, 0 } },
	{ "cri-o without its index: nothing that podman could have of an image", { { parse_oci_config, "oci_config_crio.json" } },
	  { NULL, NULL, NULL, "crio", 0, 0 } },
	{ "cri-o", { { parse_oci_config, "oci_config_crio.json" }, { parse_storage_index, "storage_containers_crio.json" } },
	  { CRIO_ID, "web", "registry.example/team/web:2", "crio", 0, 0, .pod = "web-7d4b9", .pod_ns = "shop", .pod_uid = "ac04f3f2-1f2c-11e9-b015-1ebee232acfa",
	    .sandbox = SANDBOX_ID } },
	{ "cri-o's sandbox", { { parse_storage_index, "storage_containers_crio.json" } },
	  { SANDBOX_ID, "web-7d4b9", "registry.example/pause:3.9", "crio", 0, 0, .pod = "web-7d4b9", .pod_ns = "shop", .pod_uid = "ac04f3f2-1f2c-11e9-b015-1ebee232acfa",
	    .sandbox = SANDBOX_ID } },
	{ "cri-o and crun", { { parse_storage_index, "storage_containers_crio.json" }, { parse_crun_status, "crun_status.json" } },
	  { CRIO_ID, "web", CRIO_IMAGE, "crio", 27685, 247487, .pod = "web-7d4b9", .pod_ns = "shop", .pod_uid = "ac04f3f2-1f2c-11e9-b015-1ebee232acfa",
	    .sandbox = SANDBOX_ID } },
};
/* clang-format on */

static void check_facts(const char *name, const struct container_facts *got,
			const struct container_facts *want)
{
	if (same(got->id, want->id) && same(got->name, want->name) &&
	    same(got->image, want->image) && same(got->runtime, want->runtime) &&
	    same(got->pod, want->pod) && same(got->pod_ns, want->pod_ns) &&
	    same(got->pod_uid, want->pod_uid) && same(got->sandbox, want->sandbox) &&
	    got->init_pid == want->init_pid && got->init_start == want->init_start)
		return;
	fail_msg("%s: want %s %s %s %s %u %llu, got %s %s %s %s %u %llu", name,
		 want->id ? want->id : "-", want->name ? want->name : "-",
		 want->image ? want->image : "-", want->runtime ? want->runtime : "-",
		 want->init_pid, (unsigned long long)want->init_start, got->id ? got->id : "-",
		 got->name ? got->name : "-", got->image ? got->image : "-",
		 got->runtime ? got->runtime : "-", got->init_pid,
		 (unsigned long long)got->init_start);
}

static void real_files_give_their_facts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (unsigned int turned = 0; turned < 2; turned++) {
			struct container_facts facts = { 0 };

			if (cases[i].files[0].parse == parse_storage_index ||
			    cases[i].files[1].parse == parse_storage_index)
				facts.id = strdup(cases[i].want.id);
			for (unsigned int k = 0; k < 2; k++) {
				unsigned int at = k ^ turned;

				if (cases[i].files[at].parse)
					assert_int_equal(parse_data(cases[i].files[at].parse,
								    cases[i].files[at].file,
								    &facts),
							 0);
			}
			check_facts(cases[i].name, &facts, &cases[i].want);
			container_facts_release(&facts);
		}
	}
}

#define SHA_BB "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* cri-dockerd keeps the pod in labels, and calls a pod's own container POD. Labels
 * are the image's, too: only the name tells that it was cri-dockerd. */
static void only_the_name_makes_labels_a_pod(void **state)
{
	static const char text[] =
		"{\"ID\":\"" DOCKER_ID "\",\"Name\":\"/%s\",\"Image\":\"sha256:aa\","
		"\"Config\":{\"Image\":\"reg.example/web@" SHA_BB "\",\"Labels\":{"
		"\"io.kubernetes.container.name\":\"%s\",\"io.kubernetes.pod.name\":\"web-0\","
		"\"io.kubernetes.pod.namespace\":\"shop\",\"io.kubernetes.pod.uid\":\"u-1\","
		"\"io.kubernetes.sandbox.id\":\"" CRIO_ID "\"}}}";
	static const struct {
		const char *name, *label, *want, *pod;
	} names[] = {
		{ "k8s_web_web-0_shop_u-1_0", "web", "web", "web-0" },
		{ "k8s_web_web-0_shop_u-1_0_1b2c3d4e", "web", "web", "web-0" },
		{ "k8s_POD_web-0_shop_u-1_0", "POD", "k8s_POD_web-0_shop_u-1_0", "web-0" },
		{ "innocent", "web", "innocent", NULL },
		{ "k8s_web_web-0_shop_u-2_0", "web", "k8s_web_web-0_shop_u-2_0", NULL },
		{ "k8s_web_web-1_shop_u-1_0", "web", "k8s_web_web-1_shop_u-1_0", NULL },
		{ "k8s_web_web-0_kube-system_u-1_0", "web", "k8s_web_web-0_kube-system_u-1_0", NULL },
		{ "k8s_other_web-0_shop_u-1_0", "web", "k8s_other_web-0_shop_u-1_0", NULL },
		{ "k8s_web_web-0_shop_u-1", "web", "k8s_web_web-0_shop_u-1", NULL },
		{ "k8s_web_web-0_shop__0", "web", "k8s_web_web-0_shop__0", NULL },
		{ "k8s_web_web-0_shop_u-1_0_1_2", "web", "k8s_web_web-0_shop_u-1_0_1_2", NULL },
		{ "k8s_", "web", "k8s_", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct container_facts facts = { 0 };
		bool is_pod = names[i].pod;
		char json[1024];

		snprintf(json, sizeof(json), text, names[i].name, names[i].label);
		assert_int_equal(parse_docker_config(slice_from(json), &facts), 0);
		assert_string_equal(facts.name, names[i].want);
		if (!same(facts.pod, names[i].pod) || !same(facts.pod_ns, is_pod ? "shop" : NULL) ||
		    !same(facts.pod_uid, is_pod ? "u-1" : NULL) ||
		    !same(facts.sandbox, is_pod ? CRIO_ID : NULL))
			fail_msg("%s: pod %s", names[i].name, facts.pod ? facts.pod : "-");
		assert_string_equal(facts.image_id, "sha256:aa");
		assert_string_equal(facts.digest, SHA_BB);
		container_facts_release(&facts);
	}
}

#define MADE_UP_CRI \
	"\"io.kubernetes.cri.container-type\":\"container\",\"io.kubernetes.cri.sandbox-name\":\"victim\"," \
	"\"io.kubernetes.cri.sandbox-namespace\":\"kube-system\",\"io.kubernetes.cri.sandbox-uid\":\"u\"," \
	"\"io.kubernetes.cri.container-name\":\"apiserver\",\"io.kubernetes.cri.image-name\":\"good:1\""
#define MADE_UP_CRIO \
	"\"io.kubernetes.cri-o.ContainerID\":\"" DOCKER_ID "\",\"io.kubernetes.cri-o.Name\":\"victim\"," \
	"\"io.kubernetes.cri-o.ImageName\":\"good:1\",\"io.kubernetes.pod.name\":\"victim\"," \
	"\"io.kubernetes.pod.uid\":\"u\",\"io.kubernetes.pod.namespace\":\"kube-system\"," \
	"\"io.kubernetes.container.name\":\"apiserver\",\"io.kubernetes.cri-o.SandboxID\":\"" DOCKER_ID "\"," \
	"\"io.kubernetes.cri-o.ImageRepoDigests\":\"[\\\"good@" SHA_BB "\\\"]\""

/* podman takes annotations of the image's manifest over (and lets even its own
 * io.container.manager be theirs), nerdctl the image's labels. */
static void an_image_cannot_name_a_pod(void **state)
{
	static const struct {
		const char *name, *annotations, *want_name, *want_image, *want_runtime;
		bool is_indexed;
	} images[] = {
		{ "podman, containerd's keys", "\"io.container.manager\":\"libpod\"," MADE_UP_CRI,
		  NULL, NULL, "podman", false },
		{ "podman, CRI-O's keys", "\"io.container.manager\":\"libpod\"," MADE_UP_CRIO, NULL,
		  NULL, "podman", false },
		{ "podman, CRI-O's manager", "\"io.container.manager\":\"cri-o\"," MADE_UP_CRIO, NULL,
		  NULL, "crio", false },
		{ "podman, CRI-O's manager, and the index",
		  "\"io.container.manager\":\"cri-o\"," MADE_UP_CRIO, "pod-web",
		  "registry.example/team/pbusy:3", "podman", true },
		{ "podman, nerdctl's keys",
		  "\"io.container.manager\":\"libpod\",\"nerdctl/namespace\":\"a\",\"nerdctl/name\":\"victim\"",
		  NULL, NULL, NULL, false },
		{ "nerdctl", "\"nerdctl/namespace\":\"default\",\"nerdctl/name\":\"own\"", "own", NULL,
		  "containerd", false },
		{ "nerdctl, containerd's keys",
		  "\"nerdctl/namespace\":\"default\",\"nerdctl/name\":\"own\"," MADE_UP_CRI, "own", NULL,
		  "containerd", false },
		{ "nerdctl, CRI-O's keys",
		  "\"nerdctl/namespace\":\"default\",\"nerdctl/name\":\"own\"," MADE_UP_CRIO, "own", NULL,
		  "containerd", false },
		{ "nerdctl, CRI-O's manager",
		  "\"nerdctl/namespace\":\"default\",\"nerdctl/name\":\"own\",\"io.container.manager\":\"cri-o\"," MADE_UP_CRIO,
		  NULL, NULL, NULL, false },
		{ "nobody's", MADE_UP_CRIO, NULL, NULL, NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(images); i++) {
		struct container_facts facts = { 0 };
		char json[4096];

		snprintf(json, sizeof(json), "{\"ociVersion\":\"1.0.2\",\"annotations\":{%s}}",
			 images[i].annotations);
		assert_int_equal(parse_oci_config(slice_from(json), &facts), 0);
		assert_null(facts.id);
		if (images[i].is_indexed) {
			facts.id = strdup(PODMAN_ID);
			assert_int_equal(parse_data(parse_storage_index, "storage_containers.json",
						    &facts),
					 0);
		}
		if (facts.pod || facts.pod_ns || facts.pod_uid || facts.sandbox || facts.digest ||
		    !same(facts.name, images[i].want_name) ||
		    !same(facts.image, images[i].want_image) ||
		    !same(facts.runtime, images[i].want_runtime))
			fail_msg("%s: got pod %s, name %s, image %s, runtime %s", images[i].name,
				 facts.pod ? facts.pod : "-", facts.name ? facts.name : "-",
				 facts.image ? facts.image : "-",
				 facts.runtime ? facts.runtime : "-");
		container_facts_release(&facts);
	}
}

/* The label that runc writes itself comes behind the annotations. */
static void an_annotation_is_not_taken_for_the_bundle(void **state)
{
	static const char json[] =
		"{\"id\":\"a\",\"init_process_pid\":7,\"config\":{\"labels\":["
		"\"bundle=/run/containerd/io.containerd.runtime.v2.task/moby/a\",\"x=y\","
		"\"bundle=/run/containerd/io.containerd.runtime.v2.task/default/a\"]}}";
	struct container_facts facts = { 0 };

	(void)state;
	assert_int_equal(parse_runc_state(slice_from(json), &facts), 0);
	assert_string_equal(facts.runtime, "containerd");
	container_facts_release(&facts);
}

/* A reference, or a list of them. */
static void digests_are_found_in_lists(void **state)
{
	static const struct {
		const char *digests, *want;
	} cris[] = {
		{ "[\\\"reg.example/a@" SHA_BB "\\\",\\\"reg.example/b@sha256:cc\\\"]", SHA_BB },
		{ "reg.example/a@" SHA_BB, SHA_BB },
		{ "reg.example/a@sha256:short", NULL },
		{ "[]", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cris); i++) {
		struct container_facts facts = { .id = strdup(CRIO_ID) };
		char json[1024];

		snprintf(json, sizeof(json),
			 "{\"ociVersion\":\"1.0.2\",\"annotations\":{\"io.container.manager\":\"cri-o\","
			 "\"io.kubernetes.cri-o.ImageRepoDigests\":\"%s\"}}",
			 cris[i].digests);
		assert_int_equal(parse_oci_config(slice_from(json), &facts), 0);
		assert_int_equal(parse_data(parse_storage_index, "storage_containers_crio.json", &facts),
				 0);
		if (!same(facts.digest, cris[i].want))
			fail_msg("%s: got %s", cris[i].digests, facts.digest ? facts.digest : "-");
		container_facts_release(&facts);
	}
}

static void storage_index_is_searched_by_id(void **state)
{
	struct container_facts facts = { .id = strdup(PODMAN_ID) };

	(void)state;
	assert_int_equal(parse_data(parse_storage_index, "storage_containers.json", &facts), 0);
	assert_string_equal(facts.name, "pod-web");
	assert_string_equal(facts.image, "registry.example/team/pbusy:3");
	container_facts_release(&facts);

	facts.id = strdup(DOCKER_ID);
	assert_int_equal(parse_data(parse_storage_index, "storage_containers.json", &facts),
			 -ENOENT);
	assert_null(facts.name);
	container_facts_release(&facts);
	assert_int_equal(parse_data(parse_storage_index, "storage_containers.json", &facts),
			 -ENOENT);
	container_facts_release(NULL);
}

#define MACHINE(leader) \
	"# This is private data. Do not parse.\nNAME=deb-1\nSCOPE=machine-deb\\x2d1.scope\n" \
	"SERVICE=systemd-nspawn\nROOT=/srv/deb\nCLASS=container\nLEADER=" leader "\n"

/* clang-format off */
static const struct {
	const char *name, *text;
	int want;
	const char *id, *runtime;
	uint32_t pid;
} machines[] = {
	{ "nspawn", MACHINE("4242"), 0, "deb-1", "systemd-nspawn", 4242 },
	{ "no service", "NAME=a\nCLASS=container\nLEADER=7", 0, "a", "systemd-nspawn", 7 },
	{ "quoted", "NAME=\"a\"\nSERVICE=\"libvirt-lxc\"\nCLASS=\"container\"\nLEADER=\"7\"", 0, "a", "libvirt-lxc", 7 },
	{ "a virtual machine", "NAME=a\nCLASS=vm\nLEADER=7", -EBADMSG, NULL, NULL, 0 },
	{ "no leader", "NAME=a\nCLASS=container\n", -EBADMSG, NULL, NULL, 0 },
	{ "leader that is no number", MACHINE("7x"), -EBADMSG, NULL, NULL, 0 },
	{ "leader beyond all", MACHINE("99999999999"), -EBADMSG, NULL, NULL, 0 },
	{ "name of control characters", "NAME=\033[2J\nCLASS=container\nLEADER=7", -EBADMSG, NULL, NULL, 0 },
	{ "empty", "", -EBADMSG, NULL, NULL, 0 },
	{ "equals signs", "=\n==\n= =", -EBADMSG, NULL, NULL, 0 },
};
/* clang-format on */

static void machines_name_their_leader(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		struct container_facts facts = { 0 };
		int r = parse_machine(slice_from(machines[i].text), &facts);

		if (r != machines[i].want || !same(facts.id, machines[i].id) ||
		    !same(facts.runtime, machines[i].runtime) || facts.init_pid != machines[i].pid)
			fail_msg("%s: got %d, %s", machines[i].name, r, facts.id ? facts.id : "-");
		container_facts_release(&facts);
	}
}

static void lxc_configs_are_known(void **state)
{
	struct container_facts facts = { 0 };

	(void)state;
	assert_int_equal(parse_lxc_config(slice_from("# Template\nlxc.include = /usr/share/x\n"
						     "lxc.uts.name = web-1 \n"),
					  &facts),
			 0);
	assert_string_equal(facts.name, "web-1");
	assert_string_equal(facts.runtime, "lxc");
	container_facts_release(&facts);
	assert_int_equal(parse_lxc_config(slice_from("[core]\nname = x\n"), &facts), -EBADMSG);
	assert_null(facts.runtime);

	/* Another runtime's container of the same name. */
	facts.runtime = strdup("runc");
	assert_int_equal(parse_lxc_config(slice_from("lxc.uts.name=x"), &facts), 0);
	assert_null(facts.name);
	container_facts_release(&facts);
}

static void one_kind_is_not_taken_for_another(void **state)
{
	static const char *const files[] = {
		"runc_state.json",	  "crun_status.json",	     "docker_config_v2.json",
		"oci_config_docker.json", "storage_containers.json",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parsers); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(files); k++) {
			struct container_facts facts = { 0 };

			if (i != k)
				assert_int_equal(parse_data(parsers[i], files[k], &facts),
						 -EBADMSG);
			assert_true(i == k || !facts.id);
			container_facts_release(&facts);
		}
	}
}

/* ---- bytes that no runtime writes */

#define RUNC(more) "{\"id\":\"a\",\"init_process_pid\":7" more "}"

/* clang-format off */
static const struct { const char *name, *json; int want; } bad[] = {
	{ "nothing", "", -EBADMSG },
	{ "not JSON", "id=a", -EBADMSG },
	{ "a number", "7", -EBADMSG },
	{ "an array", "[]", -EBADMSG },
	{ "empty object", "{}", -EBADMSG },
	{ "cut short", "{\"id\":\"a\",\"init_process_pid\":7", -EBADMSG },
	{ "more behind it", RUNC("") "x", -EBADMSG },
	{ "id of another type", "{\"id\":7,\"init_process_pid\":7}", -EBADMSG },
	{ "id empty", "{\"id\":\"\",\"init_process_pid\":7}", -EBADMSG },
	{ "id with a NUL", "{\"id\":\"a\\u0000b\",\"init_process_pid\":7}", -EBADMSG },
	{ "pid of another type", "{\"id\":\"a\",\"init_process_pid\":\"7\"}", -EBADMSG },
	{ "pid over 64 bits", "{\"id\":\"a\",\"init_process_pid\":99999999999999999999}", -EBADMSG },
	{ "bytes that are no UTF-8", RUNC(",\"x\":\"\xff\"") , -EBADMSG },
	{ "a good one", RUNC(""), 0 },
	{ "a key twice", RUNC(",\"id\":\"b\""), 0 },
	{ "NUL in a string that is not ours", RUNC(",\"x\":\"a\\u0000b\""), 0 },
	{ "control characters", RUNC(",\"x\":\"\\u001b[2J\""), 0 },
	{ "pid negative", "{\"id\":\"a\",\"init_process_pid\":-7}", 0 },
	{ "labels of another type", RUNC(",\"config\":{\"labels\":{\"bundle\":\"x\"}}"), 0 },
	{ "labels that are no strings", RUNC(",\"config\":{\"labels\":[1,null,[],\"\",\"bundle\",\"bundle=\"]}"), 0 },
	{ "config of another type", RUNC(",\"config\":[1]"), 0 },
};
/* clang-format on */

static void bad_files_are_refused_cleanly(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct container_facts facts = { 0 };
		int r = parse_runc_state(slice_from(bad[i].json), &facts);

		if (r != bad[i].want)
			fail_msg("%s: want %d, got %d", bad[i].name, bad[i].want, r);
		assert_true(r == 0 || (!facts.id && !facts.runtime));
		container_facts_release(&facts);
	}
}

static void depth_is_bounded(void **state)
{
	struct container_facts facts = { 0 };
	size_t len = 2u << 20;
	cleanup_free char *deep = malloc(len);

	(void)state;
	assert_non_null(deep);
	memset(deep, '[', len);
	for (size_t i = 0; i < ARRAY_SIZE(parsers); i++)
		assert_int_equal(parsers[i]((struct slice){ deep, len }, &facts), -EBADMSG);
}

static void size_and_memory_are_bounded(void **state)
{
	struct container_facts facts = { 0 };
	size_t len = RUNTIME_FILE_MAX;
	cleanup_free char *many = malloc(len + 1);
	json_malloc_t before, after;
	json_free_t free_fn;

	(void)state;
	assert_non_null(many);
	many[0] = '[';
	for (size_t i = 1; i + 3 <= len; i += 3)
		memcpy(many + i, "{},", 3);
	memcpy(many + len - 3, "7 ]", 3);
	json_get_alloc_funcs(&before, &free_fn);
	for (size_t i = 0; i < ARRAY_SIZE(parsers); i++) {
		int r = parsers[i]((struct slice){ many, len }, &facts);

		assert_true(r == -ENOMEM || r == -EBADMSG);
		assert_int_equal(parsers[i]((struct slice){ many, len + 1 }, &facts), -EFBIG);
	}
	json_get_alloc_funcs(&after, &free_fn);
	assert_ptr_equal(before, after);
}

static void strings_are_cut_and_kept_raw(void **state)
{
	struct container_facts facts = { 0 };
	char json[8192];
	int len;

	(void)state;
	len = snprintf(
		json, sizeof(json),
		"{\"ID\":\"a\",\"Name\":\"/%05000d\",\"Config\":{\"Image\":\"\\u001b[31m\\u202e\"}}",
		7);
	assert_int_equal(parse_docker_config((struct slice){ json, (size_t)len }, &facts), 0);
	assert_int_equal(strlen(facts.name), 4096);
	assert_string_equal(facts.image, "\033[31m\xe2\x80\xae");
	container_facts_release(&facts);
}

/* Every prefix of a real file, and every single byte of it changed. */
static void damaged_files_are_survived(void **state)
{
	static const char *const files[] = {
		"crun_status.json",
		"storage_containers.json",
		"oci_config_crio.json",
		"docker_config_v2.json",
	};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(files); k++) {
		size_t len;
		cleanup_free char *bytes = read_data(files[k], &len);

		for (size_t at = 0; at < len; at++) {
			char good = bytes[at];

			for (size_t i = 0; i < ARRAY_SIZE(parsers); i++) {
				struct container_facts facts = { .id = strdup(PODMAN_ID) };

				parsers[i]((struct slice){ bytes, at }, &facts);
				bytes[at] = "\0\"\\{[,9"[at % 7];
				parsers[i]((struct slice){ bytes, len }, &facts);
				bytes[at] = good;
				container_facts_release(&facts);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_files_give_their_facts),
		cmocka_unit_test(only_the_name_makes_labels_a_pod),
		cmocka_unit_test(an_image_cannot_name_a_pod),
		cmocka_unit_test(an_annotation_is_not_taken_for_the_bundle),
		cmocka_unit_test(digests_are_found_in_lists),
		cmocka_unit_test(storage_index_is_searched_by_id),
		cmocka_unit_test(machines_name_their_leader),
		cmocka_unit_test(lxc_configs_are_known),
		cmocka_unit_test(one_kind_is_not_taken_for_another),
		cmocka_unit_test(bad_files_are_refused_cleanly),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(size_and_memory_are_bounded),
		cmocka_unit_test(strings_are_cut_and_kept_raw),
		cmocka_unit_test(damaged_files_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
