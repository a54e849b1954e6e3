#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# gcc loads an atomic pointer without any ordering where it is subscripted: table[i] is a plain load.
#
# Seen with: gcc 12.2.0 for amd64 and arm64 (Debian cpp-12 12.2.0-14+deb12u1 and
# cpp-12-aarch64-linux-gnu 12.2.0-14cross1). Needs Debian 12 on amd64.
#
# The guess: `struct settings *_Atomic table` is published by one thread and read by others. Each use
# of its value is a sequentially consistent load, whatever the expression looks like: C11 6.5.2.1
# defines table[i] as *(table + i), and 6.3.2.1 converts the lvalue table to its value.
#
# What happens: *(table + i), table->member, *table and copying the pointer first are atomic loads.
# table[i] is not: on arm64 it is ldr where the others are ldar, so that a reader may see the new
# pointer and the old bytes behind it; with -fsanitize=thread it calls __tsan_read8, and a program
# whose author used nothing but _Atomic is told of a data race. On amd64, where both are the same
# instruction, the compiler may still move the plain load or merge it with another. -Wall -Wextra
# say nothing. clang 14 loads atomically in all of these.
#
# What helps: copy the pointer to a local variable (atomic_load), and subscript that.
#
# Source: gcc 12.2.0, gcc/c/c-typeck.cc: build_array_ref takes default_conversion of the pointer,
# which knows nothing of atomics; the other operators take convert_lvalue_to_rvalue, which does.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
mkdir "$work/deb" "$work/root"
chmod 755 "$work" "$work/deb"
(cd "$work/deb" && apt-get -qq download cpp-12=12.2.0-14+deb12u1 cpp-12-aarch64-linux-gnu=12.2.0-14cross1 \
	libisl23=0.25-1.1 libmpc3=1.3.1-1 libmpfr6=4.2.0-1 libgmp10=2:6.2.1+dfsg1-1.1 \
	libzstd1=1.5.4+dfsg2-5+deb12u1 zlib1g=1:1.2.13.dfsg-1 2>../apt.log) || {
	cat "$work/apt.log"
	exit 1
}
for deb in "$work"/deb/*.deb; do dpkg -x "$deb" "$work/root"; done
LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH
amd64=$work/root/usr/lib/gcc/x86_64-linux-gnu/12/cc1
arm64=$work/root/usr/lib/gcc-cross/aarch64-linux-gnu/12/cc1

cat >"$work/table.c" <<'END'
int *_Atomic table;

int subscript(int i)
{
	return table[i];
}

int arithmetic(int i)
{
	return *(table + i);
}

int copied(int i)
{
	int *now = table;

	return now[i];
}
END

# loads COMPILER OPTION...: for each function, how it loads the pointer
loads()
{
	compiler=$1
	shift
	"$compiler" -quiet -O2 -Wall -Wextra "$@" "$work/table.c" -o "$work/table.s"
	awk '/^[a-z]+:/ { name = substr($1, 1, length($1) - 1) }
		/__tsan_read8|__tsan_atomic64_load/ { sub(/@.*/, "", $NF); print "  " name ": " $NF }
		$1 ~ /^lda?r$/ && $2 ~ /^x/ { print "  " name ": " $1 }' "$work/table.s" | sort
}

cat >"$work/expected" <<'END'
arm64, instruction
  arithmetic: ldar
  copied: ldar
  subscript: ldr
amd64, -fsanitize=thread
  arithmetic: __tsan_atomic64_load
  copied: __tsan_atomic64_load
  subscript: __tsan_read8
END
{
	echo 'arm64, instruction'
	loads "$arm64"
	echo 'amd64, -fsanitize=thread'
	loads "$amd64" -fsanitize=thread
} >"$work/seen" 2>&1
cat "$work/seen"
diff "$work/expected" "$work/seen" >"$work/diff" || {
	echo 'CHANGED: expected (<), seen (>)'
	cat "$work/diff"
	exit 1
}
