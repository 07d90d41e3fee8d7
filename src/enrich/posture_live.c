/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says of a running container, judged. */
#include <linux/capability.h>

#include "enrich/posture_find.h"

static bool is_text(const char *text, size_t size)
{
	return memchr(text, 0, size) != NULL;
}

static bool is_sound(const struct posture_live *live)
{
	if (live->version != POSTURE_LIVE_VERSION || live->n_sockets > POSTURE_LIVE_SOCKETS_MAX ||
	    live->n_ports > POSTURE_LIVE_PORTS_MAX)
		return false;
	for (size_t i = 0; i < live->n_sockets; i++)
		if (!is_text(live->sockets[i], sizeof(live->sockets[i])))
			return false;
	for (size_t i = 0; i < live->n_ports; i++)
		if (!is_text(live->ports[i].address, sizeof(live->ports[i].address)))
			return false;
	return true;
}

static const uint64_t namespaces =
	UINT64_C(1) << POSTURE_HOST_PID | UINT64_C(1) << POSTURE_HOST_NET |
	UINT64_C(1) << POSTURE_HOST_IPC | UINT64_C(1) << POSTURE_HOST_UTS |
	UINT64_C(1) << POSTURE_HOST_CGROUP | UINT64_C(1) << POSTURE_HOST_USER;

/* A pod's containers join namespaces by path, and a nested engine's "host" is
 * the container that it runs in: files cannot tell, the kernel can. */
static void judge_namespaces(const struct posture_live *live, struct posture *posture)
{
	uint64_t compared = live->compared & namespaces;

	posture->findings = (posture->findings & ~compared) | (live->host & compared);
	if (!(compared >> POSTURE_HOST_USER & 1))
		return;
	posture->has_user_ns = !(live->host >> POSTURE_HOST_USER & 1);
	if (posture->has_user_ns && live->root_is_root) {
		posture->has_user_ns = false;
		posture_find(posture, POSTURE_HOST_USER, "root is mapped to the host's root");
	}
}

/* Where no file says what was meant, what is must do. */
static void judge_status(const struct posture_live *live, struct posture *posture)
{
	if (posture->has_spec || !live->has_status)
		return;
	for (unsigned int cap = 0; cap < 64; cap++)
		if (live->caps >> cap & 1)
			posture_add_capability(cap, posture);
	if (live->seccomp == 0)
		posture_set(posture, POSTURE_SECCOMP_OFF);
	if (!live->no_new_privs)
		posture_set(posture, POSTURE_NEW_PRIVILEGES);
}

static void judge_ports(const struct posture_live *live, struct posture *posture)
{
	bool is_host = live->compared & live->host & UINT64_C(1) << POSTURE_HOST_NET;

	for (size_t i = 0; i < live->n_ports; i++)
		if (is_host || (!live->ports[i].is_loopback && live->has_network))
			posture_find(posture, POSTURE_ENGINE_TCP, "%s", live->ports[i].address);
}

int posture_read_live(struct slice bytes, struct posture *posture)
{
	struct posture_live live;

	if (bytes.len != sizeof(live))
		return -EBADMSG;
	memcpy(&live, bytes.data, sizeof(live));
	if (!is_sound(&live))
		return -EBADMSG;

	posture->has_live = true;
	posture->is_uncompared = (live.compared & namespaces) != namespaces;
	judge_namespaces(&live, posture);
	judge_status(&live, posture);
	posture->runs_as_root |= live.has_status && live.init_is_root;
	posture_judge_volumes(posture);
	for (size_t i = 0; i < live.n_sockets; i++)
		posture_find(posture, POSTURE_ENGINE_SOCKET, "%s", live.sockets[i]);
	judge_ports(&live, posture);
	posture->n_details_dropped += live.n_sockets_dropped;
	return 0;
}
