# SPDX-License-Identifier: Apache-2.0
# Completion of brigwatch for bash: source this file, or put it into
# /usr/share/bash-completion/completions/brigwatch. All words come from the
# program itself, so that they are those of the version at hand.
# shellcheck shell=bash

# Of a help text: the commands, the options, what the option $1 calls its value,
# and the words that it may have ("FORMAT is text, json or falco", "text or json").
_brigwatch_commands() {
	sed -nE 's/^  ([a-z][a-z-]*).*/\1/p'
}
_brigwatch_options() {
	sed -nE 's/^  (-[a-z], )?(--[a-z][a-z-]*).*/\2/p'
}
_brigwatch_argument() {
	sed -nE "s/^  (-[a-z], )?$1 ([A-Z]+).*/\\2/p" | head -n 1
}
_brigwatch_help() {
	"$program" "$command" --help 2>/dev/null
}

_brigwatch() {
	local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]} argument='' words=''

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		words="$("$program" --help 2>/dev/null | _brigwatch_commands) --help --version"
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
		return
	fi
	[ "$before" = '=' ] && before=${COMP_WORDS[COMP_CWORD - 2]}
	[[ $before == --* ]] && argument=$(_brigwatch_help | _brigwatch_argument "$before")
	[ "$command $before" = "rules explain" ] && argument=ID
	case $argument in
	FORMAT)	words="text json"
		_brigwatch_help | grep -q 'FORMAT is text.*falco' && words="text json falco ocsf" ;;
	WHICH | ID) words=$("$program" rules list 2>/dev/null | cut -d' ' -f1) ;;
	PRIORITY) words="emergency alert critical error warning notice informational debug" ;;
	LEVEL) words="critical warning notice informational" ;;
	WHEN) words="auto always never" ;;
	PART) words="flags keys outputs" ;;
	'')	if [[ $word == -* ]]; then
			words=$(_brigwatch_help | _brigwatch_options)
		elif [ "$command" = rules ] && [ "$COMP_CWORD" -eq 2 ]; then
			words=$(_brigwatch_help | _brigwatch_commands)
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
			return
		fi ;;
	*) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o filenames -F _brigwatch brigwatch
