/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.c - see settings.h.
 */
#include "cache/redis/settings.h"

#include "vendors/base/vault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define PORT_DEFAULT 6379
#define DATABASE_MAX 65535

/* Read TEXT, digits only, into *NUMBER, from LEAST to MOST. */
static bool settings_number(const char *text, unsigned least, unsigned most, unsigned *number)
{
	char *end;
	unsigned long value;

	if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 5)
		return false;
	value = strtoul(text, &end, 10);
	if (value < least || value > most)
		return false;
	*number = (unsigned)value;
	return true;
}

static int settings_refuse(char *why, size_t why_size, const char *words)
{
	snprintf(why, why_size, "%s", words);
	return -EINVAL;
}

static int settings_socket(const char *path, struct redis_settings *settings, char *why,
			   size_t why_size)
{
	if (*path != '/')
		return settings_refuse(
		    why, why_size,
		    "the path of the socket must begin with / (unix:/run/redis.sock)");
	if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return settings_refuse(why, why_size, "the path of the socket is too long");
	settings->socket = strdup(path);
	return settings->socket ? 0 : -ENOMEM;
}

/* REST: HOST[:PORT][/DATABASE], a copy that may be changed. */
static int settings_host(char *rest, struct redis_settings *settings, char *why, size_t why_size)
{
	char *slash = strchr(rest, '/'), *port = NULL, *host = rest;

	if (slash) {
		*slash++ = '\0';
		if (*slash && !settings_number(slash, 0, DATABASE_MAX, &settings->database))
			return settings_refuse(
			    why, why_size, "what follows the / must be the number of a database");
	}
	if (*host == '[') {
		port = strchr(++host, ']');
		if (!port)
			return settings_refuse(why, why_size,
					       "the ] of the IPv6 address is missing");
		*port++ = '\0';
		if (*port && *port != ':')
			return settings_refuse(why, why_size, "only :PORT may follow the ]");
		port = *port ? port : NULL;
	} else {
		port = strchr(host, ':');
	}
	if (port) {
		*port++ = '\0';
		if (!settings_number(port, 1, 65535, &settings->port))
			return settings_refuse(why, why_size,
					       "the port must be a number up to 65535");
	}
	if (!*host || strpbrk(host, " \t?#%"))
		return settings_refuse(why, why_size, "the name of the host is missing or wrong");
	settings->host = strdup(host);
	return settings->host ? 0 : -ENOMEM;
}

int redis_settings_parse(const char *url, struct redis_settings *settings, char *why,
			 size_t why_size)
{
	const char *rest;
	char *copy;
	int error;

	free(settings->host);
	free(settings->socket);
	settings->host = settings->socket = NULL;
	settings->port = PORT_DEFAULT;
	settings->database = 0;
	settings->tls = false;
	*why = '\0';
	if (strncmp(url, "unix:", 5) == 0)
		return settings_socket(strncmp(url + 5, "//", 2) == 0 ? url + 7 : url + 5, settings,
				       why, why_size);
	settings->tls = strncmp(url, "rediss://", 9) == 0;
	if (!settings->tls && strncmp(url, "redis://", 8) != 0)
		return settings_refuse(why, why_size,
				       "must be redis://HOST[:PORT][/DATABASE], the same with "
				       "rediss://, or unix:/PATH");
	rest = url + (settings->tls ? 9 : 8);
	if (strchr(rest, '@'))
		return settings_refuse(
		    why, why_size,
		    "must have no user and no password in it; use shared_user and "
		    "shared_password_file");
#ifndef ROSTERFS_SHARED_TLS
	if (settings->tls) {
		snprintf(why, why_size,
			 "rediss:// is not possible: this rosterfs was built without TLS for Redis "
			 "(hiredis_ssl)");
		return -EPROTONOSUPPORT;
	}
#endif
	copy = strdup(rest);
	if (!copy)
		return -ENOMEM;
	error = settings_host(copy, settings, why, why_size);
	free(copy);
	return error;
}

void redis_settings_clear(struct redis_settings *settings)
{
	vault_free(settings->password);
	free(settings->user);
	free(settings->host);
	free(settings->socket);
	free(settings->ca_file);
	*settings = (struct redis_settings){0};
}
