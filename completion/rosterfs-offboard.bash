# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# bash completion for rosterfs-offboard. An email is not completed: nobody should be locked out by a Tab.

_rosterfs_offboard() {
	local cur=${COMP_WORDS[COMP_CWORD]}
	COMPREPLY=()
	if [[ ${COMP_WORDS[COMP_CWORD - 1]} == -m ]]; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '-n -m' -- "$cur")
	fi
}

complete -F _rosterfs_offboard rosterfs-offboard
