#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs `make`, `make demo` and `make test` of the commit HEAD as a new user does on a fresh Debian: in a
# root that debootstrap makes, with git, make, a C compiler and ca-certificates, and nothing else. `make`
# must fail, name `make deps` and install nothing; the others must install what they need. Needs root.
# `make test-bare` calls it.
#
# The root is a plain directory that is no mount point. It has no /etc/mtab and no /etc/fuse.conf.
# The commands run as root with umask 077, without a terminal, and with no variable set except PATH
# and proxies. The mirror and the proxies are those of this machine's apt; BARE_MIRROR names another
# mirror. Packages and the bare root are kept in BARE_CACHE (default: rosterfs-bare in the cache
# folder of the user), which a second run uses.
#
# All mounts and processes live in namespaces of their own: they end with the script, however it
# ends. The last line has the counts of `make test`, with `make` and the demo as two more tests.
set -u
cd "$(dirname "$0")/.." || exit 1
PATH=$PATH:/usr/sbin:/sbin

suite=bookworm
packages=git,make,gcc,libc6-dev,ca-certificates
cache=${BARE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/rosterfs-bare}
user_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
root='' child=''

die() {
	printf 'test-bare: %s\n' "$*" >&2
	exit 1
}

say() {
	printf '\n==== %s\n' "$*"
}

# ---- inside: the first process of the new namespaces ----

# mount_root ROOT: /proc, /sys and /dev, as a container gets them
mount_root() {
	local name
	mount -t proc proc "$1/proc" && mount -t sysfs sysfs "$1/sys" &&
		mount -t tmpfs -o mode=755 dev "$1/dev" || return 1
	for name in null zero full random urandom tty fuse; do
		: >"$1/dev/$name"
		mount --bind "/dev/$name" "$1/dev/$name" || return 1
	done
	mkdir "$1/dev/pts" "$1/dev/shm" &&
		mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$1/dev/pts" &&
		mount -t tmpfs -o mode=1777 shm "$1/dev/shm" &&
		ln -s pts/ptmx "$1/dev/ptmx" && ln -s /proc/self/fd "$1/dev/fd" &&
		ln -s fd/0 "$1/dev/stdin" && ln -s fd/1 "$1/dev/stdout" && ln -s fd/2 "$1/dev/stderr"
}

# as_user COMMAND: what the new user types in the folder of the clone
as_user() {
	local proxies=() name
	for name in http_proxy https_proxy no_proxy; do
		[ -z "${!name:-}" ] || proxies+=("$name=${!name}")
	done
	(umask 077 && chroot "$root" env -i "PATH=$user_path" "${proxies[@]}" \
		sh -c "cd /root/rosterfs && $1") </dev/null 2>&1
}

# installed: how many packages the root has, and their size in kB
installed() {
	# shellcheck disable=SC2016  # for dpkg-query
	chroot "$root" dpkg-query -W -f '${db:Status-Abbrev} ${Installed-Size}\n' |
		awk '$1 == "ii" { n++; size += $2 } END { print n, size }'
}

