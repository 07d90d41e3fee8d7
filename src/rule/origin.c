/* SPDX-License-Identifier: Apache-2.0 */
/* What a load leaves behind beside its rules: what was changed and by whom,
 * what was switched off, what is doubtful. */
#include "rule/internal.h"

size_t rule_set_warnings(const struct rule_set *set, const struct parse_error **ret)
{
	*ret = set->warnings;
	return set->n_warnings;
}

size_t rule_set_origins(const struct rule_set *set, const struct rule_origin **ret)
{
	*ret = set->origins;
	return set->n_origins;
}

size_t rule_set_disabled(const struct rule_set *set, const struct rule *const **ret)
{
	*ret = (const struct rule *const *)set->disabled;
	return set->n_disabled;
}
