#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Redis 7.0 refuses the same command with NOPERM or with ERR, by whether a script runs it.
#
# Seen with: redis-server 7.0.15 (Debian redis-server and redis-tools 5:7.0.15-1~deb12u10).
#
# The guess: a client tells the reasons of a refusal by the first word, as the protocol intends: a
# command that the ACL of its user does not permit is -NOPERM, wherever it is tried.
#
# What happens: so it is for a command that is sent. One that a script runs by redis.call is -ERR, the
# word of everything else that can go wrong in a script, and only the sentence behind it tells that an
# ACL is the reason. The sentence does not name the command. A client that gives up on NOPERM, and takes
# ERR for a mistake in its own script, waits for ever for something that an administrator has to do.
# EVALSHA itself, and a key that the user may not use, named in KEYS, are -NOPERM.
#
# What helps: before scripts are used, send each command that they run once by itself.
#
# Source: redis 7.0.15, src/script.c, scriptVerifyACL: "The user executing the script can't run this
# command or subcommand". Redis 7.2 has another sentence, which names the command, also behind ERR.
set -eu

version='5:7.0.15-1~deb12u10'
work=$(mktemp -d)
server=
# shellcheck disable=SC2317  # called by the trap
clean()
{
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' INT TERM
mkdir "$work/deb" "$work/root"
chmod 755 "$work" "$work/deb"
(cd "$work/deb" && apt-get -qq download "redis-server=$version" "redis-tools=$version" \
	liblzf1=3.6-3 libjemalloc2=5.3.0-1 libatomic1=12.2.0-14+deb12u1 2>../apt.log) || {
	cat "$work/apt.log"
	exit 1
}
for deb in "$work"/deb/*.deb; do dpkg -x "$deb" "$work/root"; done
LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH
"$work/root/usr/bin/redis-server" --port 0 --unixsocket "$work/socket" --save '' --daemonize no >"$work/log" &
server=$!
while [ ! -S "$work/socket" ]; do sleep 0.1; done

# ask COMMAND...: the first word of the reply of the server to a user who may run EVAL, and not INCR,
# on keys whose names begin with a
ask()
{
	"$work/root/usr/bin/redis-cli" -s "$work/socket" --user some --pass word --no-auth-warning "$@" |
		head -n 1 | cut -d ' ' -f 1
}
"$work/root/usr/bin/redis-cli" -s "$work/socket" ACL SETUSER some on '>word' '~a*' +eval +get >/dev/null
{
	echo "INCR, sent: $(ask INCR a)"
	echo "INCR, in a script: $(ask EVAL 'return redis.call("INCR", KEYS[1])' 1 a)"
	echo "another user's key, sent: $(ask GET b)"
	echo "another user's key, of a script: $(ask EVAL 'return redis.call("GET", KEYS[1])' 1 b)"
	echo "EVALSHA, sent: $(ask EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0)"
} >"$work/seen"
cat "$work/seen"
cat >"$work/expected" <<'END_OF_EXPECTED'
INCR, sent: NOPERM
INCR, in a script: ERR
another user's key, sent: NOPERM
another user's key, of a script: NOPERM
EVALSHA, sent: NOPERM
END_OF_EXPECTED
diff "$work/expected" "$work/seen" >"$work/diff" || {
	echo 'CHANGED: expected (<), seen (>)'
	cat "$work/diff"
	exit 1
}
