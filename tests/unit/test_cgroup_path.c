/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "enrich/enrich.h"

#define A "1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdef"
#define B "605439acbd4fb18c145069289094b17f17e0cfa938f78012d4960bc797305f22"
#define POD "kubepods-burstable-podbd12dd33_9322_7d95_0a56_05a2444b13c2.slice"

/* clang-format off */
/* `want` NULL: the path says nothing. */
static const struct { const char *name, *path, *want, *runtime; } cases[] = {
	{ "docker, systemd", "/system.slice/docker-" A ".scope", A, "docker" },
	{ "docker, own slice", "/docker.slice/docker-" A ".scope", A, "docker" },
	{ "docker, cgroupfs", "/docker/" A, A, "docker" },
	{ "docker in docker, the outer one", "/docker/" A "/docker/" B, A, "docker" },
	{ "docker, a child of the container's", "/docker/" A "/init.scope", A, "docker" },
	{ "docker, spec form taken literally", "/system.slice:docker:" A, A, "docker" },
	{ "podman", "/machine.slice/libpod-" A ".scope", A, "podman" },
	{ "podman with a payload cgroup", "/machine.slice/libpod-" A ".scope/container", A, "podman" },
	{ "podman, cgroupfs", "/libpod_parent/libpod-" A, A, "podman" },
	{ "podman, no scope", "/system.slice/libpod-" A, A, "podman" },
	{ "podman, split cgroups",
	  "/system.slice/system-ceph-f952f5be.slice/ceph-f952f5be@mon.ip-10-0-25-96.service/libpod-payload-" A, A, "podman" },
	{ "podman, split cgroups with a scope", "/system.slice/x.service/libpod-payload-" A ".scope", A, "podman" },
	{ "podman, rootless",
	  "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" A ".scope", A, "podman" },
	{ "containerd, cgroupfs", "/kubepods/besteffort/podac04f3f2-1f2c-11e9-b015-1ebee232acfa/" B, B, "containerd" },
	{ "containerd, guaranteed pod", "/kubepods/podac04f3f2-1f2c-11e9-b015-1ebee232acfa/" B, B, "containerd" },
	{ "containerd, static pod", "/kubepods/burstable/podbd12dd3393227d950605a2444b13c27a/" B, B, "containerd" },
	{ "containerd, systemd",
	  "/kubepods.slice/kubepods-burstable.slice/" POD "/cri-containerd-" B ".scope", B, "containerd" },
	{ "containerd, systemd form taken literally",
	  "/kubepods-burstable-podbd12dd3393227d950605a2444b13c27a.slice:cri-containerd:" B, B, "containerd" },
	{ "containerd, such a form below a service",
	  "/system.slice/containerd.service/" POD ":cri-containerd:" B, B, "containerd" },
	{ "cri-o, cgroupfs", "/kubepods/besteffort/pod63b3ebfc-2890-11e9-8154-16bf8ef8d9dc/crio-" A, A, "crio" },
	{ "cri-o, systemd", "/kubepods.slice/kubepods-besteffort.slice/" POD "/crio-" A ".scope", A, "crio" },
	{ "cri-o with a payload cgroup", "/kubepods.slice/" POD "/crio-" A ".scope/container", A, "crio" },
	{ "nerdctl", "/system.slice/nerdctl-" A ".scope", A, "containerd" },
	{ "lxc", "/lxc/web", "web", "lxc" },
	{ "lxc, payload", "/lxc.payload/web", "web", "lxc" },
	{ "lxc, payload in the name", "/lxc.payload.web-2/system.slice/ssh.service", "web-2", "lxc" },
	{ "nspawn", "/machine.slice/machine-deb.scope", "deb", "systemd-nspawn" },
	{ "nspawn, as a service", "/machine.slice/systemd-nspawn@deb.service/payload", "deb", "systemd-nspawn" },
	{ "no leading slash", "docker/" A, A, "docker" },
	{ "slashes in a row", "//docker///" A "//", A, "docker" },

	/* A name deep inside, made by the container, does not outdo its own. */
	{ "spoof: another name in a child", "/docker/" A "/libpod-" B ".scope", A, "docker" },
	{ "spoof: in the pod's container", "/kubepods.slice/" POD "/crio-" A ".scope/docker/" B, A, "crio" },
	{ "spoof: eight levels down", "/docker/" A "/1/2/3/4/5/6/7/8", A, "docker" },
	{ "spoof: a bare id below a child", "/lxc/web/docker/" B, "web", "lxc" },

	/* Falco takes these for containerd's. They may be anything's: the
	 * runtime's state file will tell. */
	{ "ctr, default namespace", "/default/test_container", NULL, NULL },
	{ "ctr, other namespace", "/my_very_long_namespace-1.5/test_container", NULL, NULL },
	{ "ctr, one letter", "/default/a", NULL, NULL },
	{ "ctr, cri namespace", "/k8s.io/my-test_container", NULL, NULL },
	{ "plain runc", "/web", NULL, NULL },
	{ "plain runc, an id like Docker's", "/" A, NULL, NULL },
	{ "plain runc, an id like Docker's in a slice", "/user.slice/" A, NULL, NULL },
	{ "service of the same shape", "/default/some_short_id.service", NULL, NULL },

	{ "monitor of cri-o", "/kubepods.slice/" POD "/crio-conmon-" A ".scope", NULL, NULL },
	{ "monitor of podman", "/machine.slice/libpod-conmon-" A ".scope", NULL, NULL },
	{ "monitor of lxc", "/lxc.monitor.web", NULL, NULL },
	{ "virtual machine", "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", NULL, NULL },
	{ "pod without a container", "/kubepods.slice/kubepods-burstable.slice/" POD, NULL, NULL },
	{ "root", "/", NULL, NULL },
	{ "empty", "", NULL, NULL },
	{ "service on the host", "/system.slice/ssh.service", NULL, NULL },
	{ "user's manager", "/user.slice/user-1000.slice/user@1000.service/init.scope", NULL, NULL },
	{ "docker's own service", "/system.slice/docker.service", NULL, NULL },
	{ "id too long", "/user.slice/libpod-" A B, NULL, NULL },
	{ "id too short", "/docker/1234567890ab", NULL, NULL },
	{ "id not hexadecimal", "/system.slice/docker-g234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdef.scope", NULL, NULL },
	{ "id in capitals", "/docker/1234567890ABCDEF1234567890abcdef1234567890abcdef1234567890abcdef", NULL, NULL },
	{ "something behind the scope", "/docker-" A ".scope.d", NULL, NULL },
	{ "colons without a parent", "/:docker:" A, NULL, NULL },
	{ "lxc name with a way out", "/lxc/..", NULL, NULL },
	{ "lxc name with control characters", "/lxc/a\nb", NULL, NULL },
};
/* clang-format on */

