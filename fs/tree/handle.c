/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handle.c - see handle.h.
 *
 * Knows how tools write (in pieces, with early flushes, in place, by appending) and nothing of how
 * a document gets to a vendor.
 */
#include "fs/tree/handle.h"

#include "cache/access/status.h"
#include "cache/access/status_refusal.h"
#include "cache/record/record.h"
#include "fs/tree/emptied.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "vendors/base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct handle *handle_new(struct fs *fs, struct node *node, struct record *record, int flags)
{
	struct handle *handle = calloc(1, sizeof(*handle));

	if (!handle)
		return NULL;
	pthread_mutex_init(&handle->lock, NULL);
	handle->references = 1;
	handle->fs = fs;
	handle->node = node;
	inode_hold(fs, node);
	if (node->ops->count_open)
		node->ops->count_open(node, 1);
	handle->record = record;
	handle->writable = (flags & O_ACCMODE) != O_RDONLY;
	handle->append = flags & O_APPEND;
	pthread_mutex_lock(&fs->requests_lock);
	DL_APPEND(fs->handles, handle);
	pthread_mutex_unlock(&fs->requests_lock);
	if (handle->writable && (flags & O_TRUNC)) {
		handle->fresh = true;
		handle->emptied = true;
		document_init(&handle->scanner);
		handle->buffer = calloc(1, 1);
		handle->room = 1;
		if (!handle->buffer) {
			handle->record = NULL;
			handle_put(handle);
			return NULL;
		}
	}
	return handle;
}

void handle_hold(struct handle *handle)
{
	pthread_mutex_lock(&handle->lock);
	handle->references++;
	pthread_mutex_unlock(&handle->lock);
}

void handle_put(struct handle *handle)
{
	bool last;

	pthread_mutex_lock(&handle->lock);
	last = --handle->references == 0;
	pthread_mutex_unlock(&handle->lock);
	if (!last)
		return;
	pthread_mutex_lock(&handle->fs->requests_lock);
	DL_DELETE(handle->fs->handles, handle);
	pthread_mutex_unlock(&handle->fs->requests_lock);
	if (handle->writes)
		atomic_fetch_sub(&handle->node->writers, 1);
	if (handle->buffer)
		explicit_bzero(handle->buffer, handle->room); /* it may hold a password */
	free(handle->buffer);
	if (handle->fixed)
		explicit_bzero(handle->fixed, handle->fixed_length);
	free(handle->fixed);
	if (handle->waiter)
		fuse_pollhandle_destroy(handle->waiter);
	emptied_clear(handle);
	record_put(handle->record);
	if (handle->node->ops->count_open)
		handle->node->ops->count_open(handle->node, -1);
	inode_drop(handle->fs, handle->node);
	pthread_mutex_destroy(&handle->lock);
	free(handle);
}

void handle_exit(struct fs *fs)
{
	struct handle *handle, *next;

	DL_FOREACH_SAFE(fs->handles, handle, next)
		handle_put(handle);
}

/* ---- reading ---- */

ssize_t handle_read(struct handle *handle, off_t offset, size_t size, char **data)
{
	const char *text = handle->fixed;
	size_t length = handle->fixed_length, count;
	bool line = false;

	*data = NULL;
	pthread_mutex_lock(&handle->lock);
	if (handle->buffer) {
		text = handle->buffer;
		length = handle->length;
	} else if (handle->record && !handle->node->ops->shows_status) {
		text = record_text(handle->record);
		length = handle->record->length;
	} else if (handle->record) {
		text = record_status(handle->record);
		length = strlen(text) + 1;
		line = true; /* its NUL is shown as a newline */
	}
	count = (size_t)offset < length ? length - (size_t)offset : 0;
	if (count > size)
		count = size;
	if (count) {
		*data = malloc(count);
		if (*data)
			memcpy(*data, text + offset, count);
		if (*data && line && (size_t)offset + count == length)
			(*data)[count - 1] = '\n';
	}
	pthread_mutex_unlock(&handle->lock);
	return count && !*data ? -ENOMEM : (ssize_t)count;
}

/* ---- writing ---- */

static bool is_space(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!strchr(" \t\r\n", text[i]) || !text[i])
			return false;
	}
	return true;
}

/* Make room for LENGTH bytes; new ones are zero. Return 0 or -ENOMEM. */
static int grow_locked(struct handle *handle, size_t length)
{
	size_t room = handle->room ? handle->room : 4096;
	char *buffer;

	if (length <= handle->room)
		return 0;
	while (room < length)
		room *= 2;
	buffer = calloc(1, room);
	if (!buffer)
		return -ENOMEM;
	if (handle->buffer) {
		memcpy(buffer, handle->buffer, handle->length);
		explicit_bzero(handle->buffer, handle->room);
		free(handle->buffer);
	}
	handle->buffer = buffer;
	handle->room = room;
	return 0;
}

/*
 * Fill the buffer with what the file shows, before the first change in place. Return 0 or -ENOMEM.
 */
