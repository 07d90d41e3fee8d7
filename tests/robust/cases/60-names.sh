# SPDX-License-Identifier: Apache-2.0
# Names chosen by an enemy: every act alerted, one line an alert, nothing that a
# terminal or a parser would take for more than a name.

names=$dir/names
hostile=/proc/$decoy/root$names
mkdir -p "$names"
"$actor" prepare "$dir/outside/program" "$names" || not_ok "names: prepare" "see above"

hostile_run() {
	agent_start "${@:2}"
	box_run "$1" hostile "$hostile" "$foreign/program"
	wait_end "$box" 15
	[ "$status" -eq 0 ] || not_ok "names: the acts" "exit $status: $(cat "$dir/$1.err")"
	sleep 0.5
	agent_stop
}

hostile_run namesjson
deeds=$(grep -cE ' 0$' "$dir/namesjson.out")
check "names: all 17 acts were done" "$(cat "$dir/namesjson.out")" [ "$deeds" -eq 17 ]
lines=$(wc -l <"$alerts")
n_alerts=$(sed -nE 's/.* events, ([0-9]+) alerts .*/\1/p' "$messages")
parsed=$(while IFS= read -r line; do jq -e 'has("rule_id")' <<<"$line" 2>/dev/null; done <"$alerts" | grep -c true)
check "names: json: one line an alert ($n_alerts alerts)" "$lines lines, $n_alerts alerts" [ "$lines" -eq "$n_alerts" ]
check "names: json: each line parses" "$parsed of $lines" [ "$parsed" -eq "$lines" ]
check "names: json: no control characters, valid UTF-8" "$(tr -d '\n' <"$alerts" | LC_ALL=C grep -ac '[[:cntrl:]]')" \
	eval '! tr -d "\n" <"$alerts" | LC_ALL=C grep -aq "[[:cntrl:]]" && iconv -f UTF-8 -t UTF-8 "$alerts" >/dev/null'
wrong=$(jq -r '.container.id' "$alerts" | grep -cvxF "$prefix-namesjson")
check "names: json: container id is right in all" "$wrong are wrong" [ "$wrong" -eq 0 ]
fakes=$(jq -r '.rule' "$alerts" | grep -cxF fake)
check "names: json: nobody can fake a rule" "$fakes did" [ "$fakes" -eq 0 ]
missing=
for i in 0 1 2 3 4 5; do
	jq -e -s "any(.[]; .rule_id == \"BW-0103\" and (.file.path | contains(\"/name-$i-\")))" "$alerts" >/dev/null || missing+=" name-$i"
	jq -e -s "any(.[]; .rule_id == \"BW-0102\" and (.file.path | contains(\"/program-$i-\")))" "$alerts" >/dev/null || missing+=" program-$i"
done
jq -e -s 'any(.[]; .rule_id == "BW-0103" and (.file.path | endswith("/names/marker-long")))' "$alerts" >/dev/null || missing+=" 4095"
jq -e -s 'any(.[]; .rule_id == "BW-0103" and (.file.path | endswith("/d/d/m")))' "$alerts" >/dev/null || missing+=" 2000"
jq -e -s 'any(.[]; .rule_id == "BW-0103" and (.file.path | endswith("/d/d/marker-cut")))' "$alerts" >/dev/null || missing+=" deeper"
jq -e -s '[.[] | select(.rule_id == "BW-0102" and (.file.path | endswith("/outside/program")))] | length >= 2' "$alerts" >/dev/null || missing+=" arguments"
check "names: json: every act is alerted" "missing:$missing" [ -z "$missing" ]
check "names: json: 4095 bytes are kept whole" "lengths $(jq -c '.file.arg | length' "$alerts" | sort -n | tail -n 2 | tr '\n' ' ')" \
	eval 'jq -e -s "any(.[]; (.file.arg // \"\" | length) == 4095 and .view.truncated == false)" "$alerts" >/dev/null'
check "names: json: a path of 2000 names is whole" "" \
	eval 'jq -e -s "any(.[]; (.file.path // \"\" | endswith(\"/d/d/m\")) and (.file.path | startswith(\"$names/d/\")) and (.file.path | split(\"/d\") | length == 2001) and .view.truncated == false)" "$alerts" >/dev/null'
check "names: json: a path beyond 4095 bytes is flagged as cut" "" \
	eval 'jq -e -s "any(.[]; (.file.path // \"\" | endswith(\"/marker-cut\")) and .view.truncated)" "$alerts" >/dev/null'
check "names: json: 2 MiB of arguments are flagged as cut" "" \
	eval 'jq -e -s "any(.[]; .rule_id == \"BW-0102\" and (.process.args[0] // \"\") == \"many\" and .view.truncated)" "$alerts" >/dev/null'

rm -f "$names"/name-*
hostile_run namestext --format text
lines=$(wc -l <"$alerts")
n_alerts=$(sed -nE 's/.* events, ([0-9]+) alerts .*/\1/p' "$messages")
check "names: text: one line an alert ($n_alerts alerts)" "$lines lines, $n_alerts alerts" \
	eval '[ "$n_alerts" -ge 17 ] && [ "$lines" -eq "$n_alerts" ]'
check "names: text: no control characters, no bidi override, valid UTF-8" "found" \
	eval '! tr -d "\n" <"$alerts" | LC_ALL=C grep -aqP "[\x00-\x1f\x7f]|\xe2\x80\xae" && iconv -f UTF-8 -t UTF-8 "$alerts" >/dev/null'
wrong=$(grep -acvE "container=\"?$prefix-namestext" "$alerts")
check "names: text: container id is right in all" "$wrong are wrong: $(grep -avE "container=\"?$prefix-namestext" "$alerts" | head -n 1)" [ "$wrong" -eq 0 ]
check "names: text: cut views are marked" "no truncated" grep -aq 'view=[a-z,]*truncated' "$alerts"
