/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch_text.c - see scratch_text.h.
 *
 * It knows nothing of names. What a file holds is counted before there is room for it, and wiped as
 * soon as the file does not hold it any more. It can tell a status word and a JSON object from
 * other texts, for mistyped.c.
 */
#include "fs/memory/scratch_text.h"

#include "cache/access/status.h"
#include "cache/document/document.h"
#include "fs/memory/scratch_state.h"
#include "vendors/base/checked.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The largest file: many times the size of a backup of the largest document. */
#define FILE_MAX ((size_t)64 << 20)

/* Room up to this size is not given back when a text gets shorter. */
#define ROOM_KEPT ((size_t)4096)

int scratch_text_reserve(struct scratches *all, size_t size)
{
	if (atomic_fetch_add(&all->held, size) + size <= all->limit)
		return 0;
	atomic_fetch_sub(&all->held, size);
	return -ENOSPC;
}

/*
 * What holds between two changes: the text and a NUL byte fit in the room; the scanner has seen no
 * more than the text.
 */
static void check_text_locked(const struct scratch *scratch)
{
	assert(!scratch->text == !scratch->room);
	assert(!scratch->length || scratch->length < scratch->room);
	assert(scratch->length <= FILE_MAX && scratch->scanned <= scratch->length);
}

static void unlock_text(struct scratch *scratch)
{
	CHECKED(check_text_locked(scratch));
	pthread_mutex_unlock(&scratch->lock);
}

/* Give back SIZE bytes that SCRATCH no longer holds. */
static void give_back_locked(struct scratches *all, const struct scratch *scratch, size_t size)
{
	if (scratch->counted)
		atomic_fetch_sub(&all->held, size);
}

void scratch_text_discount(struct scratches *all, struct scratch *scratch)
{
	pthread_mutex_lock(&scratch->lock);
	give_back_locked(all, scratch, scratch->cost + scratch->length);
	scratch->counted = false;
	pthread_mutex_unlock(&scratch->lock);
}

void scratch_text_wipe(char *text, size_t room)
{
	if (text)
		explicit_bzero(text, room);
	free(text);
}

/* Make room for LENGTH bytes and a NUL, and not for many times as many; new bytes are zero. Return
 * 0 or -ENOMEM. */
static int make_room_locked(struct scratch *scratch, size_t length)
{
	size_t room = length < scratch->room ? 256 : scratch->room ? scratch->room : 256;
	size_t kept = length < scratch->length ? length : scratch->length;
	char *text;

	if (length < scratch->room && (scratch->room <= ROOM_KEPT || length >= scratch->room / 4))
		return 0;
	while (room <= length)
		room *= 2;
	text = calloc(1, room);
	if (!text)
		return -ENOMEM;
	if (scratch->text)
		memcpy(text, scratch->text, kept);
	scratch_text_wipe(scratch->text, scratch->room);
	scratch->text = text;
	scratch->room = room;
	return 0;
}

/* Set the length of SCRATCH to LENGTH: new bytes are zero, and what is cut off is wiped. Return 0
 * or a negative errno. */
static int set_length_locked(struct scratches *all, struct scratch *scratch, size_t length)
{
	size_t before = scratch->length;
	int error = 0;

	if (scratch->spent)
		return -EPERM;
	if (length > FILE_MAX)
		return -EFBIG;
	if (length > before && scratch->counted)
		error = scratch_text_reserve(all, length - before);
	if (!error && make_room_locked(scratch, length)) {
		if (length > before)
			give_back_locked(all, scratch, length - before);
		error = -ENOMEM;
	}
	if (error)
		return error;
	if (length < before) {
		give_back_locked(all, scratch, before - length);
		explicit_bzero(scratch->text + length, scratch->room - length);
	}
	scratch->length = length;
	return 0;
}

static void touch_locked(struct scratch *scratch)
{
	clock_gettime(CLOCK_REALTIME, &scratch->when);
}

const char *scratch_text_target(const struct scratch *scratch)
{
	return scratch->target;
}

void scratch_text_attr(struct scratch *scratch, struct stat *attr)
{
	pthread_mutex_lock(&scratch->lock);
	attr->st_size = (off_t)(scratch->target ? strlen(scratch->target) : scratch->length);
	attr->st_mtim = scratch->when;
	attr->st_nlink = !atomic_load(&scratch->nameless);
	pthread_mutex_unlock(&scratch->lock);
}

ssize_t scratch_text_read(struct scratch *scratch, off_t offset, size_t size, char **data)
{
	size_t count = 0;

	*data = NULL;
	pthread_mutex_lock(&scratch->lock);
	if ((size_t)offset < scratch->length)
		count = scratch->length - (size_t)offset;
	if (count > size)
		count = size;
	if (count)
		*data = malloc(count);
	if (*data)
		memcpy(*data, scratch->text + offset, count);
	pthread_mutex_unlock(&scratch->lock);
	return count && !*data ? -ENOMEM : (ssize_t)count;
}

/* Put SIZE bytes of DATA at AT, for which there is room. BEFORE: the length until now. */
static void scratch_text_put_locked(struct scratch *scratch, const char *data, size_t size,
				    size_t at, size_t before)
{
	memcpy(scratch->text + at, data, size);
	if (!at && size >= before)
		scratch->patched = false;
	else if (at != before)
		scratch->patched = true;
	if (at < scratch->scanned)
		scratch->scanned = 0;
}

