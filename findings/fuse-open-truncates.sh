#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An open with O_TRUNC empties the read that another process waits for.
#
# Seen with: libfuse 3.14.0 (Debian libfuse3-dev 3.14.0-4), Linux 6.18. Needs root and /dev/fuse.
#
# A file server keeps versions: a handle that was opened before a change reads the old text, and
# GETATTR tells the old size until the change is complete. The guess: the kernel's size of an inode
# is what the server last said, so a READ that the server answers with 3000 bytes gives the reader
# 3000 bytes, whatever others open meanwhile.
#
# What happens: libfuse turns FUSE_CAP_ATOMIC_O_TRUNC on for every low-level server. The kernel then
# sends no SETATTR for O_TRUNC, and as soon as the OPEN succeeds it sets the size of the inode to 0
# by itself; the reply to OPEN has no field to object with. A reader whose READ through the page
# cache is on its way at that moment gets end of file: read(2) returns 0, no error, although the
# server sends all bytes. A next read(2) by the same reader asks for the attributes again and gets
# the text, so that a test which does one step after the other never sees it.
#
# Turning the capability off is only half of the way out: OPEN is then followed by a SETATTR with
# size 0 that carries no file handle (the server is not told which open it belongs to), and the size
# in the reply to it becomes the size for all readers. Saying 0 there empties the read as before.
# Only saying the old size keeps it whole, or FOPEN_DIRECT_IO, which reads past the page cache.
#
# Source: Linux, fs/fuse/file.c (what follows a successful OPEN with O_TRUNC) and fs/fuse/dir.c
# (fuse_do_setattr: it drops the handle for ATTR_OPEN); libfuse 3.14.0, lib/fuse_lowlevel.c (do_init).
# include/fuse_common.h says of the capability only that the filesystem handles O_TRUNC in open.
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
#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SIZE 3000 /* of the text that the reader has opened */
#define FILE_INO 2

static bool atomic_trunc;   /* leave the capability as libfuse sets it */
static off_t size_answered; /* to SETATTR */
static bool setattr_came, setattr_has_handle;
static fuse_req_t held; /* the reader's READ */
static size_t held_size;
static sem_t read_came, truncated; /* truncated: its last request is answered */

static void init(void *data, struct fuse_conn_info *conn)
{
	(void)data;
	printf("    capability on by libfuse's own choice: %s\n",
	       conn->want & FUSE_CAP_ATOMIC_O_TRUNC ? "yes" : "no");
	if (!atomic_trunc)
		conn->want &= ~FUSE_CAP_ATOMIC_O_TRUNC;
}

static struct stat attributes(fuse_ino_t ino, off_t size)
{
	struct stat st = { .st_ino = ino, .st_nlink = 1, .st_mode = S_IFDIR | 0755 };

	if (ino == FILE_INO) {
		st.st_mode = S_IFREG | 0644;
		st.st_size = size;
	}
	return st;
}

static void lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = { .ino = FILE_INO, .attr = attributes(FILE_INO, SIZE) };

	(void)parent;
	if (strcmp(name, "file"))
		fuse_reply_err(req, ENOENT);
	else
		fuse_reply_entry(req, &entry);
}

static void getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st = attributes(ino, SIZE);

	(void)fi;
	fuse_reply_attr(req, &st, 0);
}

static void setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int what,
		    struct fuse_file_info *fi)
{
	struct stat st = attributes(ino, size_answered);

	setattr_came = what & FUSE_SET_ATTR_SIZE && attr->st_size == 0;
	setattr_has_handle = fi != NULL;
	fuse_reply_attr(req, &st, 0);
	sem_post(&truncated);
}

static void open_file(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	bool last = fi->flags & O_TRUNC;

	(void)ino;
	fi->keep_cache = 1; /* else an open waits for pages that are being read, to drop them */
	fuse_reply_open(req, fi);
	if (last)
		sem_post(&truncated);
}

