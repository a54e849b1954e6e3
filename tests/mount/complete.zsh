# SPDX-License-Identifier: Apache-2.0
# `zsh -f complete.zsh FOLDER LINE`: what a Tab at the end of LINE offers in an interactive zsh that has the completions
# in FOLDER, one word a line.
zmodload zsh/zpty || exit 1
zpty shell zsh -f -i
# show the words and nothing else, between two marks
zpty -w shell "fpath=(${(q)1} \$fpath)"
zpty -w shell '
PROMPT=; unsetopt prompt_cr prompt_sp; stty -echo -onlcr; LISTMAX=100000
autoload -Uz compinit && compinit -u -D
compadd() {
	local -a hits
	if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
		builtin compadd "$@"
		return
	fi
	builtin compadd -A hits "$@"
	[[ $#hits -eq 0 ]] || print -rl -- ${hits/#/HIT:}
	builtin compadd "$@"
}
ended() { print "EN""DED" }
comppostfuncs=(ended)
bindkey "^I" complete-word
print "READ""Y"'
zpty -r shell line '*READY*'
zpty -n -w shell "$2"$'\t'
zpty -r shell line '*ENDED*'
print -r -- "$line" | tr -d '\r' | grep -o 'HIT:.*' | sed 's/^HIT://' | sort -u
zpty -d shell