static int load_locked(struct handle *handle)
{
	const char *text;
	size_t length;
	int error;

	if (handle->buffer)
		return 0;
	text = handle->record ? record_text(handle->record) : handle->fixed;
	length = handle->record ? handle->record->length : handle->fixed_length;
	error = grow_locked(handle, length + 1);
	if (error || !handle->buffer)
		return -ENOMEM;
	if (text && length)
		memcpy(handle->buffer, text, length);
	handle->length = length;
	return 0;
}

static int handle_put_locked(struct handle *handle, const char *data, size_t size, size_t at)
{
	int error = grow_locked(handle, at + size);

	if (error)
		return error;
	if (at > handle->length)
		memset(handle->buffer + handle->length, 0, at - handle->length);
	memcpy(handle->buffer + at, data, size);
	if (at + size > handle->length)
		handle->length = at + size;
	return 0;
}

int handle_append(struct handle *handle, const char *data, size_t size)
{
	return handle_put_locked(handle, data, size, handle->length);
}

/* Take the next piece of a text that is written from its start. */
static int write_next_locked(struct handle *handle, const char *data, size_t size, const char **why)
{
	struct document before = handle->scanner;
	enum document_state state = document_feed(&handle->scanner, data, size);
	int error;

	if (state == DOCUMENT_WRONG) {
		*why = handle->scanner.why ? handle->scanner.why : "not a JSON object";
		handle->scanner = before;
		return -EINVAL;
	}
	error = handle_put_locked(handle, data, size, handle->length);
	if (error) {
		handle->scanner = before;
		return error;
	}
	/* a newline after a document that was committed changes nothing */
	if (before.state == DOCUMENT_WHOLE && !handle->unsent)
		return HANDLE_DONE;
	handle->unsent = true;
	return state == DOCUMENT_WHOLE ? HANDLE_COMMIT : HANDLE_DONE;
}

/* Empty the buffer: what comes is written from its start. Return 0 or -ENOMEM. */
static int start_afresh_locked(struct handle *handle)
{
	int error = grow_locked(handle, 1);

	if (error)
		return error;
	handle->length = 0;
	handle->fresh = true;
	handle->unsent = false;
	document_init(&handle->scanner);
	return 0;
}

static int write_text_locked(struct handle *handle, const char *data, size_t size, off_t offset,
			     const char **why)
{
	/* the kernel appends at a size that it has cached, not at what was written here */
	size_t at = handle->append ? handle->length : (size_t)offset;
	int error = 0;

	/* a draft may be half a document, which what is appended completes */
	if (handle->fixed && !handle->buffer) {
		error = load_locked(handle);
		if (error)
			return error;
		handle->fresh = true;
		document_init(&handle->scanner);
		document_feed(&handle->scanner, handle->buffer, handle->length);
		at = handle->append ? handle->length : (size_t)offset;
	}
	if (handle->append && !handle->buffer) {
		/* what is there is one document: only white space can follow */
		if (is_space(data, size))
			return HANDLE_DONE;
		*why = "text appended to a JSON document does not make one document";
		return -EINVAL;
	}
	if (at > LIMITS_TEXT_MAX || size > LIMITS_TEXT_MAX - at) {
		*why = "a document may have at most " LIMITS_TEXT_WORDS;
		return -EFBIG;
	}
	/* One write over all of the old text is like a truncation, because nothing of the old text
	 * is left. */
	if (!handle->buffer && handle->record && !at && size >= handle->record->length)
		error = start_afresh_locked(handle);
	if (!error && handle->fresh && at == handle->length)
		return write_next_locked(handle, data, size, why);
	if (!error)
		error = load_locked(handle);
	if (!error)
		error = handle_put_locked(handle, data, size, at);
	if (error)
		return error;
	handle->fresh = false;
	handle->unsent = true;
	return HANDLE_DONE;
}

/*
 * A write is a command; a newline by itself after one changes nothing. A shell may make several
 * writes of one text, so a word behind another word is refused: a second status must be written
 * over the first. With O_APPEND the offset does not tell, but the same word changes nothing.
 */
static int write_status_locked(struct handle *handle, const char *data, size_t size, off_t offset,
			       const char **why)
{
	const char *word = status_word(data, size);

	if (handle->length && is_space(data, size))
		return HANDLE_DONE;
	if (!word) {
		*why = status_refusal(data, size);
		return -EINVAL;
	}
	if (handle->length && offset &&
	    !(handle->append && word == status_word(handle->buffer, handle->length))) {
		*why = "a status is one word, and one has been written to this open file already";
		return -EINVAL;
	}
	handle->length = 0;
	return handle_put_locked(handle, data, size, 0) ? -ENOMEM : HANDLE_COMMIT;
}

/*
 * Return true if DATA was refused before. C's stdio, and Python's, write refused data again when
 * they close: that must neither be sent again nor succeed after the caller has been told of the
 * failure.
 */
