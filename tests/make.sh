#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Checks what the Makefile promises apart from building: which targets may install packages, that `make
# help` lists all targets, that `make dist` is reproducible, that the Debian package has the same version, and
# that compile_commands.json is complete.
# Programs named apt-get and sudo that come first in PATH record their calls and fail, so that
# nothing is installed.
set -u
cd "$(dirname "$0")/.." || exit 1

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

wrong() {
	echo "make: $*"
	failed=1
}

# quiet TARGET... runs make with BUILD in the work folder and no other variables
quiet() {
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS PATH="$work/bin:$PATH" \
		make --no-print-directory BUILD="$work/build" "$@" >"$work/output" 2>&1
}

mkdir "$work/bin"
for name in apt-get sudo; do
	printf '#!/bin/sh\necho "%s $*" >>"%s"\nexit 1\n' "$name" "$work/calls" >"$work/bin/$name"
	chmod 755 "$work/bin/$name"
done

# without the libraries: name what to do, install nothing
for target in all install compile_commands.json "$work/build/rosterfs"; do
	quiet PKG_CONFIG=false DESTDIR="$work/root" "$target" && wrong "$target succeeds without libraries"
	grep -q 'make deps' "$work/output" || wrong "$target does not name make deps"
	grep -q libfuse3-dev "$work/output" || wrong "$target does not name the missing packages"
	[ ! -e "$work/calls" ] || wrong "$target calls $(head -n 1 "$work/calls")"
done

# a target that needs more than the build installs what is missing
for target in unit lint-tidy deps deps-build; do
	rm -f "$work/calls"
	quiet PKG_CONFIG=false "$target" && wrong "$target succeeds without libraries"
	[ -e "$work/calls" ] || wrong "$target does not call apt-get"
done

quiet help || wrong 'help fails'
for target in $(sed -n 's/^\.PHONY: //p' Makefile | tr '\n' ' '); do
	case "$target" in
	FORCE) ;;
	*) grep -qE -- "(^  |[( ])$target([ ,:]|\$)" "$work/output" || wrong "help does not list $target" ;;
	esac
done

# one version: the Makefile's
version=$(sed -n 's/^VERSION := //p' Makefile)
head -n 1 debian/changelog | grep -qF "rosterfs ($version) " || wrong "debian/changelog does not begin with version $version"

if git rev-parse HEAD >/dev/null 2>&1; then
	for copy in one two; do
		quiet dist || wrong 'dist fails'
		mv "$work"/build/rosterfs-*.tar.gz "$work/$copy.tar.gz"
	done
	cmp "$work/one.tar.gz" "$work/two.tar.gz" || wrong 'dist is not reproducible'
	tar -tzf "$work/one.tar.gz" | grep -qE '^rosterfs-[0-9.]+/Makefile$' || wrong 'dist has no Makefile'
else
	echo 'make: no git repository here; dist is not tested'
fi

# make writes the file into its own folder, so this is run on a copy
mkdir "$work/copy"
cp -R Makefile tests vendors cache fs mount "$work/copy"
quiet -C "$work/copy" compile_commands.json || wrong 'compile_commands.json fails'
/usr/bin/python3 - "$work/copy/compile_commands.json" <<-'END' || wrong 'compile_commands.json is not complete'
	import json, os, shlex, sys
	with open(sys.argv[1]) as file:
	    entries = json.load(file)
	for entry in entries:
	    words = shlex.split(entry["command"])
	    assert os.path.exists(os.path.join(entry["directory"], entry["file"])), entry
	    assert words[-1] == entry["file"] and any(word.startswith('-DROSTERFS_VERSION="') for word in words)
	assert "mount/main.c" in [entry["file"] for entry in entries]
END

[ "$failed" -eq 0 ] || exit 1
echo 'make: ok'
