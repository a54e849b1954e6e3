#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what `make interop` needs: Debian packages (tests/deps.sh), and the npm packages of
# package-lock.json in $BUILD/interop/npm. What is there is left alone. The two run at the same time:
# each keeps one core busy for a minute.
set -u
cd "$(dirname "$0")/../.." || exit 1

BUILD=${BUILD:-build}
folder=$BUILD/interop/npm
log=$BUILD/interop/npm.log
mkdir -p "$folder" || exit 1

wanted=$(cat tests/interop/package.json tests/interop/package-lock.json | sha256sum | cut -d ' ' -f 1)

# headers of node's own, so that nothing but packages is downloaded
headers() {
	prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
	[ ! -e "$prefix/include/node/node_version.h" ] || echo "$prefix"
}

install_npm() {
	cp tests/interop/package.json tests/interop/package-lock.json "$folder/" || return 1
	cd "$folder" || return 1
	# a peer of better-auth's that nobody here uses wants another version of sqlite
	npm ci --legacy-peer-deps --ignore-scripts --no-audit --no-fund || return 1
	# The one package that is compiled. node 18 is too old for it: the tests say so.
	if [ "$(node -p 'process.versions.node.split(".")[0] >= 20')" = true ]; then
		nodedir=$(headers)
		[ -z "$nodedir" ] || export npm_config_nodedir="$nodedir"
		# without optimisation in a quarter of the time; nothing here is large
		CFLAGS=-O0 CXXFLAGS=-O0 npm_config_build_from_source=true npm rebuild better-sqlite3 || return 1
	fi
}

tests/deps.sh npm || exit 1
installed=$(cat "$folder/installed" 2>/dev/null)
now="$wanted $(node --version)"
if [ "$installed" != "$now" ]; then
	rm -f "$folder/installed"
	echo 'Installing npm packages'
	(install_npm) >"$log" 2>&1 </dev/null &
	npm=$!
fi
tests/deps.sh interop
failed=$?
if [ "$installed" != "$now" ]; then
	if wait "$npm"; then
		echo "$now" >"$folder/installed"
	else
		tail -n 20 "$log" >&2
		echo "npm could not install the packages of tests/interop/package.json (all of its words: $log)" >&2
		failed=1
	fi
fi
exit $failed
