/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor.c - the least that a FUSE filesystem can cost: a directory of files, served from memory.
 *
 *	floor [-n USERS] COUNTS SOURCE MOUNTPOINT
 *
 * It loads each regular file of the directory SOURCE and serves them, for reading, below
 *MOUNTPOINT, in the foreground, until it is unmounted. All that makes FUSE quick is used: the
 *low-level API, readdirplus always, time-outs without end, names and pages kept by the kernel, no
 *flush, no xattrs. What another filesystem with the same names takes longer is its own doing.
 *
 * With -n it serves the users 1 to USERS: those that SOURCE lacks have the texts of those that are
 * there, in turn, so that a million users need no million files in SOURCE.
 *
 * COUNTS becomes a file of 64-bit numbers in the machine's byte order: how many requests of each
 * kind came, in the order of enum kind. They are counted while it runs.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uthash.h>

/* For ever, as the kernel sees it. */
#define ENDLESS 86400.0

/* The kinds of requests, in the order of the file COUNTS. */
enum kind { LOOKUP, GETATTR, OPEN, READ, RELEASE, OPENDIR, READDIR, RELEASEDIR, FORGET, KINDS };

struct file {
	char *name;
	char *data; /* may be another file's */
	size_t size;
	fuse_ino_t ino;
	struct timespec time;
	UT_hash_handle hh;
};

struct floor {
	struct file **files; /* inode number 2 and up */
	size_t count, room;
	struct file *by_name; /* uthash */
	atomic_uint_fast64_t *counts;
	uid_t uid;
	gid_t gid;
};

static void count(fuse_req_t req, enum kind kind)
{
	const struct floor *floor = fuse_req_userdata(req);

	atomic_fetch_add_explicit(&floor->counts[kind], 1, memory_order_relaxed);
}

/* ---- loading ---- */

_Noreturn static void give_up(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *some(void *memory)
{
	if (!memory)
		give_up("no memory");
	return memory;
}

static void add_file(struct floor *floor, const struct file *example, const char *name)
{
	struct file *file = some(malloc(sizeof(*file)));

	*file = *example;
	file->name = some(strdup(name));
	if (floor->count == floor->room) {
		floor->room = floor->room ? 2 * floor->room : 1024;
		floor->files = some(realloc(floor->files, floor->room * sizeof(struct file *)));
	}
	floor->files[floor->count++] = file;
	file->ino = FUSE_ROOT_ID + floor->count;
	HASH_ADD_KEYPTR(hh, floor->by_name, file->name, strlen(file->name), file);
}

static void load_file(struct floor *floor, int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	struct file file = {0};
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat))
		give_up(name);
	if (S_ISREG(stat.st_mode)) {
		file.size = (size_t)stat.st_size;
		file.time = stat.st_mtim;
		file.data = some(malloc(file.size + 1));
		if (read(fd, file.data, file.size) != (ssize_t)file.size)
			give_up(name);
		add_file(floor, &file, name);
	}
	close(fd);
}

static void load(struct floor *floor, const char *source)
{
	DIR *directory = opendir(source);
	const struct dirent *entry;

	if (!directory)
		give_up(source);
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] != '.')
			load_file(floor, dirfd(directory), entry->d_name);
	}
	closedir(directory);
}

/* The users that are missing up to USERS. */
static void repeat(struct floor *floor, size_t users)
{
	static const char *const kinds[] = {"json", "status"};
	size_t there = floor->count / 2;
	char name[64];

	for (size_t user = there; user < users; user++) {
		for (size_t kind = 0; kind < 2; kind++) {
			const struct file *example;

			snprintf(name, sizeof(name), "%zu.%s", user % there + 1, kinds[kind]);
			HASH_FIND_STR(floor->by_name, name, example);
			if (!example) {
				errno = ENOENT;
				give_up(name);
			}
			snprintf(name, sizeof(name), "%zu.%s", user + 1, kinds[kind]);
			add_file(floor, example, name);
		}
	}
}

static void share_counts(struct floor *floor, const char *path)
{
	size_t size = KINDS * sizeof(*floor->counts);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, (off_t)size))
		give_up(path);
	floor->counts = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (floor->counts == MAP_FAILED)
		give_up(path);
	close(fd);
}

/* ---- serving ---- */

static struct file *file_of(const struct floor *floor, fuse_ino_t ino)
{
	return floor->files[ino - FUSE_ROOT_ID - 1];
}

static struct stat attributes(const struct floor *floor, fuse_ino_t ino)
{
	struct stat stat = {.st_ino = ino, .st_uid = floor->uid, .st_gid = floor->gid};

	if (ino == FUSE_ROOT_ID) {
		stat.st_mode = S_IFDIR | 0755;
		stat.st_nlink = 2;
		return stat;
	}
	stat.st_mode = S_IFREG | 0644;
	stat.st_nlink = 1;
	stat.st_size = (off_t)file_of(floor, ino)->size;
	stat.st_mtim = stat.st_atim = stat.st_ctim = file_of(floor, ino)->time;
	return stat;
}

