# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# bash completion for rosterfs. Options, mount options and arguments are those that `rosterfs --help` names.

# _rosterfs_arguments HELP OPTION...: the names of the arguments that a command line with these options has
_rosterfs_arguments() {
	local help=$1 line usual='' first
	shift
	while read -r line; do
		line=${line#usage: }
		line=${line#rosterfs }
		first=${line%% *}
		case " $* " in
		*" ${first%%[=[]*} "* | *" ${first%%[=[]*}="*)
			usual=${line#"$first"}
			break
			;;
		esac
		[[ $line != '[options] '* ]] || usual=${line#'[options] '}
	done < <(sed '/^$/q' <<<"$help")
	# without options that may stand among them
	sed -E 's/\[-[^]]*\]//g; s/[][]//g' <<<"$usual"
}

# _rosterfs_mount_options HELP: a word for each, with = behind one that has a value
_rosterfs_mount_options() {
	sed -nE '1,/^Mount options:/d; /^[^ ]/q; s/^  ([a-z].*)/\1/; T; s/  .*//; s/=[A-Z]+/=/g; s/, / /g; p' <<<"$1"
}

# _rosterfs_sections CONFIG: the directories at the top of a mount of it
_rosterfs_sections() {
	sed -nE 's/^[[:space:]]*\[([^]]+)\].*/\1\//p' "${1/#\~/$HOME}" 2>/dev/null | grep -vx rosterfs/
}

_rosterfs() {
	local words=() options=() arguments=() help word cur prev i kind config=''
	# bash takes --check=quick apart at the =
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if ((i > 1)) && [[ $word == =* || ${COMP_WORDS[i - 1]} == = ]]; then
			words[${#words[@]} - 1]+=$word
		else
			words+=("$word")
		fi
	done
	cur=${words[-1]} prev=${words[-2]}
	help=$({ "${COMP_WORDS[0]}" --help || rosterfs --help; } 2>/dev/null) || return
	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		word=${words[i]}
		if [[ $word == -* ]]; then
			options+=("$word")
		elif [[ ${words[i - 1]} != -o ]]; then
			arguments+=("$word")
		fi
	done

	COMPREPLY=()
	if [[ $prev == -o ]]; then
		word=''
		[[ $cur != *,* ]] || word=${cur%,*},
		mapfile -t COMPREPLY < <(compgen -P "$word" -W "$(_rosterfs_mount_options "$help")" -- "${cur##*,}")
		compopt -o nospace
	elif [[ $cur == -* ]]; then
		word=$(sed -nE '/^Mount options:/q; s/^ {2,6}(-.*)/\1/; T; s/  .*//; p' <<<"$help" | grep -oE '(^|, )-[^ ,]+')
		mapfile -t COMPREPLY < <(compgen -W "${word//,/}" -- "$cur")
	else
		read -ra words < <(_rosterfs_arguments "$help" "${options[@]}")
		kind=${words[${#arguments[@]}]:-}
		for ((i = 0; i < ${#arguments[@]}; i++)); do
			[[ ${words[i]:-} != CONFIG ]] || config=${arguments[i]}
		done
		case $kind in
		CONFIG | FILE)
			compopt -o filenames
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			;;
		MOUNTPOINT)
			compopt -o filenames
			mapfile -t COMPREPLY < <(compgen -d -- "$cur")
			;;
		PATH)
			compopt -o nospace
			mapfile -t COMPREPLY < <(compgen -W "$(_rosterfs_sections "$config")" -- "$cur")
			;;
		WORD) mapfile -t COMPREPLY < <(compgen -W 'active inactive' -- "$cur") ;;
		esac
	fi
	# what readline replaces begins behind the =
	if [[ $cur == *=* && $COMP_WORDBREAKS == *=* ]]; then
		word=${cur%=*}=
		COMPREPLY=("${COMPREPLY[@]#"$word"}")
	fi
}

complete -F _rosterfs rosterfs
