/* SPDX-License-Identifier: Apache-2.0 */
/* What an escaped process does on the host, told as one incident. */
#include "cases.h"

static const struct family families[] = {
	{ "aftermath-exec", "^BW-0108$" },
	{ "aftermath-write", "^BW-0360$" },
	{ "aftermath-secret", "^BW-0361$" },
	{ "aftermath-connect", "^BW-0362$" },
	{ 0 },
};

#define AFTERMATH "aftermath-exec aftermath-write aftermath-secret aftermath-connect"
#define STORY "BW-0130 BW-0108 BW-0360 BW-0361 BW-0362 BW-0362"

static int plant_secret(struct play *p)
{
	return host_write_file("brigwatch decoy\n", "%s/outside/.netrc", p->host->dir);
}

/* clang-format off */
static const struct attack_case cases[] = {
	{ .technique = "B10 aftermath", .variant = "setns by path, then at work on the host",
	  .runtime = RUNC, .box = JOINER, .argv = "aftermath path {decoy} {dir}",
	  .prepare = plant_secret, .expect = AFTERMATH, .story = STORY },
	{ .technique = "B11 aftermath", .variant = "setns by pidfd, then at work on the host",
	  .runtime = DOCKER, .box = { .flags = BOX_HOST_PID | BOX_PRIVILEGED },
	  .argv = "aftermath pidfd {decoy} {dir}",
	  .prepare = plant_secret, .expect = AFTERMATH, .story = STORY },
	{ 0 },
};
/* clang-format on */

CASE_TABLE(families, cases);
