/* SPDX-License-Identifier: Apache-2.0 */
/* Trees of runtimes' files, captured or made after their sources: what is to be
 * found in each, by a name in the cgroup's path and by the container's init. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "agent/reader.h"

#define WAIT_MS 5000
#define SANDBOX "d52db56a9c80d536a91354c0951c061187ca46249e64865a12703003d8f42366"
#define WEB "605439acbd4fb18c145069289094b17f17e0cfa938f78012d4960bc797305f22"
#define POD_UID "ac04f3f2-1f2c-11e9-b015-1ebee232acfa"
#define IMAGE_ID "2412b4bf0f2a6d3ee7a05e8b7f8c2c9c3a0a7c3f1be0d3c49fd2e2a3aa8b4c11"
#define DIGEST "sha256:7d2c1e6f4a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d"
#define IN_POD .pod = "web-7d4b9", .pod_ns = "shop", .pod_uid = POD_UID, .sandbox = SANDBOX

/* clang-format off */
static const struct {
	const char *tree;
	struct container_facts want; /* init 0: only the name leads there */
} trees[] = {
	{ "runc", { "web-runc", NULL, NULL, "runc", 1962, 2154419 } },
	{ "crun", { "one", NULL, NULL, "crun", 27685, 247487 } },
	{ "containerd", { "web-ctr", NULL, NULL, "containerd", 2035, 2154451 } },
	/* Its image has the labels of a pod. */
	{ "docker", { "12176f16cad42ec560808c0b97a445001581b7e235c1f4c7d0e8be2698f320c6", "web", "registry.example/team/web:1.2", "docker", 2309, 2154588,
	    .image_id = "sha256:d70707851badde97f5248a4b39846b4e25f34ea68440b6380dd9e0531858c43f" } },
	{ "cri-dockerd", { "39dd4bae3d295177aea09ea370d3655a4a5a54d7f10c5cd7acba7cc89a415413", "web", "registry.example/team/web:1.2", "docker", 2399, 2154630,
	    IN_POD, .image_id = "sha256:d70707851badde97f5248a4b39846b4e25f34ea68440b6380dd9e0531858c43f" } },
	{ "podman", { "c8adc4a847b86fe3aceb543f222d058700a33bc28260e8d441965243a6987131", "pweb", "registry.example/team/pweb:3", "podman", 4236, 2157353,
	    .image_id = "8c7778001f14718dd4a0d5f691bd5edeaa94cb122074c6a652669017a5b1dd36" } },
	{ "cri-containerd", { WEB, "web", "registry.example/team/web:2@" DIGEST, "containerd", 3101, 10101, IN_POD, .digest = DIGEST } },
	{ "cri-containerd", { SANDBOX, "web-7d4b9", "registry.example/pause:3.9", "containerd", 3100, 10100, IN_POD } },
	{ "k3s", { WEB, "web", "registry.example/team/web:2@" DIGEST, "containerd", 3101, 10101, IN_POD, .digest = DIGEST } },
	{ "cri-o", { WEB, "web", "registry.example/team/web:2", "crio", 3201, 10201, IN_POD, .image_id = IMAGE_ID } },
	/* Its image has the labels of a pod, too. */
	{ "nerdctl", { WEB, "web", NULL, "containerd", 3401, 10401 } },
	{ "machined", { "deb-1", "deb-1", NULL, "systemd-nspawn", 3301, 0 } },
	{ "lxc", { "web", "lxc-web", NULL, "lxc", 0, 0 } },
};
/* clang-format on */

static void compare(const char *tree, bool by_init, const char *what, const char *got, const char *want)
{
	if (want ? !got || strcmp(got, want) != 0 : got != NULL)
		fail_msg("%s, %s: %s is %s, want %s", tree, by_init ? "by init" : "by name", what,
			 got ? got : "-", want ? want : "-");
}

static void compare_all(size_t i, bool by_init, const struct container_facts *got)
{
	const struct container_facts *want = &trees[i].want;
	const char *tree = trees[i].tree;

	compare(tree, by_init, "id", got->id, want->id);
	compare(tree, by_init, "name", got->name, want->name);
	compare(tree, by_init, "image", got->image, want->image);
	compare(tree, by_init, "runtime", got->runtime, want->runtime);
	compare(tree, by_init, "pod", got->pod, want->pod);
	compare(tree, by_init, "namespace", got->pod_ns, want->pod_ns);
	compare(tree, by_init, "uid", got->pod_uid, want->pod_uid);
	compare(tree, by_init, "sandbox", got->sandbox, want->sandbox);
	compare(tree, by_init, "image's id", got->image_id, want->image_id);
	compare(tree, by_init, "digest", got->digest, want->digest);
	assert_int_equal(got->init_pid, want->init_pid);
	assert_int_equal(got->init_start, want->init_start);
}

static void ask(size_t i, bool by_init, int engine_fd)
{
	const struct container_facts *want = &trees[i].want;
	struct container_view view = { .key = 7, .id = slice_from(by_init ? "cg-1" : want->id) };
	uint64_t tick_ns = 1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK);
	struct reader_request request;
	struct container_facts facts;
	bool is_verified;
	int r;

	reader_request_init(&request, 1, &view, by_init ? want->init_pid : 0,
			    by_init ? want->init_start * tick_ns : 0);
	r = container_facts_collect(engine_fd, &request, WAIT_MS, &facts, &is_verified);
	if (r < 0)
		fail_msg("%s, %s: %s", trees[i].tree, by_init ? "by init" : "by name", strerror(-r));
	assert_int_equal(is_verified, by_init);
	compare_all(i, by_init, &facts);
	container_facts_release(&facts);
}

static void each_tree_gives_its_facts(void **state)
{
	const char *data = getenv("BRIGWATCH_TEST_DATA");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(trees); i++) {
		char root[512];
		struct reader_config config = { .host_root = root };
		int engine_fd, reader_fd, status = 1;
		pid_t pid;

		snprintf(root, sizeof(root), "%s/trees/%s", data ? data : "tests/unit/data",
			 trees[i].tree);
		assert_int_equal(reader_socketpair(&engine_fd, &reader_fd), 0);
		pid = fork();
		if (pid == 0) {
			close(engine_fd);
			_exit(reader_serve(&config, reader_fd) < 0);
		}
		close(reader_fd);
		ask(i, false, engine_fd);
		if (trees[i].want.init_pid)
			ask(i, true, engine_fd);
		close(engine_fd);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_tree_gives_its_facts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
