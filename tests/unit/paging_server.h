/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paging_server.h - a web server on loopback with one list that is paged in any way, for
 * test_paging.c.
 *
 * The list has the rows {"id": "0"}, {"id": "1"}... A request says where to begin by page, offset
 * or cursor, and how many rows it wants by limit, in the query or in a JSON body. What goes wrong
 * is a quirk. It shares nothing with vendors/list. The server counts its requests, and keeps the
 * first.
 */
#ifndef ROSTERFS_TEST_PAGING_SERVER_H
#define ROSTERFS_TEST_PAGING_SERVER_H

#include <arpa/inet.h>
#include <jansson.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_MAX 64

/* How the next page is asked for. */
enum how {
	BY_PAGE,
	BY_OFFSET,
	BY_CURSOR, /* "next" is a text, null at the end */
	BY_NUMBER, /* "next" is a number, absent at the end */
	BY_HEADER, /* the header X-Next is a cursor, empty at the end */
	BY_LAST,   /* the cursor is the id of the last row */
	BY_URL,    /* "next" is a URL, null at the end */
	BY_LINK,   /* the header Link */
	WHOLE,     /* no pages */
	HOWS,
};

enum quirk {
	NO_QUIRK,
	REPEATS,      /* page AT is the one before it */
	STANDS_STILL, /* each page is the first one */
	WRAPS,        /* past the end there is the first page */
	ENDS_WITH_404,
	STOPS,       /* page AT is empty, and the last */
	LOOPS,       /* page AT names page 1 as the next one, with the cursor of that page */
	EMPTY_LOOP,  /* from page AT on pages are empty, and name themselves */
	EMPTY_PAGES, /* BY_CURSOR: behind each page there is one without rows */
	FOREIGN,     /* URLs name another origin */
	LACKS_ROWS,  /* page AT has no "users" */
	ODD_ROWS,    /* in page AT, "users" is a text */
	CUT,         /* "truncated" is true */
	NO_ID,       /* in page AT, the first row has no id */
	GONE,        /* each second row is "deleted" */
	ALL_GONE,    /* the rows from 100 on are, and page AT is the one before it */
	REFUSES,     /* from row AT on: 400 */
	NO_GET,      /* GET: 405 */
	ODD_NEXT,    /* page AT names {} as the next one */
	NOT_JSON,    /* in page AT, the email of the last row is not UTF-8 */
	ANSWERS,     /* each response has the status AT */
	NULL_ROWS,   /* in page AT, "users" is null */
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order of its meaning */
struct paging_server {
	struct MHD_Daemon *daemon;
	char url[64];

	/* set between walks */
	enum how how;
	long long first; /* number of the first page or row */
	size_t rows, cap;
	size_t size; /* rows of a page if none is asked for */
	enum quirk quirk;
	size_t at;            /* counted from 0 */
	int times;            /* that it happens; -1: always */
	bool tells;           /* "total" is... */
	long long lie;        /* ...the number of rows and this */
	bool counts;          /* "total" is the number of rows of the page */
	const char *link_end; /* behind the last URL in Link; NULL: there is none */
	const char *url_form; /* BY_URL: printf format for the path and query; "?": the query alone
			       */
	bool more;            /* "more" is told, and `next` goes on behind the end */
	bool bare;            /* the response is the array of rows */
	/* rows have a status by number: i % 3 is active, inactive, pending. "status" in the query
	   selects. */
	bool statuses;
	bool shows_status;
	size_t torn; /* with statuses: this row is listed as active and inactive; 0: none */
	bool loses;  /* it is listed as active no more once the quirk has happened */

	pthread_mutex_t lock;
	int requests, running, most_running;
	char log[LOG_MAX][160];
};

/* What is asked for. */
struct paging_ask {
	size_t start, size, page;
	bool empty; /* the page without rows */
	char status[32];
};

struct paging_body {
	char text[1024];
	size_t length;
};

static inline const char *paging_value(struct MHD_Connection *connection, json_t *body,
				       const char *name)
{
	static _Thread_local char number[24];
	json_t *member = json_object_get(body, name);

	if (json_is_integer(member)) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(member));
		return number;
	}
	if (json_is_string(member))
		return json_string_value(member);
	return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
}

