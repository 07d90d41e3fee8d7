# SPDX-License-Identifier: Apache-2.0
# A flood blinds the sensor for nobody but the flooder, who is named.

seconds=10
agent_start
box_run flooder flood "$foreign/" $seconds
flooder=$box flooder_id=$box_id
box_run quiet acts "$foreign/quiet-" $seconds 1000
wait_end "$box" $((seconds + 10))
wait_end "$flooder" 10
sleep 1.5
agent_stop
echo "# $(grep -c . "$alerts") alerts; $(grep books "$messages" | cut -d: -f4-)"
sed 's/^/# /' "$dir/flooder.out"
missing=
for i in $(seq -w 1 $seconds); do has_alert "quiet-00$i" || missing+=" $i"; done
check "flood: the other container's $seconds attacks are all alerted" "missing:$missing" [ -z "$missing" ]
wrong=$(grep -aE 'quiet-00[0-9]*"' "$alerts" | jq -r .container.id | grep -cvxF "$prefix-quiet")
check "flood: and attributed" "$wrong are not" [ "$wrong" -eq 0 ]
check "flood: the flooder is named" "$(grep -c BW-0191 "$alerts") of BW-0191" has_rule BW-0191 ".container.id == \"$flooder_id\""
check "flood: nobody else is" "" eval '! has_rule BW-0191 ".container.id != \"$flooder_id\""'
check "flood: nothing was lost, only counted" "$(grep -a BW-0190 "$alerts" | jq -c .output | head -n 3)" eval '! has_rule BW-0190'
check "flood: the books add up" "$(grep books "$messages")" books
check "flood: something was suppressed ($suppressed), nothing dropped" "$suppressed suppressed, $dropped dropped" \
	eval '[ "$suppressed" -gt 0 ] && [ "$dropped" -eq 0 ]'
check "flood: all that was delivered was received" "$delivered, $received" [ "$delivered" = "$received" ]
