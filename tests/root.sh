# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Fresh Debian roots for tests, which bare.sh and deb.sh source. They set `target`, the target of make that their
# messages name, and call:
#
#     root_make                  set root to a new folder with a Debian, which goes when the script ends
#     root_enter ROOT WORD...    run the script again with the arguments --inside ROOT WORD...
#     root_mount ROOT            inside: mount what the root needs
#     root_run FOLDER COMMAND    inside: run COMMAND in FOLDER of $root as a user does who has just logged in
#
# debootstrap makes the root, with git, make, a C compiler and ca-certificates. It is a plain directory that is no
# mount point. It has no /etc/mtab and no /etc/fuse.conf. Commands run in it as root with umask 077, without a
# terminal, and with no variable set except PATH and proxies. The mirror and the proxies are those of this machine's
# apt; BARE_MIRROR names another mirror. Packages and the bare root are kept in BARE_CACHE (default: rosterfs-bare in
# the cache folder of the user), which a second run uses.
#
# All mounts and processes live in namespaces of their own: they end with the script, however it ends.
PATH=$PATH:/usr/sbin:/sbin

suite=bookworm
packages=git,make,gcc,libc6-dev,ca-certificates
cache=${BARE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/rosterfs-bare}
root='' child=''

die() {
	# shellcheck disable=SC2154  # the script that sources this sets it
	printf '%s: %s\n' "$target" "$*" >&2
	exit 1
}

say() {
	printf '\n==== %s\n' "$*"
}

# ---- inside: the first process of the new namespaces ----

# root_mount_devices ROOT: /proc, /sys and /dev, as a container gets them
root_mount_devices() {
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

root_mount() {
	root_mount_devices "$1" || die "cannot mount /proc, /sys and /dev in $1"
	mount --bind "$cache/packages" "$1/var/cache/apt/archives" || die 'cannot mount the packages'
}

root_run() {
	local proxies=() name
	for name in http_proxy https_proxy no_proxy; do
		[ -z "${!name:-}" ] || proxies+=("$name=${!name}")
	done
	(umask 077 && chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		"${proxies[@]}" sh -c "cd $1 && $2") </dev/null 2>&1
}

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

# root_base: $cache/$suite.tar, the root as debootstrap makes it
root_base() {
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

# root_fill ROOT: a fresh copy of the base, and how to reach the mirror
root_fill() {
	tar -C "$1" --numeric-owner -xpf "$cache/$suite.tar" || die 'cannot unpack the root'
	{
		echo "deb $debian $suite main"
		echo "deb $debian $suite-updates main"
		[ -z "$security" ] || echo "deb $security $suite-security main"
	} >"$1/etc/apt/sources.list"
	apt-config dump | grep -E '^Acquire::(https?::|Check-|Retries|ForceIP)' >"$1/etc/apt/apt.conf.d/90bare"
	cp -L /etc/resolv.conf /etc/hosts "$1/etc/" || die 'cannot copy /etc/resolv.conf'
}

root_make() {
	trap clean_up EXIT
	trap 'exit 130' INT TERM HUP
	[ "$(id -u)" -eq 0 ] || die "needs root, for chroot and mount; run: sudo make $target"
	command -v apt-get >/dev/null || die 'needs apt-get and debootstrap: run it on Debian or Ubuntu'
	tests/deps.sh device || exit 1
	tests/deps.sh bare || exit 1
	debian=${BARE_MIRROR:-$(mirror Debian)}
	security=$(mirror Debian-Security)
	[ -n "$debian" ] ||
		die 'apt of this machine names no mirror of Debian; run apt-get update, or set BARE_MIRROR to the URL of one'
	use_proxies

	mkdir -p "$cache/packages/partial" || die "cannot make $cache; set BARE_CACHE to another folder"
	exec 8>"$cache/lock"
	flock -n 8 || die "another run uses $cache"
	rm -rf --one-file-system "$cache"/root.*
	[ -s "$cache/$suite.tar" ] || root_base
	root=$(mktemp -d "$cache/root.XXXXXX") || die "cannot make a folder in $cache"
	chmod 755 "$root"
	root_fill "$root"
}

root_enter() {
	local code
	# job control gives the child a process group of its own, so that Ctrl-C comes here alone
	set -m
	export cache
	unshare --mount --pid --ipc --fork --kill-child --propagation private \
		bash "tests/${0##*/}" --inside "$@" 8>&- </dev/null &
	child=$!
	set +m
	wait "$child"
	code=$?
	child=''
	return "$code"
}
