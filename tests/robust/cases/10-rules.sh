# SPDX-License-Identifier: Apache-2.0
# A broken rule file is refused with its place before anything is attached.

# refused NAME PATH PATTERN: exit 2, a message that matches, nothing attached.
refused() {
	timeout 10 "$brigwatch" run --rules "$2" --output "$dir/none.json" >/dev/null 2>"$dir/refused" </dev/null
	local code=$?
	if [ $code -ne 2 ]; then
		not_ok "rules: $1" "exit $code, not 2: $(head -c 300 "$dir/refused")"
	elif ! grep -qE "$3" "$dir/refused"; then
		not_ok "rules: $1" "no \"$3\" in: $(head -c 300 "$dir/refused" | tr '\n' ' ')"
	elif ! nothing_attached; then
		not_ok "rules: $1" "hooks are attached"
	else
		ok "rules: $1: $(head -n 1 "$dir/refused" | cut -c 1-120 | sed "s|$dir|DIR|g")"
	fi
}

bad=$dir/rules
mkdir -p "$bad"/{json,field,writable,link,large,empty,key}
printf '{ "schema_version": 1,\n  "ruleset": "x",\n  "rules": [ { "id": ] }\n' >"$bad/json/a.json"
jq '{schema_version, ruleset: "broken", rules: [.rules[] | select(.id == "BW-0103") | .condition = ["file.mount_ownr = host"]]}' "$rules/escape.json" >"$bad/field/a.json"
sed 's/"why"/"wy"/' "$bad/field/a.json" >"$bad/key/a.json"
cp "$rules"/*.json "$bad/writable/"
chmod 0666 "$bad/writable/escape.json"
ln -s "$rules/escape.json" "$bad/link/a.json"
{ cat "$rules/escape.json"; head -c $((2 << 20)) /dev/zero | tr '\0' ' '; } >"$bad/large/a.json"

refused "bad JSON, with its place" "$bad/json" 'a\.json:3:[0-9]+: '
refused "unknown field, with its place and a suggestion" "$bad/field" 'a\.json:[0-9]+:[0-9]+: .*mount_owner'
refused "unknown key, with its place" "$bad/key" 'a\.json:[0-9]+:[0-9]+: .*wy'
refused "file that others may write" "$bad/writable" 'escape\.json'
refused "symbolic link" "$bad/link" 'a\.json'
refused "2 MiB file" "$bad/large" 'a\.json'
refused "missing directory" "$bad/missing" 'missing'
refused "empty directory" "$bad/empty" 'empty'