int scratch_text_write(struct scratches *all, struct scratch *scratch, const char *data,
		       size_t size, off_t offset)
{
	size_t at, before;
	int error = 0;

	pthread_mutex_lock(&scratch->lock);
	before = scratch->length;
	at = offset < 0 ? before : (size_t)offset;
	if (scratch->spent)
		error = -EPERM;
	else if (at > FILE_MAX || size > FILE_MAX - at)
		error = -EFBIG;
	else if (at + size > scratch->length)
		error = set_length_locked(all, scratch, at + size);
	if (!error && size)
		scratch_text_put_locked(scratch, data, size, at, before);
	scratch->spoilt |= error != 0;
	touch_locked(scratch);
	unlock_text(scratch);
	return error;
}

int scratch_text_truncate(struct scratches *all, struct scratch *scratch, off_t length)
{
	size_t before;
	int error;

	pthread_mutex_lock(&scratch->lock);
	before = scratch->length;
	error = set_length_locked(all, scratch, (size_t)length);
	if (!error && !length)
		scratch->spoilt = scratch->patched = false;
	else if (!error && (size_t)length > before)
		scratch->patched = true;
	if (scratch->scanned > scratch->length)
		scratch->scanned = 0;
	touch_locked(scratch);
	unlock_text(scratch);
	return error;
}

char *scratch_text_copy(struct scratch *scratch, size_t *length)
{
	char *text;

	pthread_mutex_lock(&scratch->lock);
	*length = scratch->length;
	text = calloc(1, scratch->length + 1);
	if (text && scratch->length)
		memcpy(text, scratch->text, scratch->length);
	unlock_text(scratch);
	return text;
}

/* ---- what it says ---- */

/* A status with its newline is shorter. */
#define STATUS_MAX 16

/* Return true if the first KEPT bytes of the text and SIZE bytes of DATA are a status word. */
static bool is_status_locked(const struct scratch *scratch, size_t kept, const char *data,
			     size_t size)
{
	char text[STATUS_MAX];

	if (kept > STATUS_MAX || size > STATUS_MAX - kept)
		return false;
	if (kept)
		memcpy(text, scratch->text, kept);
	if (size)
		memcpy(text + kept, data, size);
	return status_word(text, kept + size);
}

/* Let the scanner see those of the first KEPT bytes of the text that it has not seen. */
static void scan_locked(struct scratch *scratch, size_t kept)
{
	if (!scratch->scanned || scratch->scanned > kept) {
		document_init(&scratch->scanner);
		scratch->scanned = 0;
	}
	if (kept > scratch->scanned)
		document_feed(&scratch->scanner, scratch->text + scratch->scanned,
			      kept - scratch->scanned);
	scratch->scanned = kept;
}

enum scratch_text_says scratch_text_says_after(struct scratch *scratch, const char *data,
					       size_t size, off_t offset)
{
	enum scratch_text_says says = SCRATCH_NOTHING;
	struct document scanner;
	size_t at, kept;

	pthread_mutex_lock(&scratch->lock);
	at = offset < 0 ? scratch->length : (size_t)offset;
	kept = at || size < scratch->length ? scratch->length : 0;
	if (at == kept && !(kept && scratch->patched)) {
		scan_locked(scratch, kept);
		scanner = scratch->scanner;
		if (is_status_locked(scratch, kept, data, size))
			says = SCRATCH_STATUS;
		else if (scanner.state != DOCUMENT_WHOLE &&
			 document_feed(&scanner, data, size) == DOCUMENT_WHOLE)
			says = SCRATCH_OBJECT;
	}
	unlock_text(scratch);
	return says;
}

enum scratch_text_says scratch_text_says(struct scratch *scratch)
{
	enum scratch_text_says says = SCRATCH_NOTHING;
	struct document scanner;

	document_init(&scanner);
	pthread_mutex_lock(&scratch->lock);
	if (is_status_locked(scratch, scratch->length, NULL, 0))
		says = SCRATCH_STATUS;
	else if (scratch->length &&
		 document_feed(&scanner, scratch->text, scratch->length) == DOCUMENT_WHOLE)
		says = SCRATCH_OBJECT;
	unlock_text(scratch);
	return says;
}

void scratch_text_spoil(struct scratch *scratch)
{
	pthread_mutex_lock(&scratch->lock);
	scratch->spoilt = true;
	unlock_text(scratch);
}

int scratch_text_set_text(struct scratches *all, struct scratch *scratch, const char *text,
			  size_t length)
{
	int error = scratch_text_truncate(all, scratch, 0);

	return error ? error : scratch_text_write(all, scratch, text, length, 0);
}

void scratch_text_spend(struct scratch *scratch)
{
	pthread_mutex_lock(&scratch->lock);
	scratch->spent = true;
	unlock_text(scratch);
}

bool scratch_text_is_spoilt(struct scratch *scratch)
{
	bool spoilt;

	pthread_mutex_lock(&scratch->lock);
	spoilt = scratch->spoilt;
	unlock_text(scratch);
	return spoilt;
}

void scratch_text_become(struct scratches *all, struct scratch *scratch, const char *id)
{
	pthread_mutex_lock(&scratch->lock);
	give_back_locked(all, scratch, scratch->length);
	scratch_text_wipe(scratch->text, scratch->room);
	scratch->text = NULL;
	scratch->length = scratch->room = scratch->scanned = 0;
	free(scratch->id);
	scratch->id = strdup(id);
	unlock_text(scratch);
}

char *scratch_text_id(struct scratch *scratch)
{
	char *id;

	pthread_mutex_lock(&scratch->lock);
	id = scratch->id ? strdup(scratch->id) : NULL;
	unlock_text(scratch);
	return id;
}
