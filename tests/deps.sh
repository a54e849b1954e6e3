#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the missing Debian packages of the sets that are named as arguments: build, shared, demo, test,
# bench, lint, bare, boot, npm, interop, deb, lintian. Each line of the table has a command that succeeds if the thing is there, wherever
# it came from; what is there is left alone. Without apt-get, the script names what is missing and
# fails.
#
#     tests/deps.sh SET...            install
#     tests/deps.sh --check SET...    install nothing: name what is missing, and fail if anything is
#     tests/deps.sh device            fail if this machine does not permit mounting
set -u

CC=${CC:-cc}
PKG_CONFIG=${PKG_CONFIG:-pkg-config}
PYTHON=${PYTHON:-/usr/bin/python3}
PATH=$PATH:/usr/sbin:/sbin
export CC PKG_CONFIG PYTHON PATH

# set|Debian package|its name elsewhere|the test
table() {
	cat <<-'EOF'
		build|gcc libc6-dev|a C compiler|echo 'int main(void){return 0;}' | $CC -x c -o /dev/null -
		build|make|GNU make|command -v make
		build|pkg-config|pkg-config (or pkgconf)|command -v $PKG_CONFIG
		build|libfuse3-dev|libfuse 3.10 or later|$PKG_CONFIG --exists 'fuse3 >= 3.10'
		build|fuse3|fusermount3 of libfuse 3|command -v fusermount3
		build|libcurl4-openssl-dev|libcurl|$PKG_CONFIG --exists libcurl
		build|libjansson-dev|jansson 2.14 or later|$PKG_CONFIG --exists 'jansson >= 2.14'
		build|libidn2-dev|libidn2|$PKG_CONFIG --exists libidn2
		build|libunistring-dev|libunistring|echo '#include <unistr.h>' | $CC -E -x c -o /dev/null -
		build|libinih-dev|inih|$PKG_CONFIG --exists inih
		build|libmicrohttpd-dev|libmicrohttpd|$PKG_CONFIG --exists libmicrohttpd
		build|libc6-dev|sys/queue.h (with musl: bsd-compat-headers or libbsd)|echo '#include <sys/queue.h>' | $CC -E -x c -o /dev/null -
		build|uthash-dev|uthash|echo '#include <uthash.h>' | $CC -E -x c -o /dev/null -
		shared|libhiredis-dev|hiredis 0.14 or later|$PKG_CONFIG --exists 'hiredis >= 0.14'
		shared|libsodium-dev|libsodium|$PKG_CONFIG --exists libsodium
		shared|libzstd-dev|zstd (libzstd)|$PKG_CONFIG --exists libzstd
		demo|jq|jq|command -v jq
		demo|curl|curl|command -v curl
		test|libcmocka-dev|cmocka|$PKG_CONFIG --exists cmocka
		test|python3|python 3.9 or later|$PYTHON -c 'import sys; sys.exit(sys.version_info < (3, 9))'
		test|python3-pytest|pytest 7|$PYTHON -c 'import pytest'
		test|python3-pytest-xdist|pytest-xdist|$PYTHON -c 'import xdist'
		test|jq|jq|command -v jq
		test|curl|curl|command -v curl
		test|vim|vim|{ vim.basic --version || vim --version; } | grep -q IMproved
		test|neovim|neovim|command -v nvim
		test|emacs-nox|emacs|command -v emacs
		test|nano|nano|command -v nano
		test|micro|micro|command -v micro
		test|joe|joe|command -v joe
		test|mg|mg|command -v mg
		test|ne|ne|command -v ne
		test|mc|mcedit (mc)|command -v mcedit
		test|kakoune|kakoune|command -v kak
		test|vis|vis|command -v vis
		test|nvi|nvi|command -v nvi
		test|tilde|tilde|command -v tilde
		test|dte|dte|command -v dte
		test|jed|jed|command -v jed
		test|ed|ed|command -v ed
		test|gawk|gawk|command -v gawk
		test|git|git|command -v git
		test|nodejs|node|command -v node
		test|dash|dash|command -v dash
		test|zsh|zsh|command -v zsh
		test|fish|fish|command -v fish
		test|busybox|busybox|command -v busybox
		test|rsync|rsync|command -v rsync
		test|moreutils|sponge (moreutils)|command -v sponge
		test|patch|patch|command -v patch
		test|plocate|plocate|command -v updatedb
		test|libfaketime|libfaketime|ls /usr/lib/*/faketime/libfaketime.so.1
		test|tmux|tmux|command -v tmux
		test|procps|ps and pgrep (procps)|command -v pgrep
		test|gdb|gdb|command -v gdb
		test|openssl|openssl|command -v openssl
		test|nginx-light|nginx|command -v nginx
		test|redis-server|redis-server (Redis 7 or Valkey)|command -v redis-server
		test|redis-tools|redis-cli (Redis 7 or Valkey)|command -v redis-cli
		test|iproute2|ip (iproute2)|command -v ip
		test|hostname|hostname|command -v hostname
		test|util-linux|setpriv (util-linux)|command -v setpriv
		test|mount|mount (util-linux)|command -v mount
		test|systemd|systemd-analyze (systemd)|command -v systemd-analyze
		bench|python3|python 3.9 or later|$PYTHON -c 'import sys; sys.exit(sys.version_info < (3, 9))'
		bench|curl|curl|command -v curl
		bench|nginx-light|nginx with HTTP/2|nginx -V 2>&1 | grep -q http_v2
		bench|openssl|openssl|command -v openssl
		bench|redis-server|redis-server (Redis 7 or Valkey)|command -v redis-server
		bench|util-linux|setpriv (util-linux)|command -v setpriv
		npm|nodejs|node|command -v node
		npm|npm|npm|command -v npm
		npm|g++ make python3|a C++ compiler, make and python 3|command -v g++ && command -v make && command -v python3
		interop|dbconfig-no-thanks redmine redmine-sqlite ruby-sqlite3|Redmine with SQLite, and no database of its own|ls /usr/share/redmine/config.ru && ruby -e 'require "sqlite3"'
		interop|puma|puma|command -v puma
		interop|python3-keystone|OpenStack Keystone|command -v keystone-manage && command -v keystone-wsgi-public
		interop|python3-djangorestframework|Django REST Framework|$PYTHON -c 'import django, rest_framework'
		interop|python3-pytest|pytest 7|$PYTHON -c 'import pytest'
		interop|jq|jq|command -v jq
		interop|sed|GNU sed|sed --version | grep -q GNU
		interop|util-linux|setpriv (util-linux)|command -v setpriv
		interop|gdb|gdb|command -v gdb
		bare|debootstrap|debootstrap|command -v debootstrap
		bare|debian-archive-keyring|Debian's archive keys (debian-archive-keyring)|ls /usr/share/keyrings/debian-archive-keyring.gpg
		bare|util-linux|unshare (util-linux)|command -v unshare
		bare|git|git|command -v git
		deb|dpkg-dev|dpkg-buildpackage (dpkg-dev)|command -v dpkg-buildpackage
		deb|debhelper|debhelper 13|command -v dh
		deb|build-essential|build-essential, which each package needs|dpkg-query -W -f '${db:Status-Abbrev}' build-essential | grep -q ^ii
		lintian|lintian|lintian|command -v lintian
		boot|debootstrap|debootstrap|command -v debootstrap
		boot|systemd-container|systemd-nspawn (systemd-container)|command -v systemd-nspawn
		lint|clang|clang|command -v clang
		lint|libclang-rt-dev|clang's runtime with the fuzzer|echo 'int LLVMFuzzerTestOneInput(void){return 0;}' | clang -fsanitize=fuzzer,address -x c -o /dev/null -
		lint|clang-tidy|clang-tidy|command -v clang-tidy
		lint|clang-format|clang-format|command -v clang-format
		lint|cppcheck|cppcheck|command -v cppcheck
		lint|shellcheck|shellcheck|command -v shellcheck
		lint|mandoc|mandoc|command -v mandoc
		lint|musl-tools|musl-gcc (musl-tools)|command -v musl-gcc
	EOF
}

# the lines of the sets $@ whose test fails
missing() {
	table | while IFS='|' read -r set packages name test; do
		case " $* " in
		*" $set "*) sh -c "$test" >/dev/null 2>&1 </dev/null || echo "$packages|$name" ;;
		esac
	done
}

# no package brings it
if [ "$*" = device ]; then
	[ -e /dev/fuse ] || modprobe fuse 2>/dev/null
	# CAP_SYS_ADMIN is bit 21; where even fusermount3 cannot have it, nobody can mount
	bounds=$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status 2>/dev/null)
	if [ ! -e /dev/fuse ]; then
		why='there is no /dev/fuse'
	elif [ "$(stat -L -c %F:%t:%T /dev/fuse)" != 'character special file:a:e5' ]; then
		why='/dev/fuse is not the FUSE device (something else stands in its place)'
	elif ! (: <>/dev/fuse) 2>/dev/null; then
		why='/dev/fuse cannot be opened for reading and writing'
	elif [ -n "$bounds" ] && [ $((0x$bounds >> 21 & 1)) -eq 0 ]; then
		why='mounting is not allowed (no CAP_SYS_ADMIN)'
	else
		exit 0
	fi
	echo "Nothing can be mounted here: $why." >&2
	echo 'On a machine of your own, run (as root): modprobe fuse; chmod 666 /dev/fuse' >&2
	echo 'Start a container with: --device /dev/fuse --cap-add SYS_ADMIN --security-opt apparmor=unconfined' >&2
	exit 1
fi

check=no
if [ "${1:-}" = --check ]; then
	check=yes
	shift
fi

list=$(missing "$@")
[ -n "$list" ] || exit 0

if [ "$check" = yes ]; then
	echo "Missing for the $*:" >&2
	if command -v apt-get >/dev/null; then
		echo "$list" | sed 's/|.*//; s/^/  /' >&2
		echo "To install these Debian packages, run: make deps-$1 (or make deps, also for demo, test and lint)" >&2
	else
		echo "$list" | sed 's/.*|/  /' >&2
		echo 'Install them with the package manager of your system (on Debian: make deps).' >&2
	fi
	exit 1
fi

if ! command -v apt-get >/dev/null; then
	echo 'Please install, with your system'"'"'s package manager:' >&2
	echo "$list" | sed 's/.*|/  /' >&2
	exit 1
fi

if [ "$(id -u)" -eq 0 ]; then
	run='env'
elif command -v sudo >/dev/null; then
	run='sudo env'
else
	echo 'These Debian packages are missing, and without root or sudo they cannot be installed:' >&2
	echo "$list" | sed 's/|.*//; s/^/  /' >&2
	exit 1
fi

# one apt-get at a time: make may start this script twice
exec 9<"$0"
flock 9
list=$(missing "$@")
[ -n "$list" ] || exit 0

packages=$(echo "$list" | sed 's/|.*//' | tr '\n' ' ')
echo "Installing what is missing: $packages"
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
# No service is started meanwhile: a web server is here for the tests, which start one of their own.
apt() {
	# shellcheck disable=SC2016  # for the inner shell
	$run DEBIAN_FRONTEND=noninteractive sh -c '
		policy=/usr/sbin/policy-rc.d
		if [ ! -e "$policy" ]; then
			trap "rm -f $policy" EXIT
			trap "exit 1" HUP INT TERM
			printf "#!/bin/sh\nexit 101\n" >"$policy" && chmod 755 "$policy"
		fi
		apt-get -q -o DPkg::Lock::Timeout=300 "$@"' apt "$@" >"$log" 2>&1 </dev/null
}
apt update || echo 'apt-get update failed; trying with the lists that are there' >&2
# shellcheck disable=SC2086  # a list of words
if ! apt install -y --no-install-recommends $packages; then
	tail -n 20 "$log" >&2
	echo "apt-get could not install: $packages" >&2
	exit 1
fi

list=$(missing "$@")
if [ -n "$list" ]; then
	echo 'Still missing after the installation:' >&2
	echo "$list" | sed 's/.*|/  /' >&2
	exit 1
fi
