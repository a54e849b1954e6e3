#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `tests/install.sh BUILD`: what `make install` puts somewhere runs there, has its manual pages, and
# is gone after `make uninstall`.
set -eu
cd "$(dirname "$0")/.."

to=$(mktemp -d)
trap 'rm -rf "$to"' EXIT
make BUILD="$1" PREFIX=/usr DESTDIR="$to" install
"$to/usr/bin/rosterfs" --version
for page in man1/rosterfs.1 man5/rosterfs.conf.5; do
	[ -s "$to/usr/share/man/$page" ]
done
make BUILD="$1" PREFIX=/usr DESTDIR="$to" uninstall
left=$(find "$to" -type f)
if [ -n "$left" ]; then
	echo "uninstall left: $left"
	exit 1
fi
echo 'install: ok'
