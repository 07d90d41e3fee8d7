/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and prefixes of them: "10.0.0.0/8", "fd00::1". An IPv6 address that
 * stands for an IPv4 one (::ffff:10.0.0.1) is that IPv4 address. */
#include "rule/internal.h"

#include <arpa/inet.h>

/* Sorted by family, length and bytes; bytes behind the prefix are zero. */
struct net {
	uint8_t family; /* 4, 6 */
	uint8_t len;	/* bits of the prefix */
	uint8_t addr[16];
};

/* Prefixes of one family and length: nets[first] and the n - 1 after it. */
struct net_group {
	uint32_t first, n;
};

struct nets {
	const struct net *nets;
	const struct net_group *groups;
	size_t n_groups;
};

static unsigned int family_bits(const struct net *net)
{
	return net->family == 4 ? 32 : 128;
}

static void mask_addr(struct net *net)
{
	for (unsigned int bit = net->len; bit < 128; bit++)
		net->addr[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
}

static bool read_address(struct slice text, struct net *ret)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	char copy[INET6_ADDRSTRLEN];

	memset(ret, 0, sizeof(*ret));
	if (text.len == 0 || text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	if (memchr(copy, '\0', text.len))
		return false;
	ret->family = memchr(copy, ':', text.len) ? 6 : 4;
	if (inet_pton(ret->family == 4 ? AF_INET : AF_INET6, copy, ret->addr) != 1)
		return false;
	if (ret->family == 6 && memcmp(ret->addr, mapped, sizeof(mapped)) == 0) {
		memmove(ret->addr, ret->addr + 12, 4);
		memset(ret->addr + 4, 0, 12);
		ret->family = 4;
	}
	ret->len = (uint8_t)family_bits(ret);
	return true;
}

static int read_len(struct slice text)
{
	int len = 0;

	if (text.len == 0 || text.len > 3 || (text.len > 1 && text.data[0] == '0'))
		return -1;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return -1;
		len = len * 10 + (text.data[i] - '0');
	}
	return len;
}

static const char *read_net(struct slice text, struct net *ret)
{
	const char *slash = text.len ? memchr(text.data, '/', text.len) : NULL;
	struct slice address = { text.data, slash ? (size_t)(slash - text.data) : text.len };
	bool six = address.len && memchr(address.data, ':', address.len);
	struct net whole;
	int len;

	if (!read_address(address, ret))
		return "expected an address or a prefix: 192.0.2.7, 10.0.0.0/8, fd00::/8";
	if (!slash)
		return NULL;
	len = read_len((struct slice){ slash + 1, text.len - address.len - 1 });
	if (len < 0 || len > (six ? 128 : 32))
		return six ? "the length of an IPv6 prefix is 0 to 128" :
			     "the length of an IPv4 prefix is 0 to 32";
	if (six && ret->family == 4) { /* ::ffff:10.0.0.0/104 */
		len -= 96;
		if (len < 0)
			return "a prefix shorter than ::ffff:0:0/96 cannot be written with ::ffff:";
	}
	ret->len = (uint8_t)len;
	whole = *ret;
	mask_addr(ret);
	return memcmp(&whole, ret, sizeof(whole)) == 0 ?
		       NULL :
		       "the address has bits behind its prefix: 10.1.2.3/8 would be 10.0.0.0/8";
}

const char *net_check(struct slice text)
{
	struct net net;

	return read_net(text, &net);
}

static int compare_net(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct net));
}

static bool same_group(const struct net *a, const struct net *b)
{
	return a->family == b->family && a->len == b->len;
}

int nets_new(struct arena *arena, const struct slice *texts, size_t n, const struct nets **ret)
{
	struct nets *set = arena_alloc(arena, sizeof(*set));
	struct net *nets = arena_alloc(arena, n * sizeof(*nets));
	struct net_group *groups = arena_alloc(arena, n * sizeof(*groups));

	if (!set || !nets || !groups)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (read_net(texts[i], &nets[i]))
			return -EINVAL;
	}
	qsort(nets, n, sizeof(*nets), compare_net);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || !same_group(&nets[i - 1], &nets[i]))
			groups[set->n_groups++] = (struct net_group){ (uint32_t)i, 0 };
		groups[set->n_groups - 1].n++;
	}
	set->nets = nets;
	set->groups = groups;
	*ret = set;
	return 0;
}

bool nets_match(const struct nets *nets, struct slice address)
{
	struct net whole, key;

	if (!read_address(address, &whole))
		return false;
	for (size_t i = 0; i < nets->n_groups; i++) {
		const struct net_group *group = &nets->groups[i];
		const struct net *first = &nets->nets[group->first];

		if (first->family != whole.family)
			continue;
		key = whole;
		key.len = first->len;
		mask_addr(&key);
		if (bsearch(&key, first, group->n, sizeof(key), compare_net))
			return true;
	}
	return false;
}
