/* SPDX-License-Identifier: Apache-2.0 */
/* B10 to B16: namespaces joined or made. */
#include "cases.h"

static const struct family families[] = {
	{ "namespace", "^BW-0130$" },
	{ "namespace-refused", "^BW-0131$" },
	{ 0 },
};

/* clang-format off */
static const struct attack_case cases[] = {
	{ .technique = "B10 setns", .variant = "/proc/PID/ns/mnt", .runtime = RUNC, .box = JOINER,
	  .argv = "setns path {decoy} mnt", .expect = "namespace" },
	{ .technique = "B10 setns", .variant = "/proc/PID/ns/mnt", .runtime = DOCKER,
	  .box = JOINER, .argv = "setns path {decoy} mnt", .expect = "namespace" },
	{ .technique = "B10 setns", .variant = "nsenter -m", .runtime = RUNC, .box = JOINER,
	  .argv = "nsenter {decoy} -m", .expect = "namespace" },
	{ .technique = "B10 setns", .variant = "nsenter -m, privileged", .runtime = DOCKER,
	  .box = { .flags = BOX_HOST_PID | BOX_PRIVILEGED }, .argv = "nsenter {decoy} -m",
	  .expect = "namespace" },
	{ .technique = "B10 setns", .variant = "refused: no capability", .runtime = RUNC,
	  .box = PTRACER, .argv = "setns path {decoy} mnt", .outcome = REFUSED,
	  .expect = "namespace-refused" },
	{ .technique = "B11 setns", .variant = "pidfd, mount namespace", .runtime = RUNC,
	  .box = JOINER, .argv = "setns pidfd {decoy} mnt", .expect = "namespace" },
	{ .technique = "B11 setns", .variant = "pidfd, several at once", .runtime = RUNC,
	  .box = JOINER, .argv = "setns pidfd {decoy} all", .expect = "namespace" },
	{ .technique = "B11 setns", .variant = "refused: no capability", .runtime = RUNC,
	  .box = PTRACER, .argv = "setns pidfd {decoy} mnt", .outcome = REFUSED,
	  .expect = "namespace-refused" },
	{ .technique = "B15 setns", .variant = "network only", .runtime = RUNC, .box = JOINER,
	  .argv = "setns path {decoy} net", .expect = "namespace" },
	{ 0 },
};
/* clang-format on */

CASE_TABLE(families, cases);
