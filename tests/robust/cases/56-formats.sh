# SPDX-License-Identifier: Apache-2.0
# Alerts of a real container by every kind of output and in every format at once:
# each alert arrives everywhere, once and whole, as those take it who read it.

formats=$dir/formats
mkdir -p "$formats/http"
"$here/../outputs/sockets" "$formats" 2>"$formats/stderr" &
sockets=$!
started+=" $sockets"
"$here/../outputs/receiver" "$formats/http" 200 2>>"$formats/stderr" &
started+=" $!"
wait_for 10 test -s "$formats/http/port" && wait_for 10 test -e "$formats/ready"
printf 'X-Token: t0ken\n' >"$formats/headers"
# HTTPS within the sandbox of the output process, by a name that must be looked up.
tls=()
if command -v openssl >/dev/null; then
	mkdir -p "$formats/https"
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=localhost" -addext subjectAltName=DNS:localhost \
		-keyout "$formats/key.pem" -out "$formats/cert.pem" 2>/dev/null
	"$here/../outputs/receiver" "$formats/https" 200 "$formats/cert.pem" "$formats/key.pem" 2>>"$formats/stderr" &
	started+=" $!"
	wait_for 10 test -s "$formats/https/port"
	tls=(--output "https://localhost:$(cat "$formats/https/port")/s3cret,format=json,batch=7,ca=$formats/cert.pem")
else
	skip "formats: https" "openssl is not installed"
fi
alerts=$formats/json
agent_start --hostname node-7 --output "$alerts" \
	--output "$formats/text,format=text" --output "$formats/falco,format=falco" --output "$formats/ocsf,format=ocsf" \
	--output "http://127.0.0.1:$(cat "$formats/http/port")/,format=falco,headers=$formats/headers" \
	--output "unix:$formats/unix,format=ocsf" --output "unixgram:$formats/unixgram" \
	--output "syslog:$formats/log,format=text" --output "syslog:udp://127.0.0.1:$(cat "$formats/udp.port"),format=ocsf" \
	--output "syslog:tcp://localhost:$(cat "$formats/tcp.port"),format=falco" \
	--output "journald:$formats/journal,priority=critical" "${tls[@]}"
alerts=$formats/json
box_serve formats
formats_acts=30
for i in $(seq 1 $formats_acts); do act "marker-format-$i-"; done
# What an alert is about; json tells of earlier ones, too.
about() {
	if [ "$(head -c 1 "$1")" = "{" ]; then jq -r '.message // .output' "$1" 2>/dev/null; else cat "$1"; fi
}
has_markers() { # FILE: each marker in exactly one alert
	about "$1" | awk -v want=$formats_acts '
		match($0, /marker-format-[0-9]+-/) { n[substr($0, RSTART, RLENGTH)]++ }
		END { for (marker in n) { found++; bad += n[marker] != 1 } exit !(found == want && !bad) }'
}
for output in json text falco ocsf http/bodies unix.out unixgram.out log.out udp.out tcp.out journal.out; do
	check "formats: every alert once in ${output%.out}" "$(grep -cF marker-format- "$formats/$output") of $formats_acts lines" \
		wait_for 5 has_markers "$formats/$output"