static bool is_refused_locked(const struct handle *handle, const char *data, size_t size,
			      off_t offset)
{
	bool there = handle->append || handle->node->ops->shows_status ||
		     (size_t)offset == handle->length;

	/* what follows a piece that was too large is the rest of it, however small */
	if (handle->sticky == -EFBIG && (offset || handle->append))
		return true;
	return handle->sticky && handle->refused == size && there &&
	       memcmp(handle->buffer + handle->length, data, size) == 0;
}

int handle_write(struct handle *handle, const char *data, size_t size, off_t offset,
		 const char **why)
{
	int action;

	*why = "no memory";
	pthread_mutex_lock(&handle->lock);
	if (is_refused_locked(handle, data, size, offset)) {
		action = handle->sticky;
		*why = NULL; /* it has been logged */
		pthread_mutex_unlock(&handle->lock);
		return action;
	}
	handle->sticky = 0;
	handle->refused = 0;
	if (handle->node->ops->shows_status)
		action = write_status_locked(handle, data, size, offset, why);
	else
		action = write_text_locked(handle, data, size, offset, why);
	if (action < 0)
		handle->sticky = action;
	pthread_mutex_unlock(&handle->lock);
	return action;
}

int handle_truncate(struct handle *handle, off_t length, const char **why)
{
	int error = 0;

	*why = "no memory";
	pthread_mutex_lock(&handle->lock);
	handle->sticky = 0;
	handle->emptied = length == 0;
	if (handle->node->ops->shows_status) {
		handle->length = 0; /* only the word that is written next counts */
	} else if (length == 0) {
		error = start_afresh_locked(handle);
	} else if (length > (off_t)LIMITS_TEXT_MAX) {
		*why = "a document may have at most " LIMITS_TEXT_WORDS;
		error = -EFBIG;
	} else {
		error = load_locked(handle);
		if (!error && (size_t)length > handle->length)
			error = handle_put_locked(handle, "", 1, (size_t)length - 1);
		if (!error && (size_t)length != handle->length) {
			handle->length = (size_t)length;
			handle->fresh = false;
			handle->unsent = true;
		}
	}
	pthread_mutex_unlock(&handle->lock);
	return error;
}

int handle_flush(struct handle *handle, const char **why)
{
	struct document document;
	int action = HANDLE_DONE;

	*why = NULL; /* a sticky error has been logged */
	pthread_mutex_lock(&handle->lock);
	if (handle->sticky) {
		action = handle->sticky;
	} else if (handle->unsent && !handle->node->ops->shows_status && handle->length) {
		document_init(&document);
		if (document_feed(&document, handle->buffer, handle->length) == DOCUMENT_WHOLE) {
			action = HANDLE_COMMIT;
		} else {
			/* not sticky: later writes may complete it */
			*why = document.why ? document.why
					    : "not one whole JSON document; nothing was sent";
			action = -EINVAL;
		}
	}
	pthread_mutex_unlock(&handle->lock);
	return action;
}

/* ---- committing ---- */

char *handle_text(struct handle *handle, size_t *length, unsigned *turn)
{
	char *text;

	pthread_mutex_lock(&handle->lock);
	text = malloc(handle->length + 1);
	if (text) {
		if (handle->length)
			memcpy(text, handle->buffer, handle->length);
		text[handle->length] = '\0';
		*length = handle->length;
	}
	/* a child that closes the same open file meanwhile must not send it again */
	if (text && turn) {
		*turn = ++handle->turn;
		handle->unsent = false;
		handle->emptied = false;
	}
	pthread_mutex_unlock(&handle->lock);
	return text;
}

/* Take back the last WRITTEN bytes: the write that brought them fails. */
static void undo_locked(struct handle *handle, size_t written)
{
	handle->length -= written < handle->length ? written : handle->length;
	if (!handle->fresh)
		return;
	document_init(&handle->scanner);
	document_feed(&handle->scanner, handle->buffer, handle->length);
}

void handle_committed(struct handle *handle, unsigned turn, int error, size_t written)
{
	pthread_mutex_lock(&handle->lock);
	if (turn == handle->turn) {
		/*
		 * the close that follows does not retry an interrupted commit: no process waits for
		 * it
		 */
		handle->unsent = false;
		handle->sticky = error == -EINTR ? 0 : error;
		if (error && written) {
			undo_locked(handle, written);
			handle->refused = written;
		}
	}
	pthread_mutex_unlock(&handle->lock);
}

void handle_interrupted(struct handle *handle, unsigned turn, size_t written)
{
	pthread_mutex_lock(&handle->lock);
	if (turn == handle->turn) {
		handle->turn++;
		handle->unsent = false;
		undo_locked(handle, written);
	}
	pthread_mutex_unlock(&handle->lock);
}

void handle_show(struct handle *handle, struct record *record)
{
	struct record *old = NULL;

	if (!record)
		return;
	pthread_mutex_lock(&handle->lock);
	old = handle->record;
	handle->record = record;
	pthread_mutex_unlock(&handle->lock);
	record_put(old);
}
