/* SPDX-License-Identifier: Apache-2.0 */
/* What map.c and its tables share. */
#ifndef BW_IMPORT_FALCO_MAP_H
#define BW_IMPORT_FALCO_MAP_H

#include "import.h"

struct mapping {
	const char *theirs;
	struct out *(*map)(struct job *job, const struct ast *test, bool positive,
			   const struct mapping *self);
	const char *ours; /* field, where one serves */
	const char *why;  /* what differs; for what is lost: why */
};

/* Helpers for mappings. */
bool op_is(const struct ast *test, const char *op);
const char *value_at(const struct ast *test, size_t i);
bool op_is_equality(const struct ast *test); /* =, ==, !=, in */
bool op_is_negation(const struct ast *test); /* != */
bool is_na(const char *value);
/* The plain comparison of a field of ours with the test's values. */
struct out *compare(struct job *job, const struct ast *test, const char *ours);
/* For each value what `one` makes of it, joined by or; with != not. */
struct out *each_value(struct job *job, const struct ast *test,
		       struct out *(*one)(struct job *job, const struct ast *test,
					  const char *value));
struct out *lose(struct job *job, const struct ast *test, bool droppable, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
struct out *is_of_types(struct job *job, const char *words); /* "open,exec" */
bool asks_only_for(const struct job *job, const char *words);
bool asks_for_any(const struct job *job, const char *words);

/* map_event.c */
struct out *map_evt_type(struct job *job, const struct ast *test, bool positive,
			 const struct mapping *self);
struct out *map_evt_arg(struct job *job, const struct ast *test, bool positive,
			const struct mapping *self);
const char *evt_arg_output(const char *arg);
struct out *map_evt_num(struct job *job, const struct ast *test, bool positive,
			const struct mapping *self);
struct out *map_evt_dir(struct job *job, const struct ast *test, bool positive,
			const struct mapping *self);
struct out *map_evt_res(struct job *job, const struct ast *test, bool positive,
			const struct mapping *self);

/* map_fd.c */
struct out *map_fd_name(struct job *job, const struct ast *test, bool positive,
			const struct mapping *self);
struct out *map_fd_directory(struct job *job, const struct ast *test, bool positive,
			     const struct mapping *self);
struct out *map_fd_type(struct job *job, const struct ast *test, bool positive,
			const struct mapping *self);
struct out *map_fd_num(struct job *job, const struct ast *test, bool positive,
		       const struct mapping *self);
struct out *map_fd_inet(struct job *job, const struct ast *test, bool positive,
			const struct mapping *self);

/* map_proc.c */
struct out *map_aname(struct job *job, const struct ast *test, bool positive,
		      const struct mapping *self);
struct out *map_cwd(struct job *job, const struct ast *test, bool positive,
		    const struct mapping *self);
struct out *map_caps(struct job *job, const struct ast *test, bool positive,
		     const struct mapping *self);
struct out *map_user_name(struct job *job, const struct ast *test, bool positive,
			  const struct mapping *self);
struct out *map_container_id(struct job *job, const struct ast *test, bool positive,
			     const struct mapping *self);

#endif
