#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A tour of rosterfs on a mount of the sandbox: each command is printed, then run. On a terminal it
# waits for Enter after each step, and ends in a shell in the mount. Whatever happens, the mount and the sandbox are gone afterwards. The
# exit status is 0 only when each command did what the tour says, so that this is a test too.
# `make demo` builds and calls it.
set -u

top=$(cd "$(dirname "$0")/.." && pwd) || exit 1
build=${BUILD:-build}
case "$build" in
/*) ;;
*) build=$top/$build ;;
esac
"$top/tests/deps.sh" device || exit 1

# not in /tmp: editors treat that folder in a way of their own
for parent in /var/tmp "${XDG_RUNTIME_DIR:-}" "$build"; do
	[ -n "$parent" ] && [ -w "$parent" ] && break
done
work=$(mktemp -d "$parent/rosterfs-demo-XXXXXX") || exit 1
mnt=$work/roster
config=$work/rosterfs.conf
sandbox=''
wrong=0
steps=0

mounted() {
	grep -qF " $mnt " /proc/self/mountinfo
}

clean_up() {
	trap '' INT TERM HUP
	cd / || exit 1
	if mounted; then
		fusermount3 -u "$mnt" 2>/dev/null || fusermount3 -uz "$mnt"
	fi
	if [ -n "$sandbox" ]; then
		kill "$sandbox" 2>/dev/null
		wait "$sandbox" 2>/dev/null
	fi
	mounted || rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

if [ -t 1 ]; then
	bold=$(printf '\033[1m') faint=$(printf '\033[36m') plain=$(printf '\033[0m')
else
	bold='' faint='' plain=''
fi

# on a terminal: until Enter is pressed; q ends the tour
pause() {
	local answer=''
	[ -t 0 ] && [ -t 1 ] || return 0
	printf '\n%s-- Enter: go on, q: quit --%s ' "$bold" "$plain"
	read -r answer || answer=q
	case "$answer" in
	[qQ]*)
		printf '\n'
		exit 0
		;;
	esac
}

# the words that begin a step
say() {
	[ "$steps" -eq 0 ] || pause
	steps=$((steps + 1))
	printf '\n%s# %s%s\n' "$faint" "$*" "$plain"
}

# print a command and run it in the mount
run() {
	printf '%s$ %s%s\n' "$bold" "$1" "$plain"
	(cd "$mnt" && T=$work timeout 60 bash -c "$1" bash 2>&1)
}

show() {
	run "$1" && return
	printf '(this should have succeeded)\n'
	wrong=$((wrong + 1))
}

refused() {
	if run "$1"; then
		printf '(this should have been refused)\n'
		wrong=$((wrong + 1))
	fi
}

# without a word, unless it is not so
expect() {
	(cd "$mnt" && timeout 60 bash -c "$1" >/dev/null 2>&1) && return
	printf '(not so: %s)\n' "$1"
	wrong=$((wrong + 1))
}

die() {
	printf 'demo: %s\n' "$*" >&2
	exit 1
}

mkdir "$mnt" || exit 1
"$build/rosterfs-sandbox" --users 250 --vendors partnerize,elasticpath,cj --port 0 --die-with-parent \
	--write-config "$config" >"$work/sandbox.out" 2>"$work/sandbox.err" </dev/null &
sandbox=$!
url=''
for _ in $(seq 100); do
	url=$(grep -om1 'http://[0-9.]*:[0-9]*' "$work/sandbox.out") && break
	kill -0 "$sandbox" 2>/dev/null || die "the sandbox did not start: $(cat "$work/sandbox.err")"
	sleep 0.1
done
[ -n "$url" ] || die 'the sandbox does not tell its URL'

echo "The sandbox at $url plays the vendors: 250 users and 200 buyers who do not exist."
printf '%s$ rosterfs %s %s%s\n' "$bold" "$config" "$mnt" "$plain"
timeout 30 "$build/rosterfs" "$config" "$mnt" </dev/null || die 'rosterfs did not mount'
mounted || die 'rosterfs said that it had mounted, but nothing is there'

say 'One directory for each vendor.'
show 'ls -l'

say 'One pair of files for each user: the record, and its status.'
show 'ls partnerize | head -n 6'
show 'ls partnerize/*.json | wc -l'
expect 'ls partnerize/*.json | wc -l | grep -qx 250'

id=$(cd "$mnt" && timeout 60 jq -r 'select(.status == "active" and .role == "standard" and .address) | .user_id' \
	partnerize/[0-9]*.json | head -n 1)
[ -n "$id" ] || die 'no user to show'
user=partnerize/$id

say "A record is the vendor's own JSON."
show "head -n 12 $user.json"
show "wc -l < $user.json"

say 'All tools work: who is inactive, how many users each role has, who is in Leeds?'
show "jq -r 'select(.status == \"inactive\") | .email' partnerize/[0-9]*.json | head -n 5"
show "jq -r .role partnerize/[0-9]*.json | sort | uniq -c"
show 'grep -l Leeds partnerize/[0-9]*.json | head -n 3'

say 'The main job: somebody leaves. When echo returns, the vendor has acknowledged it.'
show "jq -c '{email, role, status}' $user.json"
show "echo inactive > $user.status"
show "jq -c '{email, role, status}' $user.json"
expect "grep -qx inactive $user.status"
show "tail -n 3 .rosterfs/log | head -n 2"

say 'Edit in any way: only what you changed is changed at the vendor.'
show "sed -i 's|\"timezone\": .*|\"timezone\": \"Asia/Tokyo\",|' $user.json"
show "cd partnerize && jq '.lastname = \"Lovelace\"' $id.json > t && mv t $id.json"
show "jq -c '{email, status, timezone, lastname}' $user.json"
expect "jq -e '.timezone == \"Asia/Tokyo\" and .lastname == \"Lovelace\"' $user.json"

say 'What the vendor refuses fails, and the log says why in its words.'
refused "sed 's/\"email\": \".*\"/\"email\": \"nobody\"/' $user.json > \$T/bad.json; cp \$T/bad.json $user.json"
show "grep -F $user. .rosterfs/log | tail -n 1"

say 'A mistyped id is an error, never a new file.'
refused 'echo inactive > partnerize/999999.status'

# somebody who is at both vendors, and active there
email=''
for try in $(cd "$mnt" && timeout 60 ls by-email | grep -x '[a-z0-9.]*@[a-z.]*'); do
	words=$(cd "$mnt/by-email/$try" && timeout 60 cat elasticpath.status partnerize.status 2>/dev/null)
	if [ "$words" = 'active
active' ] && [ "$(readlink "$mnt/by-email/$try/partnerize.json")" != ../../partnerize/1.json ] &&
		[ "$(readlink "$mnt/by-email/$try/partnerize.json")" != "../../$user.json" ]; then
		email=$try
		break
	fi
done
[ -n "$email" ] || die 'nobody is at both vendors'
person=by-email/$email

say 'Somebody leaves who is at two vendors, at Elastic Path as a buyer. One directory has it all:'
show "ls -1 $person"
member=$(basename "$(readlink "$mnt/$person/elasticpath.json")" .json)
show "ls -d elasticpath/accounts/*/members/$member.json"
show "grep . $person/*.status"

