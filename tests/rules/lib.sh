# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For the tests of `brigwatch rules`: a directory to work in, and results.

passed=0
failed=0
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

# result NAME STATUS: 0 is good; what $tmp/why says is shown when it is not.
result() {
	if [ "$2" -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok - $1"
	else
		failed=$((failed + 1))
		echo "not ok - $1"
		sed 's/^/    /' "$tmp/why" 2>/dev/null | head -40
	fi
	: >"$tmp/why"
}

# try NAME STATUS COMMAND...: the command ends with this status; $tmp/out has
# what it printed to both.
try() {
	try_name=$1
	try_want=$2
	shift 2
	"$@" >"$tmp/out" 2>&1
	try_had=$?
	if [ $try_had -eq "$try_want" ]; then
		return 0
	fi
	{ echo "$*: status $try_had, wanted $try_want"; cat "$tmp/out"; } >"$tmp/why"
	result "$try_name" 1
	return 1
}

# has NAME STATUS PATTERN COMMAND...: and this line of it (a fixed string) is printed.
has() {
	has_pattern=$3
	has_name=$1
	has_status=$2
	shift 3
	try "$has_name" "$has_status" "$@" || return
	{ echo "no \"$has_pattern\" in:"; cat "$tmp/out"; } >"$tmp/why"
	grep -qF -- "$has_pattern" "$tmp/out"
	result "$has_name" $?
}

# holds NAME STATUS FILTER COMMAND...: jq's FILTER is true of the JSON it prints.
holds() {
	holds_name=$1
	holds_status=$2
	holds_filter=$3
	shift 3
	try "$holds_name" "$holds_status" "$@" --format json || return
	{ echo "jq: $holds_filter is not true of:"; head -c 2000 "$tmp/out"; } >"$tmp/why"
	jq -e "$holds_filter" "$tmp/out" >/dev/null 2>>"$tmp/why"
	result "$holds_name" $?
}

# The count line that tools/check reads; the exit status of the script.
finish() {
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
}
