#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `tests/install.sh BUILD` checks that `make install` installs a program that runs, its man pages, the
# example config and the descriptions of vendors, which the program finds, and that `make uninstall` removes
# them.
set -eu
cd "$(dirname "$0")/.."

to=$(mktemp -d)
trap 'rm -rf "$to"' EXIT
make BUILD="$1" PREFIX=/usr DESTDIR="$to" install
version=$(sed -n 's/^VERSION := //p' Makefile)
[ "$("$to/usr/bin/rosterfs" --version)" = "rosterfs $version" ]
# the unit names the script that was installed
grep -q '^ExecStart=/bin/sh /usr/share/doc/rosterfs/rosterfs-collect ' "$to/usr/share/doc/rosterfs/rosterfs-collect.service"
[ -x "$to/usr/bin/rosterfs-offboard" ]
for file in man/man1/rosterfs.1 man/man1/rosterfs-offboard.1 man/man7/rosterfs-recipes.7 man/man7/rosterfs-shared.7 man/man5/rosterfs.conf.5 man/man5/rosterfs.vendor.5 rosterfs/vendors/okta.vendor doc/rosterfs/rosterfs.conf.example \
	doc/rosterfs/change-by-csv.py doc/rosterfs/rosterfs-collect doc/rosterfs/rosterfs-collect.service doc/rosterfs/rosterfs-collect.timer \
	doc/rosterfs/rosterfs.rules.yml doc/rosterfs/rosterfs-redis.conf doc/rosterfs/rosterfs-redis.service bash-completion/completions/rosterfs.bash zsh/site-functions/_rosterfs \
	fish/vendor_completions.d/rosterfs.fish; do
	[ -s "$to/usr/share/$file" ]
done
# a man page names files where they are
if grep /usr/local/ "$to"/usr/share/man/man*/*; then exit 1; fi
[ -x "$to/usr/sbin/mount.rosterfs" ] && [ -s "$to/usr/share/doc/rosterfs/rosters.mount" ] &&
	[ -s "$to/usr/share/doc/rosterfs/rosters.automount" ]
for unit in system user; do
	grep -q '^ExecStart=/usr/bin/rosterfs -f ' "$to/usr/lib/systemd/$unit/rosterfs@.service"
done
# the installed program reads the description, and misses the keys that it asks for
printf '[okta]\n' >"$to/okta.conf"
"$to/usr/bin/rosterfs" --check "$to/okta.conf" 2>&1 | grep -q 'section \[okta\] needs the key domain'
rm "$to/okta.conf"
make BUILD="$1" PREFIX=/usr DESTDIR="$to" uninstall
left=$(find "$to" -type f)
if [ -n "$left" ]; then
	echo "uninstall left: $left"
	exit 1
fi
echo 'install: ok'