static inline struct paging_ask paging_read_locked(const struct paging_server *server,
						   struct MHD_Connection *connection,
						   const struct paging_body *text)
{
	json_t *body = json_loadb(text->text, text->length, 0, NULL);
	const char *limit = paging_value(connection, body, "limit");
	struct paging_ask ask = {.size = limit ? strtoul(limit, NULL, 10) : server->size};
	const char *value, *status;

	if (server->cap && ask.size > server->cap)
		ask.size = server->cap;
	if (!ask.size)
		ask.size = 1;
	if (server->how == BY_PAGE) {
		value = paging_value(connection, body, "page");
		ask.page = value ? (size_t)(strtoll(value, NULL, 10) - server->first) : 0;
		ask.start = ask.page * ask.size;
	} else if (server->how == BY_OFFSET) {
		value = paging_value(connection, body, "offset");
		ask.start = value ? (size_t)(strtoll(value, NULL, 10) - server->first) : 0;
		ask.page = ask.start / ask.size;
	} else if (server->how != WHOLE) {
		value = paging_value(connection, body, "cursor");
		ask.empty = value && *value == 'c' && server->quirk == EMPTY_PAGES;
		ask.start = value ? strtoul(value + (*value == 'c' || *value == 'd'), NULL, 10) : 0;
		if (value && server->how == BY_LAST)
			ask.start++;
		ask.page = ask.start / ask.size;
	}
	status = paging_value(connection, body, "status");
	snprintf(ask.status, sizeof(ask.status), "%s", status ? status : "");
	json_decref(body);
	return ask;
}

static inline bool paging_quirk_locked(struct paging_server *server, enum quirk quirk, size_t page)
{
	if (server->quirk != quirk || page != server->at || !server->times)
		return false;
	if (server->times > 0)
		server->times--;
	return true;
}

static inline const char *paging_status(size_t row)
{
	static const char *const names[] = {"active", "inactive", "pending"};

	return names[row % 3];
}

/* Return true if row ROW is in the list that ASK selects. */
static inline bool paging_selects(const struct paging_server *server, const struct paging_ask *ask,
				  size_t row)
{
	if (!server->statuses || !*ask->status || strcmp(ask->status, paging_status(row)) == 0)
		return true;
	if (!server->torn || row != server->torn)
		return false;
	if (strcmp(ask->status, "active") == 0)
		return !server->loses || server->times;
	return strcmp(ask->status, "inactive") == 0;
}

/* Write the rows from START on, and return how many. */
static inline size_t paging_rows(const struct paging_server *server, const struct paging_ask *ask,
				 bool no_id, bool not_json, FILE *out)
{
	size_t seen = 0, written = 0;

	for (size_t row = 0; row < server->rows && written < ask->size; row++) {
		if (!paging_selects(server, ask, row) || seen++ < ask->start)
			continue;
		fprintf(out, "%s{", written ? ", " : "");
		if (!no_id || written)
			fprintf(out, "\"id\": \"%zu\"", row);
		else
			fprintf(out, "\"name\": \"Jo\"");
		if (server->shows_status)
			fprintf(out, ", \"status\": \"%s\"", paging_status(row));
		if ((server->quirk == GONE && row % 2) || (server->quirk == ALL_GONE && row >= 100))
			fprintf(out, ", \"deleted\": true");
		if (not_json && written + 1 == ask->size)
			fprintf(out, ", \"email\": \"\xff\"");
		fprintf(out, "}");
		written++;
	}
	return written;
}

static inline size_t paging_count(const struct paging_server *server, const struct paging_ask *ask)
{
	size_t count = 0;

	for (size_t row = 0; row < server->rows; row++)
		count += paging_selects(server, ask, row);
	return count;
}

