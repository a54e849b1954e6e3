/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request: what a vendor may ask of a request, and requests that outlive their connection.
 *
 * It must not know what any vendor's paths or bodies mean.
 */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http.h"

/* Of a request that was kept: a header, or a parameter of the query. */
struct kept_value {
	struct kept_value *next;
	bool arg;
	char *name;
	char *value;
};

static const char *kept_value(const struct request *request, bool arg, const char *name)
{
	for (const struct kept_value *at = request->kept; at; at = at->next)
		if (at->arg == arg &&
		    (arg ? strcmp(at->name, name) : strcasecmp(at->name, name)) == 0)
			return at->value;
	return NULL;
}

const char *request_header(const struct request *request, const char *name)
{
	if (!request->connection)
		return kept_value(request, false, name);
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *request_arg(const struct request *request, const char *name)
{
	const char *value = NULL;
	size_t len = 0;
	if (!request->connection)
		return kept_value(request, true, name);
	if (MHD_lookup_connection_value_n(request->connection, MHD_GET_ARGUMENT_KIND, name,
					  strlen(name), &value, &len) != MHD_YES)
		return NULL;
	return value ? value : "";
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A %00 stays as it is: no id holds a NUL. */
void request_decode(char *path)
{
	char *out = path;
	for (const char *in = path; *in; in++) {
		int high = *in == '%' ? hex(in[1]) : -1;
		int low = high >= 0 ? hex(in[2]) : -1;
		if (low >= 0 && high + low > 0) {
			*out++ = (char)(high * 16 + low);
			in += 2;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
}

static char *copy(const char *words)
{
	return words ? text_copy(words, strlen(words)) : NULL;
}

static enum MHD_Result keep_value(void *self, enum MHD_ValueKind kind, const char *name,
				  const char *value)
{
	struct request *kept = self;
	struct kept_value *new = text_alloc(1, sizeof *new);
	struct kept_value **end = &kept->kept;
	while (*end)
		end = &(*end)->next;
	new->arg = kind == MHD_GET_ARGUMENT_KIND;
	new->name = copy(name);
	new->value = copy(value ? value : "");
	*end = new;
	return MHD_YES;
}

struct request *request_keep(const struct request *request)
{
	struct request *kept = text_alloc(1, sizeof *kept);
	*kept = *request;
	kept->connection = NULL;
	kept->kept = NULL;
	kept->method = copy(request->method);
	kept->path = copy(request->path);
	kept->sent_path = copy(request->sent_path);
	kept->query = copy(request->query);
	kept->body = (struct text){0};
	if (request->body.data)
		text_add(&kept->body, request->body.data, request->body.len);
	if (request->connection) {
		MHD_get_connection_values(request->connection, MHD_HEADER_KIND, keep_value, kept);
		MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, keep_value,
					  kept);
	}
	return kept;
}

void request_clear(struct request *request)
{
	struct kept_value *value = request->kept;
	while (value) {
		struct kept_value *next = value->next;
		free(value->name);
		free(value->value);
		free(value);
		value = next;
	}
	free(request->method);
	free(request->path);
	free(request->sent_path);
	free(request->query);
	text_free(&request->body);
}