static struct fuse_entry_param entry_of(const struct floor *floor, fuse_ino_t ino)
{
	return (struct fuse_entry_param){.ino = ino,
					 .attr = attributes(floor, ino),
					 .attr_timeout = ENDLESS,
					 .entry_timeout = ENDLESS};
}

static void do_init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
	if (conn->capable & FUSE_CAP_READDIRPLUS)
		conn->want |= FUSE_CAP_READDIRPLUS;
	conn->want &= ~(unsigned)FUSE_CAP_READDIRPLUS_AUTO;
	conn->want &= ~(unsigned)FUSE_CAP_AUTO_INVAL_DATA;
}

static void do_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	const struct floor *floor = fuse_req_userdata(req);
	struct fuse_entry_param entry = {.entry_timeout = ENDLESS};
	const struct file *file;

	(void)parent;
	count(req, LOOKUP);
	HASH_FIND_STR(floor->by_name, name, file);
	if (file)
		entry = entry_of(floor, file->ino);
	fuse_reply_entry(req, &entry);
}

static void do_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat stat = attributes(fuse_req_userdata(req), ino);

	(void)fi;
	count(req, GETATTR);
	fuse_reply_attr(req, &stat, ENDLESS);
}

static void do_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	count(req, OPEN);
	fi->keep_cache = 1;
	fi->noflush = 1;
	fuse_reply_open(req, fi);
}

static void do_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	const struct file *file = file_of(fuse_req_userdata(req), ino);
	size_t at = (size_t)offset < file->size ? (size_t)offset : file->size;

	(void)fi;
	count(req, READ);
	fuse_reply_buf(req, file->data + at, size < file->size - at ? size : file->size - at);
}

static void do_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	(void)fi;
	count(req, RELEASE);
	fuse_reply_err(req, 0);
}

static void do_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	count(req, OPENDIR);
	fi->cache_readdir = 1;
	fi->keep_cache = 1;
	fuse_reply_open(req, fi);
}

static void do_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
			   struct fuse_file_info *fi)
{
	const struct floor *floor = fuse_req_userdata(req);
	char *buffer = some(malloc(size));
	size_t used = 0;

	(void)ino;
	(void)fi;
	count(req, READDIR);
	for (size_t i = (size_t)offset; i < floor->count; i++) {
		struct fuse_entry_param entry = entry_of(floor, i + FUSE_ROOT_ID + 1);
		size_t need = fuse_add_direntry_plus(req, buffer + used, size - used,
						     floor->files[i]->name, &entry, (off_t)i + 1);

		if (need > size - used)
			break;
		used += need;
	}
	fuse_reply_buf(req, buffer, used);
	free(buffer);
}

static void do_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	(void)fi;
	count(req, RELEASEDIR);
	fuse_reply_err(req, 0);
}

static void do_forget(fuse_req_t req, fuse_ino_t ino, uint64_t lookups)
{
	(void)ino;
	(void)lookups;
	count(req, FORGET);
	fuse_reply_none(req);
}

static void do_forget_multi(fuse_req_t req, size_t number, struct fuse_forget_data *forgets)
{
	(void)number;
	(void)forgets;
	count(req, FORGET);
	fuse_reply_none(req);
}

static const struct fuse_lowlevel_ops operations = {
    .init = do_init,
    .lookup = do_lookup,
    .forget = do_forget,
    .forget_multi = do_forget_multi,
    .getattr = do_getattr,
    .open = do_open,
    .read = do_read,
    .release = do_release,
    .opendir = do_opendir,
    .readdirplus = do_readdirplus,
    .releasedir = do_releasedir,
};

/* Serve until somebody unmounts; 0, or 1 when it could not be mounted. */
static int serve(struct floor *floor, char *program, const char *mountpoint)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	struct fuse_session *session = NULL;
	int error = -1;

	if (fuse_opt_add_arg(&args, program) || fuse_opt_add_arg(&args, "-ofsname=floor"))
		goto out;
	session = fuse_session_new(&args, &operations, sizeof(operations), floor);
	if (!session || fuse_set_signal_handlers(session))
		goto out;
	if (fuse_session_mount(session, mountpoint) == 0) {
		error = fuse_session_loop_mt(session, config);
		fuse_session_unmount(session);
	}
	fuse_remove_signal_handlers(session);
out:
	if (session)
		fuse_session_destroy(session);
	fuse_loop_cfg_destroy(config);
	fuse_opt_free_args(&args);
	return error < 0;
}

int main(int argc, char **argv)
{
	static struct floor floor;
	size_t users = 0;
	int option;

	while ((option = getopt(argc, argv, "n:")) == 'n')
		users = strtoul(optarg, NULL, 10);
	if (option != -1 || argc - optind != 3) {
		fprintf(stderr, "usage: floor [-n USERS] COUNTS SOURCE MOUNTPOINT\n");
		return 2;
	}
	floor.uid = getuid();
	floor.gid = getgid();
	share_counts(&floor, argv[optind]);
	load(&floor, argv[optind + 1]);
	if (floor.count > 0)
		repeat(&floor, users);
	return serve(&floor, argv[0], argv[optind + 2]);
}
