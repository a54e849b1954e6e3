#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A FUSE server that answers ESTALE has its request sent again, or its caller told another error.
#
# Seen with: Linux 6.18, libfuse 3.14.0 (Debian libfuse3-dev 3.14.0-4). Needs root and
# /dev/fuse.
#
# The guess: the error that a server answers is the one that the application gets, and a request
# that failed is not repeated; so it is for EIO. ESTALE looks like the right error for "this is no
# longer the version you opened", or for a request whose second half could not be done.
#
# What happens: a call that names a path is carried out once more by the kernel, with a new LOOKUP,
# whatever the first try did. So
# - an OPEN answered with ESTALE is no error at all if the name then leads to another inode (the one
#   way by which a server can move an opener to another inode),
# - a MKDIR, UNLINK or RENAME answered with ESTALE comes twice,
# - and if the first one was carried out, the second look at the name gives the application EEXIST
#   for a directory that nobody else made, or ENOENT for a file that it has just removed itself.
# READ, which names no path, comes once, and its caller sees ESTALE.
#
# Source: Linux, include/linux/namei.h (retry_estale), fs/namei.c (do_filp_open, and the users of
# retry_estale: do_mkdirat, do_unlinkat, do_renameat2). It was made for NFS; libfuse's documentation
# does not speak of it.
set -eu

work=$(mktemp -d)
# shellcheck disable=SC2317  # called by the trap
clean()
{
	umount -l "$work/mnt" 2>/dev/null || true # mounted only if something failed
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' INT TERM
mkdir "$work/mnt" "$work/deb" "$work/root"
chmod 755 "$work" "$work/deb"
(cd "$work/deb" && apt-get -qq download libfuse3-dev=3.14.0-4 libfuse3-3=3.14.0-4 2>../apt.log) || {
	cat "$work/apt.log"
	exit 1
}
for deb in "$work"/deb/*.deb; do dpkg -x "$deb" "$work/root"; done
lib=$(find "$work/root" -name 'libfuse3.so.3.14.0')

cat >"$work/fs.c" <<'END'
#define FUSE_USE_VERSION 314
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int answer;           /* the error for what follows */
static bool does;            /* it is carried out before it fails */
static unsigned requests;    /* of the kind that is looked at */
static unsigned version = 2; /* the inode of "file" */
static bool made, there, moved;

static bool exists(const char *name)
{
	return !strcmp(name, "file") || (made && !strcmp(name, "made")) ||
	       (there && !strcmp(name, "there")) || (moved && !strcmp(name, "moved"));
}

static struct stat attributes(fuse_ino_t ino)
{
	bool directory = ino == 1 || ino == 100;
	struct stat st = { .st_ino = ino, .st_nlink = 1, .st_size = directory ? 0 : 10 };

	st.st_mode = directory ? S_IFDIR | 0755 : S_IFREG | 0644;
	return st;
}

static void lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	fuse_ino_t ino = !strcmp(name, "file") ? version : !strcmp(name, "made") ? 100 : 101;
	struct fuse_entry_param entry = { .ino = ino, .attr = attributes(ino) };

	(void)parent;
	if (exists(name))
		fuse_reply_entry(req, &entry);
	else
		fuse_reply_err(req, ENOENT);
}

static void getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st = attributes(ino);

	(void)fi;
	fuse_reply_attr(req, &st, 0);
}

/* The file is replaced just before inode 2 is opened. */
static void open_file(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	requests++;
	version = 3;
	fi->direct_io = 1; /* the page cache asks twice for what it could not read, for any error */
	if (ino == version)
		fuse_reply_open(req, fi);
	else
		fuse_reply_err(req, answer);
}

static void read_file(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		      struct fuse_file_info *fi)
{
	(void)ino, (void)size, (void)offset, (void)fi;
	requests++;
	fuse_reply_err(req, answer);
}

static void make(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	(void)parent, (void)name, (void)mode;
	requests++;
	made = does;
	fuse_reply_err(req, answer);
}

static void remove_file(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	(void)parent, (void)name;
	requests++;
	there = !does;
	fuse_reply_err(req, answer);
}

