/* SPDX-License-Identifier: Apache-2.0 */
/* What bench and its workers say to each other, over a SOCK_SEQPACKET pair that
 * is the worker's descriptor 0: one request, one reply. Both ends are built
 * together and run on one machine, so the structs travel as they are. */
#ifndef BW_BENCH_PROTOCOL_H
#define BW_BENCH_PROTOCOL_H

#include <stdint.h>

enum op { OP_NULL, OP_READ, OP_STAT, OP_OPEN, OP_CONNECT, OP_EXEC, OP_MAX };

enum verb {
	/* Comes with two descriptors: a directory that is not the worker's and
	 * the listener on its "sock". From then on the worker opens, connects to
	 * and executes what lies there. */
	VERB_GO_FOREIGN = 1,
	VERB_MEASURE = 2, /* time `op` for `ms` */
	VERB_FLOOD = 3,	  /* `rate` open+close a second for `ms`, evenly in each ms */
	VERB_LOOP = 4,	  /* open+close every ms until the next request; no reply of its own */
};

struct request {
	uint32_t verb;
	uint32_t op;
	uint32_t ms;
	uint32_t rate;
	uint32_t patient; /* VERB_MEASURE: 1: up to three times `ms` when too few batches are calm */
	uint32_t pad;
	double speed; /* VERB_MEASURE: the fastest the fixed code ever ran, ns; 0: not known */
};

struct reply {
	int32_t status;	   /* 0 or -errno */
	uint32_t clean;	   /* VERB_MEASURE: batches that count */
	uint32_t batches;  /* ... of so many */
	uint32_t noisy;	   /* 1: too few were clean, the best of the others were taken */
	double ns;	   /* 10th percentile of the clean batches, per operation */
	double speed;	   /* ns of the fixed code beside them, median */
	double speed_best; /* and at its fastest ever */
	uint64_t count;	   /* VERB_FLOOD, VERB_LOOP: operations done */
};

#endif
