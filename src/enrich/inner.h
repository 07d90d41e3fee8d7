/* SPDX-License-Identifier: Apache-2.0 */
/* Containers that were made inside of a container. To the kernel side, and to
 * rules, what they do is done by the outer one. Their names are claims of the
 * container: its own engine gave them. Private to enrich. */
#ifndef BW_ENRICH_INNER_H
#define BW_ENRICH_INNER_H

#include "enrich/claims.h"

/* In a table of its own, by mount namespace: what a container makes up makes no
 * other forgotten. The innermost container within that of `ev`, or NULL: the
 * subject is in none, or no runtime is known that made it. */
const struct container_view *inner_learn(struct containers *inners, struct claims *claims,
					 const struct event *ev);

/* Containers that were in another already when the agent was started have keys
 * of their own. Learn that of the container of `ev` from its ancestors, and let
 * ev->container be the outermost, ev->inner the one it was. */
void inner_place(struct containers *containers, struct event *ev);

#endif
