/* SPDX-License-Identifier: Apache-2.0 */
/*
 * questions.h - which keys of a section --init asks for, and how it explains them.
 *
 * For the main thread. Each function returns false when the input ends, and blocks.
 */
#ifndef ROSTERFS_QUESTIONS_H
#define ROSTERFS_QUESTIONS_H

#include <stdbool.h>

struct answers;
struct trial;
struct vendor;

struct questions {
	const struct trial *trial;
	const struct vendor *vendor;
	bool has_url;  /* the vendor has a base URL of its own */
	bool commands; /* secrets are printed by commands */
	bool again;    /* it is not the first time: what can be left out is asked for too */
	struct answers *answers;
};

/* Ask for all keys, with the answers so far as fallbacks. */
bool questions_ask(struct questions *questions);

/* Ask only for what says where the server is. */
bool questions_ask_place(struct questions *questions);

/* Ask only for what proves who asks, and for what has to do with it. */
bool questions_ask_keys(struct questions *questions);

/* Ask for KEY, about which ABOUT says one line; FALLBACK may be NULL. An empty answer is accepted
 * unless NEEDED. */
bool questions_ask_key(struct questions *questions, const char *key, const char *about,
		       const char *fallback, bool needed);

#endif
