/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of TCP connections. */
#include "event/field_internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>

int get_fd_sip(const struct event *ev, struct value *ret)
{
	char text[INET6_ADDRSTRLEN];

	if (ev->hdr.type != EVENT_INET ||
	    !inet_ntop(ev->u.inet.family == 4 ? AF_INET : AF_INET6, ev->u.inet.addr, text,
		       sizeof(text)))
		return -ENODATA;
	return give_printf(ret, "%s", text);
}

int get_fd_sport(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_INET ? give_uint(ret, ev->u.inet.port) : -ENODATA;
}

int get_fd_l4proto(const struct event *ev, struct value *ret)
{
	if (ev->hdr.type != EVENT_INET)
		return -ENODATA;
	switch (ev->u.inet.protocol) {
	case IPPROTO_TCP: return give_word(ret, "tcp");
	case IPPROTO_SCTP: return give_word(ret, "sctp");
	case IPPROTO_DCCP: return give_word(ret, "dccp");
	case IPPROTO_MPTCP: return give_word(ret, "mptcp");
	default: return give_word(ret, "unknown");
	}
}

int get_inet_is_host(const struct event *ev, struct value *ret)
{
	return give_bool(ret, ev->hdr.facts & FACT_LOCAL_ADDRESS);
}

int get_inet_attempts(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_INET ? give_uint(ret, ev->u.inet.attempts) : -ENODATA;
}

int get_inet_peers(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_INET ? give_uint(ret, ev->u.inet.n_peers) : -ENODATA;
}

int get_inet_addresses(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_INET ? give_uint(ret, ev->u.inet.n_addresses) : -ENODATA;
}

int get_inet_failed(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_INET ? give_uint(ret, ev->u.inet.n_failed) : -ENODATA;
}