static void read_file(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		      struct fuse_file_info *fi)
{
	static char text[SIZE];

	(void)ino;
	(void)fi;
	memset(text, 'x', sizeof(text));
	if (held || offset) { /* only the first is held */
		fuse_reply_buf(req, text, offset ? 0 : sizeof(text));
		return;
	}
	held_size = size < SIZE ? size : SIZE;
	held = req;
	sem_post(&read_came);
}

static const struct fuse_lowlevel_ops ops = {
	.init = init, .lookup = lookup, .getattr = getattr,
	.setattr = setattr, .open = open_file, .read = read_file,
};

/* Opens with O_TRUNC; returns the descriptor. The kernel lets it wait for the page being read. */
static void *open_truncating(void *path)
{
	return (void *)(long)open(path, O_WRONLY | O_TRUNC);
}

static void *serve(void *session)
{
	fuse_session_loop(session);
	return NULL;
}

static void *read_once(void *fd)
{
	static char text[2 * SIZE];

	return (void *)read(*(int *)fd, text, sizeof(text));
}

/* fs MOUNTPOINT atomic|separate SIZE: prints what a reader gets. */
int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct fuse_session *session = fuse_session_new(&args, &ops, sizeof(ops), NULL);
	static char text[2 * SIZE];
	pthread_t server, reader, writer;
	char path[4096];
	struct timespec until;
	void *got, *writes;
	bool in_time;
	int reads;

	if (argc != 4 || !session || fuse_session_mount(session, argv[1]))
		return 2;
	alarm(30);
	setvbuf(stdout, NULL, _IOLBF, 0);
	atomic_trunc = !strcmp(argv[2], "atomic");
	size_answered = atol(argv[3]);
	sem_init(&read_came, 0, 0);
	sem_init(&truncated, 0, 0);
	snprintf(path, sizeof(path), "%s/file", argv[1]);
	pthread_create(&server, NULL, serve, session);
	reads = open(path, O_RDONLY);
	pthread_create(&reader, NULL, read_once, &reads);
	sem_wait(&read_came);
	pthread_create(&writer, NULL, open_truncating, path);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	in_time = !sem_timedwait(&truncated, &until); /* or else no one could end this process */
	sleep(1); /* the kernel has the reply, and has set the size */
	memset(text, 'x', held_size);
	fuse_reply_buf(held, text, held_size);
	pthread_join(reader, &got);
	pthread_join(writer, &writes);
	if (reads < 0 || (long)writes < 0 || !in_time)
		return 2;
	printf("    setattr: %s\n", !setattr_came ? "none" :
	       setattr_has_handle ? "with a handle" : "without a handle");
	printf("    server sent %zu, reader got %ld\n", held_size, (long)got);
	printf("    the same reader once more: %ld\n", (long)pread(reads, text, sizeof(text), 0));
	close(reads);
	close((int)(long)writes);
	fuse_session_exit(session);
	fuse_session_unmount(session);
	pthread_join(server, NULL);
	fuse_session_destroy(session);
	return 0;
}
END
cc -std=gnu2x -Wall -I"$(dirname "$(find "$work/root" -name fuse_lowlevel.h)")" -o "$work/fs" \
	"$work/fs.c" "$lib" -pthread -Wl,-rpath,"$(dirname "$lib")"

failed=0
# try MODE SIZE LINE...: run it, show what it printed, and want each LINE in it.
try()
{
	echo "  $1, SETATTR answered with $2:"
	timeout 90 "$work/fs" "$work/mnt" "$1" "$2" >"$work/out" || echo "    it failed" >>"$work/out"
	cat "$work/out"
	shift 2
	for line; do
		grep -qxF "    $line" "$work/out" || {
			echo "    CHANGED: expected '$line'"
			failed=1
		}
	done
}

echo "libfuse 3.14.0, Linux $(uname -r)"
try atomic 0 'capability on by libfuse'"'"'s own choice: yes' 'setattr: none' \
	'server sent 3000, reader got 0' 'the same reader once more: 3000'
try separate 0 'setattr: without a handle' 'server sent 3000, reader got 0'
try separate 3000 'setattr: without a handle' 'server sent 3000, reader got 3000'
exit $failed