/* Write the next page, from row NEXT on, in the way of the list. END: there is none. */
static inline void paging_next(const struct paging_server *server, const struct paging_ask *ask,
			       size_t next, bool end, FILE *out, char *header, size_t size)
{
	char path[160], url[256];
	const char *origin = server->quirk == FOREIGN ? "http://127.0.0.1:9" : server->url;

	snprintf(path, sizeof(path), "/users?cursor=c%zu&limit=%zu", next, ask->size);
	snprintf(url, sizeof(url), "%s/api%s", origin, path);
	if ((server->how == BY_CURSOR && end && !server->more) || (server->how == BY_URL && end))
		fprintf(out, ", \"next\": null");
	else if (server->how == BY_CURSOR)
		fprintf(out, ", \"next\": \"%c%zu\"", ask->empty ? 'd' : 'c', next);
	else if (server->how == BY_NUMBER && !end)
		fprintf(out, ", \"next\": %zu", next);
	else if (server->how == BY_HEADER)
		snprintf(header, size, end ? "X-Next: " : "X-Next: c%zu", next);
	else if (server->how == BY_URL) {
		if (server->url_form && *server->url_form == '?')
			snprintf(url, sizeof(url), "%s", strchr(path, '?'));
		else if (server->url_form)
			snprintf(url, sizeof(url), server->url_form, path);
		fprintf(out, ", \"next\": \"%s\"", url);
	} else if (server->how == BY_LINK && (!end || server->link_end)) {
		snprintf(header, size, "Link: <%s>; rel=\"prev\", <%s>; rel=\"next\"%s", url, url,
			 end ? server->link_end : "");
	}
}

/* Return the body of the response, and a header in HEADER ("": none). */
static inline char *paging_body_locked(struct paging_server *server, struct paging_ask ask,
				       char *header, size_t header_size)
{
	size_t count = paging_count(server, &ask), asked = ask.start, next, rows;
	bool lacks, odd, stops, end, none;
	size_t page = ask.page;
	char *text = NULL, *list = NULL;
	size_t size;
	FILE *out;

	if (paging_quirk_locked(server, REPEATS, page) ||
	    (server->quirk == ALL_GONE && page >= server->at))
		ask.start -= ask.size;
	if (server->quirk == STANDS_STILL || (server->quirk == WRAPS && ask.start >= count))
		ask.start = 0;
	lacks = paging_quirk_locked(server, LACKS_ROWS, page);
	odd = paging_quirk_locked(server, ODD_ROWS, page);
	stops = paging_quirk_locked(server, STOPS, page);
	none = stops || ask.empty || (server->quirk == EMPTY_LOOP && page >= server->at);
	out = open_memstream(&list, &size);
	rows = none ? 0
		    : paging_rows(server, &ask, paging_quirk_locked(server, NO_ID, page),
				  paging_quirk_locked(server, NOT_JSON, page), out);
	fclose(out);
	out = open_memstream(&text, &size);
	next = asked + (rows ? rows : ask.size);
	end = stops || next >= count;
	if (server->quirk == ALL_GONE)
		end = false;
	if (server->bare) {
		fprintf(out, "[%s]", list);
	} else if (paging_quirk_locked(server, NULL_ROWS, page)) {
		fprintf(out, "{\"users\": null");
	} else if (odd) {
		fprintf(out, "{\"users\": \"none\"");
	} else {
		fprintf(out, lacks ? "{\"other\": 0" : "{\"users\": [%s]", list);
	}
	if (server->counts)
		fprintf(out, ", \"total\": %zu", rows);
	else if (server->tells)
		fprintf(out, ", \"total\": %lld", (long long)count + server->lie);
	if (server->more)
		fprintf(out, ", \"more\": %s", end ? "false" : "true");
	if (server->quirk == CUT)
		fprintf(out, ", \"truncated\": true");
	if ((server->quirk == EMPTY_LOOP && page >= server->at) || ask.empty)
		next = asked, end = false;
	if (paging_quirk_locked(server, LOOPS, page))
		next = ask.size, end = false;
	if (paging_quirk_locked(server, ODD_NEXT, page))
		fprintf(out, ", \"next\": {}");
	else
		paging_next(server, &ask, next, end, out, header, header_size);
	fprintf(out, "%s", server->bare ? "" : "}");
	fclose(out);
	free(list);
	return text;
}

