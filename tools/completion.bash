# SPDX-License-Identifier: Apache-2.0
# Completion of brigwatch for bash: source this file, or put it into
# /usr/share/bash-completion/completions/brigwatch. All words come from the
# program itself, so that they are those of the version at hand.
# shellcheck shell=bash

# The first words of indented lines of a help text; $1: what they begin with.
_brigwatch_words() {
	sed -nE "s/^  ($1[a-z-]*).*/\\1/p"
}

_brigwatch() {
	local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words

	case $before in
	--format) words="text json" ;;
	--colour) words="auto always never" ;;
	--rules) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	--id | --only | explain) words=$("$program" rules list 2>/dev/null | cut -d' ' -f1) ;;
	*)
		if [ "$COMP_CWORD" -eq 1 ]; then
			words=$("$program" --help | _brigwatch_words '[a-z]')
		elif [ "${COMP_WORDS[1]}" = rules ] && [ "$COMP_CWORD" -eq 2 ]; then
			words=$("$program" rules --help | _brigwatch_words '[a-z]')
		elif [[ $word == -* ]]; then
			words=$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null | _brigwatch_words '--')
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
			return
		fi
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _brigwatch brigwatch