static void move(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
		 const char *new_name, unsigned flags)
{
	(void)parent, (void)name, (void)new_parent, (void)new_name, (void)flags;
	requests++;
	there = !does;
	moved = does;
	fuse_reply_err(req, answer);
}

static const struct fuse_lowlevel_ops ops = {
	.lookup = lookup, .getattr = getattr, .open = open_file, .read = read_file,
	.mkdir = make, .unlink = remove_file, .rename = move,
};

static void *serve(void *session)
{
	fuse_session_loop(session);
	return NULL;
}

static void begin(int error, bool carried_out)
{
	answer = error;
	does = carried_out;
	requests = 0;
	made = moved = false;
	there = true;
}

static void tell(const char *what, long result)
{
	const char *seen = result < 0 ? strerrorname_np(errno) : "no error";

	printf("%s, answered with %s%s: %u sent, application got %s\n", what,
	       strerrorname_np(answer), does ? " after it was done" : "", requests, seen);
}

/* fs MOUNTPOINT: prints what comes of each answer. */
int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct fuse_session *session = fuse_session_new(&args, &ops, sizeof(ops), NULL);
	static const struct { int error; bool does; } tries[] = {
		{ EIO, false }, { ESTALE, false }, { ESTALE, true },
	};
	pthread_t server;
	char byte;
	int fd;

	if (argc != 2 || !session || fuse_session_mount(session, argv[1]))
		return 2;
	alarm(60);
	pthread_create(&server, NULL, serve, session);
	if (chdir(argv[1]))
		return 2;
	begin(EIO, false);
	tell("OPEN", open("file", O_RDONLY));
	version = 2;
	begin(ESTALE, false);
	fd = open("file", O_RDONLY);
	tell("OPEN", fd);
	begin(ESTALE, false);
	tell("READ", read(fd, &byte, 1));
	for (unsigned i = 0; i < sizeof(tries) / sizeof(*tries); i++) {
		begin(tries[i].error, tries[i].does);
		tell("MKDIR", mkdir("made", 0755));
		begin(tries[i].error, tries[i].does);
		tell("UNLINK", unlink("there"));
		begin(tries[i].error, tries[i].does);
		tell("RENAME", rename("there", "moved"));
	}
	close(fd);
	if (chdir("/"))
		return 2;
	fuse_session_exit(session);
	fuse_session_unmount(session);
	pthread_join(server, NULL);
	fuse_session_destroy(session);
	return 0;
}
END
cc -Wall -I"$(dirname "$(find "$work/root" -name fuse_lowlevel.h)")" -o "$work/fs" \
	"$work/fs.c" "$lib" -pthread -Wl,-rpath,"$(dirname "$lib")"

cat >"$work/expected" <<'END'
OPEN, answered with EIO: 1 sent, application got EIO
OPEN, answered with ESTALE: 2 sent, application got no error
READ, answered with ESTALE: 1 sent, application got ESTALE
MKDIR, answered with EIO: 1 sent, application got EIO
UNLINK, answered with EIO: 1 sent, application got EIO
RENAME, answered with EIO: 1 sent, application got EIO
MKDIR, answered with ESTALE: 2 sent, application got ESTALE
UNLINK, answered with ESTALE: 2 sent, application got ESTALE
RENAME, answered with ESTALE: 2 sent, application got ESTALE
MKDIR, answered with ESTALE after it was done: 1 sent, application got EEXIST
UNLINK, answered with ESTALE after it was done: 1 sent, application got ENOENT
RENAME, answered with ESTALE after it was done: 1 sent, application got ENOENT
END
echo "libfuse 3.14.0, Linux $(uname -r)"
timeout 90 "$work/fs" "$work/mnt" >"$work/seen" || echo 'it failed' >>"$work/seen"
sed 's/^/  /' "$work/seen"
diff "$work/expected" "$work/seen" >"$work/diff" || {
	echo 'CHANGED: expected (<), seen (>)'
	cat "$work/diff"
	exit 1
}