/* Return the status of the response. */
static inline unsigned paging_refusal_locked(struct paging_server *server,
					     const struct paging_ask *ask, const char *method)
{
	if ((server->quirk == ENDS_WITH_404 && ask->start && ask->start >= server->rows) ||
	    paging_quirk_locked(server, ENDS_WITH_404, ask->page))
		return 404;
	if (server->quirk == ANSWERS)
		return (unsigned)server->at;
	if (server->quirk == REFUSES && ask->start >= server->at)
		return 400;
	return server->quirk == NO_GET && strcmp(method, "GET") == 0 ? 405 : 200;
}

static inline enum MHD_Result paging_answer(void *arg, struct MHD_Connection *connection,
					    const char *path, const char *method,
					    const char *version, const char *data, size_t *length,
					    void **state)
{
	struct paging_server *server = arg;
	struct paging_body *body = *state;
	struct MHD_Response *response;
	struct paging_ask ask;
	enum MHD_Result result;
	unsigned status;
	char header[1024] = "", *text = NULL, *colon;
	const char *query;

	(void)version;
	if (!body) {
		*state = calloc(1, sizeof(*body));
		return *state ? MHD_YES : MHD_NO;
	}
	if (*length) {
		if (body->length + *length >= sizeof(body->text))
			return MHD_NO;
		memcpy(body->text + body->length, data, *length);
		body->length += *length;
		*length = 0;
		return MHD_YES;
	}
	pthread_mutex_lock(&server->lock);
	ask = paging_read_locked(server, connection, body);
	if (server->requests < LOG_MAX) {
		query = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "cursor");
		snprintf(server->log[server->requests], sizeof(server->log[0]), "%s %s%s%s %.*s",
			 method, path, query ? " cursor=" : "", query ? query : "",
			 (int)body->length, body->text);
	}
	server->requests++;
	server->running++;
	if (server->running > server->most_running)
		server->most_running = server->running;
	status = paging_refusal_locked(server, &ask, method);
	text = status < 300 ? paging_body_locked(server, ask, header, sizeof(header))
			    : strdup("{}");
	pthread_mutex_unlock(&server->lock);
	response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	colon = strchr(header, ':');
	if (colon) {
		*colon = '\0';
		MHD_add_response_header(response, header, colon + 2);
	}
	pthread_mutex_lock(&server->lock);
	server->running--;
	pthread_mutex_unlock(&server->lock);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static inline void paging_done(void *arg, struct MHD_Connection *connection, void **state,
			       enum MHD_RequestTerminationCode why)
{
	(void)arg, (void)connection, (void)why;
	free(*state);
	*state = NULL;
}

static inline int paging_requests(struct paging_server *server)
{
	int count;

	pthread_mutex_lock(&server->lock);
	count = server->requests;
	pthread_mutex_unlock(&server->lock);
	return count;
}

static inline bool paging_start(struct paging_server *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET};

	pthread_mutex_init(&server->lock, NULL);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD |
					      MHD_USE_THREAD_PER_CONNECTION,
					  0, NULL, NULL, paging_answer, server,
					  MHD_OPTION_SOCK_ADDR, &address,
					  MHD_OPTION_NOTIFY_COMPLETED, paging_done, NULL,
					  MHD_OPTION_END);
	if (!server->daemon)
		return false;
	snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u",
		 MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	return true;
}

static inline void paging_stop(struct paging_server *server)
{
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	pthread_mutex_destroy(&server->lock);
}

#endif