done
if [ ${#tls[@]} -gt 0 ]; then
	of_batches() { jq -c '.[]' "$formats/https/bodies" >"$formats/https.json" 2>/dev/null; has_markers "$formats/https.json"; }
	check "formats: every alert once by https, in batches" "$(wc -l <"$formats/https/bodies") bodies" wait_for 5 of_batches
	check "formats: messages and figures keep the path of a URL to themselves" "$(grep s3cret "$messages")" \
		eval '! grep -q s3cret "$messages"'
fi

# A token that is another, a journal and a daemon that start anew.
printf 'X-Token: an0ther\n' >"$formats/headers"
kill -HUP "$agent"
has_new_token() {
	act "marker-token-$RANDOM" && tail -n 1 "$formats/http/requests" | jq -e '.headers["X-Token"] == "an0ther"' >/dev/null
}
check "formats: SIGHUP reads the headers anew" "$(tail -n 1 "$formats/http/requests")" wait_for 5 has_new_token
kill "$sockets"; wait "$sockets" 2>/dev/null
act marker-away-1
mkdir "$formats/first"
mv "$formats"/*.out "$formats/first"
rm -f "$formats"/{unix,unixgram,log,journal,ready}
"$here/../outputs/sockets" "$formats" "$(cat "$formats/udp.port")" "$(cat "$formats/tcp.port")" 2>>"$formats/stderr" {serve_fd}>&- &
started+=" $!" # without the pipe to the container, which ends when nobody holds it
wait_for 5 test -e "$formats/ready"
for output in unix unixgram log udp tcp journal; do
	check "formats: what happened while nobody listened is in $output" "$(tail -n 2 "$messages")" \
		wait_for 10 grep -qsF marker-away-1 "$formats/$output.out"
done
box_end
agent_stop
check "formats: ends with 0" "exit $status: $(tail -n 2 "$messages")" [ $status -eq 0 ]

# What falcosidekick asks of a payload: types.go, handlers.go.
falco_accepts='select((.priority | ascii_downcase | IN("emergency", "alert", "critical", "error", "warning", "notice",
		"informational", "info", "debug")) and (.rule | length > 0) and (.output | length > 0) and
	(.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{9}Z$")) and (.output_fields | type == "object" and length > 0) and
	([.output_fields["k8s.ns.name", "k8s.pod.name"] | type] | all(IN("string", "null"))) and
	(.tags | type == "array" and all(type == "string")) and .hostname == "node-7")'
for output in falco http/bodies; do
	n=$(jq -c "$falco_accepts | .rule" "$formats/$output" 2>/dev/null | wc -l)
	check "formats: falcosidekick would take all $n of ${output%/bodies}" "$n of $(wc -l <"$formats/$output")" \
		[ "$n" -eq "$(wc -l <"$formats/$output")" ]
done
check "formats: falco names the container" "$(grep -m 1 marker-format- "$formats/falco" | cut -c 1-300)" \
	eval 'grep -F marker-format- "$formats/falco" | jq -es "all(.[]; .output_fields[\"container.id\"] == \"$box_id\")" >/dev/null'
check "formats: the header that is in a file came along" "$(head -n 1 "$formats/http/requests")" \
	eval 'head -n 1 "$formats/http/requests" | jq -e ".headers[\"X-Token\"] == \"t0ken\"" >/dev/null'
for output in log udp tcp; do
	n=$(grep -cE '^<8[0-7]>1 [0-9-]{10}T[0-9:]{8}\.[0-9]{6}Z node-7 brigwatch [0-9]+ BW-[0-9]+ \[meta sequenceId="[0-9]+"\]\[origin [^]]*\]\[brigwatch@32473 rule="BW-' "$formats/first/$output.out")
	check "formats: RFC 5424 by $output" "$n of $(wc -l <"$formats/first/$output.out")" [ "$n" -eq "$(wc -l <"$formats/first/$output.out")" ]
done
n_formats='select((.priority | IN("Emergency", "Alert", "Critical")) and (.message | contains("marker-format-"))) | .rule'
n=$(jq -r "$n_formats" "$formats/json" | wc -l)
check "formats: the journal has the $n critical ones" "$(jq -r "$n_formats" "$formats/first/journal.out" | wc -l)" \
	[ "$n" -eq "$(jq -r "$n_formats" "$formats/first/journal.out" | wc -l)" ]
check "formats: and nothing less urgent" "$(jq -r .priority "$formats/first/journal.out" | sort | uniq -c)" \
	eval 'jq -es "all(.[]; .priority | IN(\"Emergency\", \"Alert\", \"Critical\"))" "$formats/first/journal.out" >/dev/null'

schema=${BRIGWATCH_OCSF-}
at=$here
while [ -z "$schema" ] && [ "$at" != / ]; do
	at=$(dirname "$at")
	[ -r "$at/shared/data/ocsf/dictionary.json" ] && schema=$at/shared/data/ocsf
done
if [ -z "$schema" ]; then
	skip "formats: OCSF events against the schema" "no schema: set BRIGWATCH_OCSF"
else
	check "formats: OCSF events of a real escape keep to the schema" "$("$here/../outputs/ocsf" "$schema" <"$formats/ocsf" 2>&1 | tail -n 3)" \
		eval '"$here/../outputs/ocsf" "$schema" <"$formats/ocsf" >/dev/null'
fi
