#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# smbd --no-process-group ends the script that has started it: when smbd ends, it signals its group.
#
# Seen with: Samba 4.17.12 (Debian samba 2:4.17.12+dfsg-0+deb12u4). Needs Debian 12 and root; smbd
# listens on a port of loopback.
#
# The guess: with --foreground, a test or a supervisor starts smbd as its child, and ends it by its
# process id. smbd(8) says that --no-process-group makes no new process group for smbd, which looks
# like the friendlier choice: Ctrl-C reaches smbd, too.
#
# What happens: when smbd ends, it sends SIGTERM to its whole process group,
# which it takes to have nobody but its own children in it. With --no-process-group this is the group
# of whoever started it: the script, and in an interactive shell without job control everything in
# it. Nothing is printed or logged about it. Without the option only smbd is in the group; it is then
# ended by its own signal, so that wait returns 143 (128 + SIGTERM) and not 0.
#
# What helps: do not give the option; or start smbd with setsid(1).
#
# Source: Samba 4.17, source3/smbd/server.c: killkids, which is registered with atexit when the ports
# are opened, calls kill(0, SIGTERM), with the option as without. strace -f -e kill shows it.
set -eu

port=20445
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
mkdir "$work/deb" "$work/root" "$work/state"
chmod 755 "$work" "$work/deb"
(cd "$work/deb" && apt-get -qq download \
	samba=2:4.17.12+dfsg-0+deb12u4 samba-libs=2:4.17.12+dfsg-0+deb12u4 libwbclient0=2:4.17.12+dfsg-0+deb12u4 \
	libldb2=2:2.6.2+samba4.17.12+dfsg-0+deb12u4 libtalloc2=2.4.0-f2 libtdb1=1.4.8-2 libtevent0=0.14.1-1 \
	libavahi-client3=0.8-10+deb12u1 libavahi-common3=0.8-10+deb12u1 libbsd0=0.11.7-2 \
	libdbus-1-3=1.14.10-1~deb12u1 libgssapi-krb5-2=1.20.1-2+deb12u5 libicu72=72.1-3+deb12u1 \
	libjansson4=2.14-2 libk5crypto3=1.20.1-2+deb12u5 libkeyutils1=1.6.3-2 libkrb5-3=1.20.1-2+deb12u5 \
	libkrb5support0=1.20.1-2+deb12u5 libldap-2.5-0=2.5.13+dfsg-5 libpopt0=1.19+dfsg-1 \
	libsasl2-2=2.1.28+dfsg-10 libtirpc3=1.3.3+ds-1 2>../apt.log) || {
	cat "$work/apt.log"
	exit 1
}
for deb in "$work"/deb/*.deb; do dpkg -x "$deb" "$work/root"; done
lib=$work/root/usr/lib/x86_64-linux-gnu
smbd=$work/root/usr/sbin/smbd
cat >"$work/smb.conf" <<END
[global]
private dir = $work/state
lock directory = $work/state
state directory = $work/state
cache directory = $work/state
pid directory = $work/state
ncalrpc dir = $work/state/ncalrpc
log file = $work/state/log
smb ports = $port
interfaces = lo
bind interfaces only = yes
disable netbios = yes
END

# what somebody writes who needs smbd for a while
cat >"$work/script" <<'END'
"$@" &
smbd=$!
for _ in $(seq 50); do
	! grep -q 'daemon_ready' "$LOG" 2>/dev/null || break
	sleep 0.2
done
kill -TERM "$smbd"
wait "$smbd"
echo "  smbd ended with status $?, and the script goes on"
END
for option in --foreground --no-process-group; do
	echo "smbd --foreground${option#--foreground}" | sed 's/foreground--/foreground --/' >>"$work/seen"
	rm -f "$work/state/log"
	code=0
	LOG="$work/state/log" LD_LIBRARY_PATH="$lib:$lib/samba" setsid -w timeout 60 sh "$work/script" "$smbd" --foreground \
		--debuglevel=3 "$option" --configfile="$work/smb.conf" >>"$work/seen" 2>/dev/null || code=$?
	echo "  the script ended with status $code" >>"$work/seen"
done

cat >"$work/expected" <<'END'
smbd --foreground
  smbd ended with status 143, and the script goes on
  the script ended with status 0
smbd --foreground --no-process-group
  the script ended with status 143
END
"$smbd" --version 2>/dev/null || LD_LIBRARY_PATH="$lib:$lib/samba" "$smbd" --version
cat "$work/seen"
diff "$work/expected" "$work/seen" >"$work/diff" || {
	echo 'CHANGED: expected (<), seen (>)'
	cat "$work/diff"
	exit 1
}
