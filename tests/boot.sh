#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `tests/boot.sh BUILD` boots a real systemd in a Debian root that debootstrap makes, installs rosterfs
# there, and tries its unit, fstab with an automount, SIGHUP and a killed daemon. Needs root, a mirror of
# Debian and systemd-container. `make test-boot` calls it. It is no part of `make test`.
#
# Packages and the bare root are kept in BOOT_CACHE (default: rosterfs-boot in the cache folder of the
# user), which a second run uses. The root is copied for each run. All processes and mounts are in the
# container's namespaces, and end with it.
set -u
cd "$(dirname "$0")/.." || exit 1
PATH=$PATH:/usr/sbin:/sbin

suite=bookworm
packages=systemd,systemd-sysv,dbus,fuse3,libfuse3-3,libcurl4,libjansson4,libidn2-0,libunistring2,libinih1,libmicrohttpd12,mount
build=$1
cache=${BOOT_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/rosterfs-boot}
root='' container=''

die() {
	printf 'test-boot: %s\n' "$*" >&2
	exit 1
}

# ---- inside: the script that runs in the booted container ----

inside() {
	cat <<-'END'
		set -u
		failed=0
		say() { printf '%s\n' "$*"; }
		# check WORDS COMMAND...
		check() {
			what=$1
			shift
			if "$@" >/tmp/out 2>&1; then
				say "ok: $what"
			else
				say "FAILED: $what: $*"
				cat /tmp/out
				failed=1
			fi
		}
		# soon COMMAND...: until it succeeds
		soon() {
			for turn in $(seq 150); do
				"$@" >/dev/null 2>&1 && return 0
				sleep 0.2
			done
			"$@"
		}
		unit=rosterfs@main
		at=/run/rosterfs/main
		key() { sed -n 's/^user_api_key = //p' /run/sandbox.conf; }
		main_pid() { systemctl show -P MainPID "$unit"; }
		is_read_again() { grep -q 'config: read again: 0 changes' "$at/.rosterfs/log"; }
		is_mounted() { [ -e "$at/partnerize/3.json" ]; }
		is_restarted() { [ "$(main_pid)" != "$pid" ] && is_mounted; }

		check 'the sandbox starts' systemctl start sandbox
		soon test -s /run/sandbox.conf
		key >/etc/rosterfs/key
		sed 's,^user_api_key = .*,user_api_key_command = cat /etc/rosterfs/key,' /run/sandbox.conf >/etc/rosterfs/main.conf
		chmod 600 /etc/rosterfs/*
		check 'the service starts' systemctl start "$unit"
		check 'its mount is visible outside of it' is_mounted
		check 'a user is read' grep -q '"user_id": "3"' "$at/partnerize/3.json"
		check 'a status is written' sh -c "echo inactive >$at/partnerize/3.status"
		check 'its status is told' sh -c "systemctl show -P StatusText $unit | grep -q '^Mounted at $at: '"
		check 'no other process may use its files' sh -c "systemctl show -P NoNewPrivileges $unit | grep -qx yes"
		check 'reload' systemctl reload "$unit"
		check 'the config is read again, and the command runs' soon is_read_again
		check 'it is still active' systemctl -q is-active "$unit"
		pid=$(main_pid)
		kill -KILL "$pid"
		check 'after a kill it is mounted again' soon is_restarted
		check 'one mount, no stale one' sh -c "[ \$(grep -c ' $at ' /proc/mounts) -eq 1 ]"
		check 'it stops' systemctl stop "$unit"
		check 'and leaves nothing' sh -c "[ ! -e $at ] && ! grep -q ' $at ' /proc/mounts"

		mkdir /rosters
		echo '/etc/rosterfs/main.conf /rosters fuse.rosterfs noauto,x-systemd.automount,_netdev,clean_stale 0 0' >>/etc/fstab
		systemctl daemon-reload
		if [ -e /dev/autofs ]; then
			check 'the automount starts' systemctl start rosters.automount
			check 'it waits' sh -c "! grep -q ' /rosters fuse' /proc/mounts"
			check 'a look mounts it' test -e /rosters/partnerize/3.json
			check 'it stops' systemctl stop rosters.automount
		else
			say 'not tried: an automount, because there is no /dev/autofs here'
		fi
		check 'the mount unit of fstab' systemctl start rosters.mount
		check 'its mount is there' test -e /rosters/partnerize/3.json
		check 'it stops' systemctl stop rosters.mount
		check 'it is gone' sh -c "! grep -q ' /rosters fuse' /proc/mounts"
		check 'mount -t rosterfs' sh -c 'mkdir /other && mount -t rosterfs /etc/rosterfs/main.conf /other && [ -e /other/partnerize/3.json ]'
		check 'umount' umount /other
		journalctl --no-pager -q -o cat -u "$unit" -u rosters.mount
		exit $failed
	END
}

# ---- outside ----

clean() {
	[ -z "$container" ] || kill "$container" 2>/dev/null
	[ -z "$container" ] || wait "$container" 2>/dev/null
	[ -z "$root" ] || rm -rf --one-file-system "$root"
}

# The process that is the container's systemd
leader() {
	tr -d ' ' <"/proc/$container/task/$container/children"
}

# Run words in the container
enter() {
	timeout 300 nsenter -t "$(leader)" -a -- "$@"
}

[ "$(id -u)" -eq 0 ] || die 'needs root'
tests/deps.sh boot || exit 1
[ -e /dev/fuse ] || die 'there is no /dev/fuse'
mkdir -p "$cache" || die "cannot make $cache"
if [ ! -e "$cache/root/.done" ]; then
	echo "Making a Debian root in $cache"
	rm -rf --one-file-system "$cache/root"
	debootstrap --variant=minbase --include="$packages" "$suite" "$cache/root" >"$cache/debootstrap.log" 2>&1 ||
		die "debootstrap failed: see $cache/debootstrap.log"
	: >"$cache/root/.done"
fi
trap clean EXIT
trap 'exit 1' HUP INT TERM
root=$(mktemp -d "$cache/run-XXXXXX") || die "cannot make a folder in $cache"
cp -a "$cache/root/." "$root" || die "cannot copy $cache/root"

make BUILD="$build" PREFIX=/usr DESTDIR="$root" install >/dev/null || die 'cannot install rosterfs'
install "$build/rosterfs-sandbox" "$root/usr/bin" || die 'cannot install the sandbox'
mkdir -p "$root/etc/rosterfs"
cat >"$root/etc/systemd/system/sandbox.service" <<-'EOF2'
	[Service]
	ExecStart=/usr/bin/rosterfs-sandbox --port 0 --users 25 --write-config /run/sandbox.conf
EOF2
inside >"$root/usr/bin/try-rosterfs"

systemd-nspawn -q -D "$root" --boot --register=no --keep-unit --bind=/dev/fuse --private-users=no \
	--console=pipe </dev/null >"$root.log" 2>&1 &
container=$!
booted=no
for _ in $(seq 300); do
	kill -0 "$container" 2>/dev/null || break
	state=$(enter systemctl is-system-running 2>/dev/null)
	case $state in running | degraded) booted=yes && break ;; esac
	sleep 0.2
done
if [ "$booted" = no ]; then
	cat "$root.log" >&2
	rm -f "$root.log"
	die 'systemd does not boot in a container on this machine'
fi
rm -f "$root.log"
enter sh /usr/bin/try-rosterfs
code=$?
if [ $code -ne 0 ]; then
	die 'a check failed'
fi
echo 'test-boot: ok'
