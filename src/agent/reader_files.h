/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to descriptors of the files that may answer it. Private to
 * the reader. */
#ifndef BW_AGENT_READER_FILES_H
#define BW_AGENT_READER_FILES_H

#include "agent/reader_roots.h"

/* Search and send all replies to `fd` but the last, which is left in *ret. The
 * request is checked. -errno only when replies cannot be sent. */
int reader_answer(struct places *places, const struct reader_request *request, int fd,
		  struct reader_reply *ret);

/* Send one reply with its descriptors. */
int reader_send(int fd, const struct reader_reply *reply, const int *fds);

#endif
