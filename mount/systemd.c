/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd.c - see systemd.h.
 *
 * One datagram is one message of lines NAME=VALUE. A name that begins with @ is one of the abstract
 * namespace.
 */
#include "mount/systemd.h"

#include "vendors/base/clock.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 512

static struct sockaddr_un address;
static socklen_t address_length; /* 0: nobody listens */

void systemd_open(void)
{
	const char *name = getenv("NOTIFY_SOCKET");
	size_t length = name ? strlen(name) : 0;

	if ((length && name[0] != '/' && name[0] != '@') || length >= sizeof(address.sun_path))
		length = 0;
	if (length) {
		address.sun_family = AF_UNIX;
		memcpy(address.sun_path, name, length);
		address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
		if (name[0] == '@')
			address.sun_path[0] = '\0';
		else
			address_length++;
	}
	(void)unsetenv("NOTIFY_SOCKET");
}

bool systemd_listens(void)
{
	return address_length;
}

static void send_message(const char *text)
{
	int fd = address_length ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)
				: -1;

	if (fd < 0)
		return;
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address,
		     address_length);
	(void)close(fd);
}

/* Send BEFORE and a line STATUS= with the words of FORMAT, in one line. */
static void send_words(const char *before, const char *format, va_list arguments)
{
	char words[WORDS_MAX], text[WORDS_MAX + 64];

	if (!address_length)
		return;
	(void)vsnprintf(words, sizeof(words), format, arguments);
	for (char *at = words; *at; at++) {
		if ((unsigned char)*at < 0x20)
			*at = ' ';
	}
	(void)snprintf(text, sizeof(text), "%sSTATUS=%s\n", before, words);
	send_message(text);
}

void systemd_ready(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	send_words("READY=1\n", format, arguments);
	va_end(arguments);
}

void systemd_status(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	send_words("", format, arguments);
	va_end(arguments);
}

void systemd_reloading(void)
{
	struct timespec now = clock_now();
	char text[96];

	(void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld\n",
		       (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	send_message(text);
}

void systemd_stopping(void)
{
	send_message("STOPPING=1\nSTATUS=Unmounted; ending\n");
}