static void path_names_the_outermost_container(void **state)
{
	unsigned int n_failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct slice id = { 0 };
		const char *runtime = NULL;
		bool found = cgroup_path_parse(slice_from(cases[i].path), &id, &runtime);
		bool good = cases[i].want ? found && slice_eq(id, slice_from(cases[i].want)) &&
						    strcmp(runtime, cases[i].runtime) == 0 :
					    !found && !id.data && !runtime;

		if (good)
			continue;
		n_failed++;
		print_error("%s: want %s (%s), got %.*s (%s)\n", cases[i].name,
			    cases[i].want ? cases[i].want : "nothing",
			    cases[i].runtime ? cases[i].runtime : "", (int)id.len,
			    id.data ? id.data : "", runtime ? runtime : "");
	}
	assert_int_equal(n_failed, 0);
}

static void last_name_serves_where_it_may_be_a_container(void **state)
{
	/* clang-format off */
	static const struct { const char *path, *want; } names[] = {
		{ "/web-one", "web-one" },
		{ "/jobs/web.one_2", "web.one_2" },
		{ "/user.slice/user-0.slice/runc-web.scope", "web" },
		{ "/system.slice/crun-web.scope", "web" },
		{ "/", NULL },
		{ "", NULL },
		{ "/jobs/", NULL },
		{ "/user.slice/session-3.scope", NULL },
		{ "/system.slice/cron.service", NULL },
		{ "/machine.slice", NULL },
		{ "/host", NULL },
		{ "/runc-host.scope", NULL },
		{ "/cg-17", NULL },
		{ "/..", NULL },
		{ "/-x", NULL },
		{ "/a\nb", NULL },
		{ "/a b", NULL },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct slice id = { 0 };
		bool found = cgroup_path_name(slice_from(names[i].path), &id);

		if (found != !!names[i].want || (found && !slice_eq(id, slice_from(names[i].want))))
			fail_msg("%s: want %s", names[i].path,
				 names[i].want ? names[i].want : "nothing");
	}
}

static void path_is_not_read_past_its_end(void **state)
{
	struct slice id;
	const char *runtime;
	const char *path = "/system.slice/docker-" A ".scope";
	size_t len = strlen(path);

	(void)state;
	for (size_t cut = 0; cut <= len; cut++) {
		char *copy = malloc(cut ? cut : 1);

		assert_non_null(copy);
		memcpy(copy, path, cut);
		cgroup_path_parse((struct slice){ copy, cut }, &id, &runtime);
		cgroup_path_name((struct slice){ copy, cut }, &id);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_names_the_outermost_container),
		cmocka_unit_test(last_name_serves_where_it_may_be_a_container),
		cmocka_unit_test(path_is_not_read_past_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
