#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# mv asks twice for a rename that was refused, the second time unguarded, and misreports EINVAL.
#
# Seen with: coreutils 9.1 (Debian coreutils 9.1-1), libfuse 3.14.0 (Debian libfuse3-dev 3.14.0-4),
# Linux 6.18. Needs root and /dev/fuse.
#
# The guess: mv of one file to a new name is one rename(2), the file system gets one RENAME, and if
# it refuses a name with EINVAL, mv prints "Invalid argument".
#
# What happens: mv asks for renameat2(RENAME_NOREPLACE) first. It takes EINVAL, EOPNOTSUPP and ENOSYS
# to mean that the flag is not known, so it looks whether the target exists, and asks again without
# the flag. A file system that refuses for a reason of its own (a name that it does not allow, a
# server that said no) does the work twice, and what somebody makes under the new name just before
# the second is no longer guarded. For EINVAL, the user reads of a plain file that it cannot be moved
# "to a subdirectory of itself": for mv it can mean nothing else. EPERM and EIO are sent once, and
# the user reads what they mean.
#
# ENOSYS is worse: the kernel notes that this mount does not take flags. From then on it answers each
# RENAME_NOREPLACE or RENAME_EXCHANGE with EINVAL by itself, until the mount ends, also where it
# would have worked; the rename without the flag is still sent.
#
# What helps: refuse a rename with EPERM, EIO or another error, never with these three.
#
# Source: coreutils 9.1, src/copy.c (copy_internal), and gnulib, lib/renameatu.c (its comment admits
# the race); Linux, fs/fuse/dir.c (fuse_rename2). include/fuse_lowlevel.h of libfuse 3.14.0 says
# under rename that ENOSYS ends all future "bmap" requests, and does not warn of EINVAL.
set -eu

work=$(mktemp -d)
server=
# shellcheck disable=SC2317  # called by the trap
clean()
{
	umount -l "$work/mnt" 2>/dev/null || true # mounted only if something failed
	[ -z "$server" ] || wait "$server" || true
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' INT TERM
mkdir "$work/mnt" "$work/deb" "$work/root"
chmod 755 "$work" "$work/deb"
(cd "$work/deb" && apt-get -qq download coreutils=9.1-1 libfuse3-dev=3.14.0-4 libfuse3-3=3.14.0-4 \
	2>../apt.log) || {
	cat "$work/apt.log"
	exit 1
}
for deb in "$work"/deb/*.deb; do dpkg -x "$deb" "$work/root"; done
lib=$(find "$work/root" -name 'libfuse3.so.3.14.0')
mv=$(find "$work/root" -path '*/bin/mv')

# A directory with one file. A new name that is the name of an error is refused with it; any other
# is accepted, and nothing is renamed.
cat >"$work/fs.c" <<'END'
#define FUSE_USE_VERSION 314
#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct stat attributes(fuse_ino_t ino)
{
	struct stat st = { .st_ino = ino, .st_nlink = 1 };

	st.st_mode = ino == 1 ? S_IFDIR | 0755 : S_IFREG | 0644;
	return st;
}

static void lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = { .ino = 2, .attr = attributes(2) };

	(void)parent;
	if (strcmp(name, "file"))
		fuse_reply_err(req, ENOENT);
	else
		fuse_reply_entry(req, &entry);
}

static void getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st = attributes(ino);

	(void)fi;
	fuse_reply_attr(req, &st, 0);
}

static void move(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
		 const char *new_name, unsigned flags)
{
	static const struct { const char *name; int error; } answers[] = {
		{ "EPERM", EPERM }, { "EIO", EIO }, { "EINVAL", EINVAL },
		{ "EOPNOTSUPP", EOPNOTSUPP }, { "ENOSYS", ENOSYS },
	};
	int error = 0;

	(void)parent, (void)name, (void)new_parent;
	for (unsigned i = 0; i < sizeof(answers) / sizeof(*answers); i++)
		if (!strcmp(new_name, answers[i].name))
			error = answers[i].error;
	printf("  RENAME to %s, flags %u\n", new_name, flags);
	fflush(stdout);
	fuse_reply_err(req, error);
}

static const struct fuse_lowlevel_ops ops = {
	.lookup = lookup, .getattr = getattr, .rename = move,
};

/* fs MOUNTPOINT: prints each RENAME that comes. */
int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct fuse_session *session = fuse_session_new(&args, &ops, sizeof(ops), NULL);

	if (argc != 2 || !session || fuse_session_mount(session, argv[1]))
		return 2;
	alarm(90);
	fuse_session_loop(session);
	fuse_session_unmount(session);
	fuse_session_destroy(session);
	return 0;
}
END
cc -Wall -I"$(dirname "$(find "$work/root" -name fuse_lowlevel.h)")" -o "$work/fs" \
	"$work/fs.c" "$lib" -pthread -Wl,-rpath,"$(dirname "$lib")"

cat >"$work/expected" <<'END'
mv file accepted
  RENAME to accepted, flags 1
mv file EPERM
  RENAME to EPERM, flags 1
mv: cannot move 'file' to 'EPERM': Operation not permitted
mv file EIO
  RENAME to EIO, flags 1
mv: cannot move 'file' to 'EIO': Input/output error
mv file EINVAL
  RENAME to EINVAL, flags 1
  RENAME to EINVAL, flags 0
mv: cannot move 'file' to a subdirectory of itself, 'EINVAL'
mv file EOPNOTSUPP
  RENAME to EOPNOTSUPP, flags 1
  RENAME to EOPNOTSUPP, flags 0
mv: cannot move 'file' to 'EOPNOTSUPP': Operation not supported
mv file ENOSYS
  RENAME to ENOSYS, flags 1
  RENAME to ENOSYS, flags 0
mv: cannot move 'file' to 'ENOSYS': Function not implemented
mv file accepted
  RENAME to accepted, flags 0
END
"$mv" --version | head -n 1
echo "libfuse 3.14.0, Linux $(uname -r)"
"$work/fs" "$work/mnt" >>"$work/seen" &
server=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do ! mountpoint -q "$work/mnt" || break; sleep 1; done
for name in accepted EPERM EIO EINVAL EOPNOTSUPP ENOSYS accepted; do
	echo "mv file $name" >>"$work/seen"
	(cd "$work/mnt" && LC_ALL=C timeout 30 "$mv" file "$name" 2>&1) | sed "s|^$mv:|mv:|" >>"$work/seen"
done
umount "$work/mnt"
wait "$server" || echo 'it failed' >>"$work/seen"
server=
cat "$work/seen"
diff "$work/expected" "$work/seen" >"$work/diff" || {
	echo 'CHANGED: expected (<), seen (>)'
	cat "$work/diff"
	exit 1
}
