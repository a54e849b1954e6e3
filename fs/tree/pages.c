/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pages.c - see pages.h.
 *
 * It counts and compares. Who may read how is view.c's business.
 */
#include "fs/tree/pages.h"

static struct inode *pages_inode(struct fs *fs, fuse_ino_t ino)
{
	return ino == FUSE_ROOT_ID ? &fs->root->own : (struct inode *)(uintptr_t)ino;
}

enum pages_state pages_open(struct fs *fs, fuse_ino_t ino, uint64_t version, atomic_uint *writers)
{
	struct inode *inode = pages_inode(fs, ino);
	enum pages_state pages = PAGES_KEEP;

	pthread_mutex_lock(&fs->versions_lock);
	if ((inode->page_opens && inode->page_version != pages_version(version)) ||
	    inode->resized || (writers && atomic_load(writers)))
		pages = PAGES_OTHER;
	else if (inode->dropping)
		pages = PAGES_PAST;
	else if (!inode->page_version)
		pages = PAGES_NONE;
	else if (inode->page_version != pages_version(version))
		pages = PAGES_DROP;
	if (pages == PAGES_PAST && writers) {
		/* it is the same version, and no other process may change its size either */
		inode->page_opens++;
	} else if (pages != PAGES_PAST && pages != PAGES_OTHER) {
		inode->page_version = pages_version(version);
		inode->page_opens++;
	}
	if (pages == PAGES_NONE || pages == PAGES_DROP)
		inode->dropping = 1;
	pthread_mutex_unlock(&fs->versions_lock);
	return pages;
}

void pages_close(struct fs *fs, fuse_ino_t ino)
{
	pthread_mutex_lock(&fs->versions_lock);
	pages_inode(fs, ino)->page_opens--;
	pthread_mutex_unlock(&fs->versions_lock);
}

void pages_forget(struct fs *fs, fuse_ino_t ino)
{
	pthread_mutex_lock(&fs->versions_lock);
	pages_inode(fs, ino)->page_version = PAGES_UNKNOWN;
	pthread_mutex_unlock(&fs->versions_lock);
}

void pages_resized(struct fs *fs, fuse_ino_t ino)
{
	pthread_mutex_lock(&fs->versions_lock);
	pages_inode(fs, ino)->resized = 1;
	pthread_mutex_unlock(&fs->versions_lock);
}

bool pages_open_writer(struct fs *fs, fuse_ino_t ino, atomic_uint *writers, bool anyway)
{
	bool may;

	pthread_mutex_lock(&fs->versions_lock);
	may = anyway || !pages_inode(fs, ino)->page_opens;
	if (may)
		atomic_fetch_add(writers, 1);
	pthread_mutex_unlock(&fs->versions_lock);
	return may;
}

bool pages_has_readers(struct fs *fs, fuse_ino_t ino)
{
	bool readers;

	pthread_mutex_lock(&fs->versions_lock);
	readers = pages_inode(fs, ino)->page_opens;
	pthread_mutex_unlock(&fs->versions_lock);
	return readers;
}

bool pages_is_free_locked(struct fs *fs, fuse_ino_t ino, const atomic_uint *writers,
			  bool of_readers, bool of_writers)
{
	const struct inode *inode = pages_inode(fs, ino);

	return !(of_readers && inode->page_opens) &&
	       !(of_writers && (inode->resized || atomic_load(writers)));
}

enum pages_readers pages_readers(struct fs *fs, fuse_ino_t ino, struct node *node, uint64_t version)
{
	const struct inode *inode = pages_inode(fs, ino);
	enum pages_readers readers = PAGES_READERS_NONE;
	bool nameless;

	pthread_mutex_lock(&fs->versions_lock);
	if (inode->page_opens && inode->page_version != (version ? pages_version(version) : 0))
		readers = PAGES_READERS_OTHER;
	pthread_mutex_unlock(&fs->versions_lock);
	if (!readers)
		return readers;
	pthread_mutex_lock(&fs->nodes_lock);
	nameless = node->nameless || !version;
	pthread_mutex_unlock(&fs->nodes_lock);
	return nameless ? PAGES_READERS_NAMELESS : readers;
}

bool pages_differ(struct fs *fs, fuse_ino_t ino, uint64_t version)
{
	const struct inode *inode = pages_inode(fs, ino);
	bool differ;

	pthread_mutex_lock(&fs->versions_lock);
	differ = inode->page_opens && inode->page_version != pages_version(version);
	pthread_mutex_unlock(&fs->versions_lock);
	return differ;
}

static void tell_locked(struct node *node, uint64_t version)
{
	uint32_t told = pages_version(version);

	node->retold = node->retold || (node->told_version && node->told_version != told);
	node->told_version = told & PAGES_UNKNOWN;
}

void pages_tell(struct fs *fs, struct node *node, uint64_t version)
{
	pthread_mutex_lock(&fs->versions_lock);
	tell_locked(node, version);
	pthread_mutex_unlock(&fs->versions_lock);
}

bool pages_was_told(struct fs *fs, struct node *node, uint64_t version)
{
	bool told;

	pthread_mutex_lock(&fs->versions_lock);
	told = !node->told_version;
	tell_locked(node, version);
	/* the kernel does not use what is on its way now: that is older than the notification */
	told = told || node->retold;
	node->retold = false;
	pthread_mutex_unlock(&fs->versions_lock);
	return told;
}

void pages_dropped(struct fs *fs, fuse_ino_t ino, bool *drops)
{
	pthread_mutex_lock(&fs->versions_lock);
	if (*drops)
		pages_inode(fs, ino)->dropping = 0;
	*drops = false;
	pthread_mutex_unlock(&fs->versions_lock);
}
