#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs `make`, `make demo` and `make test` of the commit HEAD as a new user does on a fresh Debian: in a
# root that debootstrap makes (root.sh), with git, make, a C compiler and ca-certificates, and nothing else.
# `make` must fail, name `make deps` and install nothing; the others must install what they need. Needs
# root. `make test-bare` calls it. The last line has the counts of `make test`, with `make` and the demo as
# two more tests.
set -u
cd "$(dirname "$0")/.." || exit 1
target=test-bare
. tests/root.sh

# installed: how many packages the root has, and their size in kB
installed() {
	# shellcheck disable=SC2016  # for dpkg-query
	chroot "$root" dpkg-query -W -f '${db:Status-Abbrev} ${Installed-Size}\n' |
		awk '$1 == "ii" { n++; size += $2 } END { print n, size }'
}

inside() {
	local part count size more grown plain=failed demo=failed good=0 bad=0 odd=0 code start
	root=$1
	root_mount "$root"
	read -r count size < <(installed)

	say 'make'
	root_run /root/rosterfs make >"$root/make.log" && echo 'make succeeds without libraries'
	cat "$root/make.log"
	read -r more grown < <(installed)
	grep -q 'make deps' "$root/make.log" && [ "$more" -eq "$count" ] && plain=passed
	say "make: $plain, with $((more - count)) packages installed"

	say 'make demo </dev/null'
	start=$SECONDS
	root_run /root/rosterfs 'make demo' && demo=passed
	read -r more grown < <(installed)
	say "make demo: $demo after $((SECONDS - start)) s, with $((more - count)) packages installed"

	say 'make test'
	start=$SECONDS
	root_run /root/rosterfs 'make test' | tee "$root/test.log"
	code=${PIPESTATUS[0]}
	say "make test: exit status $code after $((SECONDS - start)) s"
	read -r more grown < <(installed)
	say "installed in all: $((more - count)) packages of $(du -sm "$cache/packages" | cut -f 1) MB," \
		"$(((grown - size) / 1000)) MB unpacked"

	read -r good bad odd < <(sed -nE \
		's/^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?$/\1 \2 \4/p' "$root/test.log" | tail -n 1)
	for part in "$plain" "$demo"; do
		if [ "$part" = passed ]; then good=$((good + 1)); else bad=$((bad + 1)); fi
	done
	[ "$code" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
	printf '\n%s passed, %s failed, %s skipped\n' "$good" "$bad" "${odd:-0}"
	[ "$bad" -eq 0 ]
}

if [ "${1:-}" = --inside ]; then
	inside "$2"
	exit
fi

[ -z "$(git status --porcelain 2>/dev/null)" ] ||
	echo 'test-bare: there are changes that are not committed; they are not tested' >&2
root_make
git clone -q --no-hardlinks . "$root/root/rosterfs" || die 'cannot clone this repository'
git -C "$root/root/rosterfs" checkout -q --detach "$(git rev-parse HEAD)" || die 'cannot check out HEAD'
root_enter "$root"