say 'End both. A buyer has a status too: inactive ends all memberships.'
show "echo inactive | tee $person/*.status"
show "grep . $person/*.status"
expect "grep -qx inactive $person/partnerize.status && grep -qx inactive $person/elasticpath.status"
refused "ls -d elasticpath/accounts/*/members/$member.json"

say 'The log says which memberships those were, how to make them again, and what no API does.'
show "grep -F $member.status .rosterfs/log | tail -n 4"

say 'What each write changed is kept, and what undoes it.'
show 'ls .rosterfs/history'
show 'cat .rosterfs/history/1/undo.json'

say 'What is left is done by hand: CJ has no API for users, only steps in a text.'
show "grep -A 5 '^To remove a leaver' $person/cj.MANUAL"
printf 'These are a few of %s lines. To read all: less %s/cj.MANUAL\n' "$(wc -l <"$mnt/$person/cj.MANUAL")" "$person"
expect 'grep -q "To remove a leaver" cj/MANUAL'

say 'All requests that this tour cost, counted by the sandbox:'
show "curl -s $url/__sandbox/counts | jq -c ."

if [ "$wrong" -gt 0 ]; then
	die "$wrong commands did not do what the tour says"
fi

if [ -t 0 ] && [ -t 1 ]; then
	say "Now you: this is a shell in the mount. exit ends the demo and removes everything."
	(cd "$mnt" && PS1='roster$ ' bash --norc -i)
fi
:
