#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `tests/deb.sh BUILD` uses the Debian package in BUILD/deb as people do, in a fresh Debian (root.sh): apt
# installs it with what it depends on, another user than root mounts the sandbox, reads, writes and unmounts,
# and apt purges it. No file may be left. Needs root. `make test-deb` calls it. The last line is "deb: ok".
set -u
cd "$(dirname "$0")/.." || exit 1
target=test-deb
. tests/root.sh

user=somebody

# run COMMAND as root, and as_user COMMAND as another user, in the root
run() {
	echo "# $1"
	root_run / "$1" || die "failed: $1"
}

as_user() {
	echo "$ $1"
	root_run "/home/$user" "setpriv --reuid=$user --regid=$user --init-groups env HOME=/home/$user sh -c '$1'" ||
		die "failed: $1"
}

# files: the names of all files that installing a package may leave
files() {
	(cd "$root" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./tmp -o -path ./home \
		-o -path ./var/cache -o -path ./var/lib/apt -o -path ./var/log -o -path './var/lib/dpkg/*-old' \) \
		-prune -o -print | sort)
}

# start_sandbox BUILD: on this machine, because it is no part of the package; loopback is shared
start_sandbox() {
	local file=$root/home/$user/rosterfs.conf ticks=0
	"$1/rosterfs-sandbox" --die-with-parent --vendors partnerize,elasticpath,cj --write-config "$file" \
		>"$root/tmp/sandbox.log" 2>&1 &
	until grep -q http "$root/tmp/sandbox.log"; do
		[ $((ticks += 1)) -lt 600 ] || die "the sandbox does not start: $(cat "$root/tmp/sandbox.log")"
		sleep 0.1
	done
	chroot "$root" chown "$user:" "/home/$user/rosterfs.conf"
}

inside() {
	local build=$2 apt='DEBIAN_FRONTEND=noninteractive apt-get -q -y'
	root=$1
	root_mount "$root"
	cp "$build"/deb/rosterfs_*.deb "$root/tmp/" || die "no package in $build/deb; run make deb"
	run "useradd --create-home $user"
	# every installed system has it, and fusermount3 needs it
	run 'ln -s ../proc/self/mounts /etc/mtab'
	run "$apt update"
	run 'chmod 644 /tmp/rosterfs_*.deb'
	files >"$root/tmp/before"

	say install
	run "$apt install --no-install-recommends /tmp/rosterfs_*.deb"
	run 'dpkg --verify rosterfs && ! dpkg --audit | grep .'
	run 'dpkg -L rosterfs | grep "/man/.*[.]gz" | xargs gzip -t'
	# mounts belong to users: nothing of this package begins by itself
	run '! find /etc/systemd /var/lib/systemd/deb-systemd-helper-enabled -name "*rosterfs*" 2>/dev/null | grep .'

	say use
	start_sandbox "$build"
	as_user 'rosterfs --version'
	as_user 'rosterfs --check rosterfs.conf'
	as_user 'mkdir roster && rosterfs rosterfs.conf roster && ls roster roster/partnerize | head -n 20'
	as_user 'grep -q user_id roster/partnerize/101.json && cat roster/partnerize/101.status'
	as_user 'echo inactive >roster/partnerize/101.status'
	as_user 'grep -qx inactive roster/partnerize/101.status && grep -q 101.status roster/.rosterfs/log'
	as_user 'fusermount3 -u roster && rmdir roster'
	# a description that is installed, found by the installed program
	as_user '(umask 077; printf "[okta]\n" >okta.conf); rosterfs --check okta.conf 2>&1 | grep "needs the key domain"'

	say purge
	run "$apt purge rosterfs"
	run "$apt autoremove --purge"
	files >"$root/tmp/after"
	diff "$root/tmp/before" "$root/tmp/after" || die 'files are left, or missing, after the purge'
	echo 'deb: ok'
}

if [ "${1:-}" = --inside ]; then
	inside "$2" "$3"
	exit
fi

build=${1:?BUILD is missing}
root_make
root_enter "$root" "$build"