inside() {
	local part count size more grown plain=failed demo=failed good=0 bad=0 odd=0 code start
	root=$1
	mount_root "$root" || die "cannot mount /proc, /sys and /dev in $root"
	mount --bind "$cache/packages" "$root/var/cache/apt/archives" || die 'cannot mount the packages'
	read -r count size < <(installed)

	say 'make'
	as_user make >"$root/make.log" && echo 'make succeeds without libraries'
	cat "$root/make.log"
	read -r more grown < <(installed)
	grep -q 'make deps' "$root/make.log" && [ "$more" -eq "$count" ] && plain=passed
	say "make: $plain, with $((more - count)) packages installed"

	say 'make demo </dev/null'
	start=$SECONDS
	as_user 'make demo' && demo=passed
	read -r more grown < <(installed)
	say "make demo: $demo after $((SECONDS - start)) s, with $((more - count)) packages installed"

	say 'make test'
	start=$SECONDS
	as_user 'make test' | tee "$root/test.log"
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

# ---- outside ----

# shellcheck disable=SC2317  # called by the trap
clean_up() {
	trap '' INT TERM HUP
	# its death ends the first process of the new namespaces, and with that all of them
	if [ -n "$child" ]; then
		kill -KILL "$child" 2>/dev/null
		wait "$child" 2>/dev/null
	fi
	[ -z "$root" ] || rm -rf --one-file-system "$root"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

# mirror LABEL: the first address that apt of this machine has for Debian's archive of that label
mirror() {
	# shellcheck disable=SC2016  # for apt-get
	apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		sed -n "s/^$1|//p" | head -n 1
}

# use_proxies: those of apt, for debootstrap and in the new root
use_proxies() {
	local http='' https=''
	eval "$(apt-config shell http Acquire::http::Proxy https Acquire::https::Proxy)"
	[ -z "$http" ] || [ "$http" = DIRECT ] || export http_proxy=$http
	[ -z "$https" ] || [ "$https" = DIRECT ] || export https_proxy=$https
}

# make_base: $cache/$suite.tar, the root as debootstrap makes it
make_base() {
	local new=$cache/new
	say "debootstrap $suite (kept in $cache)"
	rm -rf --one-file-system "$new"
	if ! debootstrap --variant=minbase --include="$packages" "$suite" "$new" "$debian" \
		>"$cache/debootstrap.log" 2>&1; then
		tail -n 20 "$cache/debootstrap.log" >&2
		die "debootstrap failed; all that it said is in $cache/debootstrap.log"
	fi
	rm -f "$new"/var/cache/apt/archives/*.deb
	tar -C "$new" --numeric-owner -cf "$cache/$suite.part" . || die "cannot write $cache/$suite.part"
	mv "$cache/$suite.part" "$cache/$suite.tar" || die "cannot write $cache/$suite.tar"
	rm -rf --one-file-system "$new"
}

# fill ROOT: a fresh copy of the base, how to reach the mirror, and a clone of HEAD
fill() {
	tar -C "$1" --numeric-owner -xpf "$cache/$suite.tar" || die 'cannot unpack the root'
	{
		echo "deb $debian $suite main"
		echo "deb $debian $suite-updates main"
		[ -z "$security" ] || echo "deb $security $suite-security main"
	} >"$1/etc/apt/sources.list"
	apt-config dump | grep -E '^Acquire::(https?::|Check-|Retries|ForceIP)' >"$1/etc/apt/apt.conf.d/90bare"
	cp -L /etc/resolv.conf /etc/hosts "$1/etc/" || die 'cannot copy /etc/resolv.conf'
	git clone -q --no-hardlinks . "$1/root/rosterfs" || die 'cannot clone this repository'
	git -C "$1/root/rosterfs" checkout -q --detach "$(git rev-parse HEAD)" || die 'cannot check out HEAD'
}

[ "$(id -u)" -eq 0 ] || die 'needs root, for chroot and mount; run: sudo make test-bare'
command -v apt-get >/dev/null || die 'needs apt-get and debootstrap: run it on Debian or Ubuntu'
tests/deps.sh device || exit 1
tests/deps.sh bare || exit 1
[ -z "$(git status --porcelain 2>/dev/null)" ] ||
	echo 'test-bare: there are changes that are not committed; they are not tested' >&2

debian=${BARE_MIRROR:-$(mirror Debian)}
security=$(mirror Debian-Security)
[ -n "$debian" ] ||
	die 'apt of this machine names no mirror of Debian; run apt-get update, or set BARE_MIRROR to the URL of one'
use_proxies

mkdir -p "$cache/packages/partial" || die "cannot make $cache; set BARE_CACHE to another folder"
exec 8>"$cache/lock"
flock -n 8 || die "another run uses $cache"
rm -rf --one-file-system "$cache"/root.*
[ -s "$cache/$suite.tar" ] || make_base
root=$(mktemp -d "$cache/root.XXXXXX") || die "cannot make a folder in $cache"
chmod 755 "$root"
fill "$root"

# job control gives the child a process group of its own, so that Ctrl-C comes here alone
set -m
export cache
unshare --mount --pid --ipc --fork --kill-child --propagation private \
	bash tests/bare.sh --inside "$root" 8>&- </dev/null &
child=$!
set +m
wait "$child"
code=$?
child=''
exit "$code"
