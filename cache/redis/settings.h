/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - where the server is, and who asks. Part of redis.h.
 */
#ifndef ROSTERFS_SETTINGS_H
#define ROSTERFS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

/* Where the server is, and who asks. All owned by redis_settings_clear. */
struct redis_settings {
	char *host; /* NULL: SOCKET */
	char *socket;
	unsigned port, database;
	bool tls;
	char *user;     /* NULL: the server's default user */
	char *password; /* of vault.h; NULL: none */
	char *ca_file;  /* of TLS; NULL: the system's */
};

/*
 * Set host, socket, port, database and tls of SETTINGS from URL: redis://HOST[:PORT][/DATABASE],
 * rediss:// the same with TLS, unix:PATH. Returns 0, or -EINVAL or -EPROTONOSUPPORT (this build has
 * no TLS) with words in WHY. A password in the URL is refused. Local and quick.
 */
int redis_settings_parse(const char *url, struct redis_settings *settings, char *why,
			 size_t why_size);
void redis_settings_clear(struct redis_settings *settings);

#endif
