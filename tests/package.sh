#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `tests/package.sh BUILD` builds the Debian package and checks it without installing it: lintian accepts it,
# it holds what `make install` installs and nothing else but documents, and no file was written outside of
# BUILD. The last line is "package: ok".
set -eu
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tests/deps.sh lintian
git status --porcelain >"$work/before" 2>/dev/null || true
make BUILD="$1" deb
git status --porcelain >"$work/after" 2>/dev/null || true
diff "$work/before" "$work/after"

# root may not run it without a warning; what it says of the Debian of the day is not about this package
lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$1"/deb/rosterfs_*.changes

dpkg-deb --contents "$1"/deb/rosterfs_*.deb
dpkg-deb --fsys-tarfile "$1"/deb/rosterfs_*.deb | tar -t | sed -n 's,^\./,/,p' | grep -v '/$' | sed 's,\.gz$,,' |
	grep -vE '^/usr/share/doc/rosterfs/(changelog|copyright|[A-Z]*\.md)$' | sort >"$work/packed"
make BUILD="$1" PREFIX=/usr DESTDIR="$work/root" install >/dev/null
(cd "$work/root" && find . ! -type d) |
	sed 's,^\.,,; s,/zsh/site-functions/,/zsh/vendor-completions/,' | sort >"$work/installed"
diff "$work/installed" "$work/packed"
echo 'package: ok'
