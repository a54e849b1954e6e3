/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_description_errors.c - what a description may not say, with the line and the words of the
 * error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/description_text.h"

/* one request and what it needs */
#define ITEM "[item]\nrequest = GET /users/{id}\n"
#define UPDATE "[update]\nrequest = PUT /users/{id}\nbody = {record}\n"
#define STATUS "[status]\npath = /status\nactive = on\ninactive = off\n"

static void test_lines(void **state)
{
	static const struct refusal refusals[] = {
	    {8, "is indented", VENDOR API " lag = 3\n" LIST},
	    {7, "is indented", VENDOR "[api]\n base_url = https://x.example\n" LIST},
	    {6, "is indented", VENDOR " Y\n" API LIST},
	    {12, "is indented",
	     VENDOR API "[list]\nrequest = GET /users\nrows = /*\npaging = none\n"
			" x\n"},
	    {12, "comment must begin at the left margin",
	     VENDOR API "[list]\nrequest = GET /a\npaging = none\nrows = /a,\n # b\n"},
	    {12, "' ;' starts a comment",
	     VENDOR API "[list]\nrequest = GET /a\npaging = none\nrows = /a,\n /b ;c\n"},
	    {8, "an empty line of a text is a line with a blank and a dot",
	     VENDOR "manual = a\n\n b\n" API LIST},
	    {6, "the key has no value", VENDOR "manual =\n" API LIST},
	    {6, "the key has no value", VENDOR "remains =\n[settings]\n" API LIST},
	    {6, "in line 2 already", VENDOR "name = Y\n" API LIST},
	    {6, "this section is in line 1 already", VENDOR "[vendor]\n" API LIST},
	    {1, "UTF-16", "\xFF\xFE"},
	};
	char text[600];
	const struct refusal long_line = {6, "continue it on lines that begin with a blank", text};

	(void)state;
	REFUSE_ALL(refusals);
	(void)snprintf(text, sizeof(text), VENDOR "remains = %0300d\n" API LIST, 1);
	refuse_all(&long_line, 1);
}

static void test_sections(void **state)
{
	static const struct refusal refusals[] = {
	    {12, "unknown section; did you mean [list]?", BASE "[lists]\n"},
	    {12, "unknown section; see rosterfs.vendor(5)", BASE "[colours]\n"},
	    {12, "the section has no name", BASE "[ ]\n"},
	    {12, "nothing may follow [item", BASE "[item x]\n"},
	    {12, "nothing may follow [auth", BASE "[auth a b]\n"},
	    {12, "a word in a section's name", BASE "[auth a.b]\n"},
	    {12, "[place] needs a name", BASE "[place]\n"},
	    {12, "a place has no section auth", BASE "[groups/auth]\n"},
	    {12, "[members] is a section of a place", BASE "[members]\n"},
	    {12, "a place may have letters", BASE "[/list]\n"},
	    {12, "a condition must be", BASE "[item if]\n"},
	    {12, "a condition must be", BASE "[item if a = ]\n"},
	    {12, "a condition must be", BASE "[item unless a = b]\n"},
	    {12, "[settings] has no colour", BASE "[item if colour]\n"},
	    {14, "[settings] has no colur; did you mean colour?",
	     BASE "[settings]\ncolour = text\n[item if colur = red]\n"},
	    {14, "a secret cannot be compared", BASE "[settings]\nk = secret\n[item if k = x]\n"},
	    {14, "k always has a value", BASE "[settings]\nk = a | b\n[item if k]\n"},
	    {14, "k always has a value", BASE "[settings]\nk = text, required\n[item unless k]\n"},
	    {14, "c is no choice of k", BASE "[settings]\nk = a | b\n[item if k = c]\n"},
	    {12, "[settings] cannot depend on a setting",
	     BASE "[settings if delete_deactivates]\na = text\n"},
	    {12, "too many words", BASE "[a b c d e f g h i]\n"},
	    {0, "the section [vendor] is missing", API LIST},
	    {0, "the section [list] is missing", VENDOR API},
	    {8, "[list] needs the key paging", VENDOR API "[list]\nrequest = GET /a\nrows = /a\n"},
	    {8, "[list] needs the key rows",
	     VENDOR API "[list]\nrequest = GET /a\npaging = none\n"},
	    {8, "[list] needs the key request", VENDOR API "[list]\nrows = /a\npaging = none\n"},
	    {1, "[vendor] needs the key docs",
	     "[vendor]\nname = X\ndate = b\nevidence = tried\n" API LIST},
	    {1, "[vendor] needs the key evidence",
	     "[vendor]\nname = X\ndocs = a\ndate = b\n" API LIST},
	    {8, "[api] has no use with kind = manual", VENDOR "kind = manual\nmanual = a\n" API},
	    {1, "kind = manual needs the key manual", VENDOR "kind = manual\n"},
	};

	(void)state;
	REFUSE_ALL(refusals);
}

static void test_keys(void **state)
{
	static const struct refusal refusals[] = {
	    {12, "unknown key sice; did you mean size?", BASE "sice = 3\n"},
	    {12, "unknown key colour; see rosterfs.vendor(5)", BASE "colour = red\n"},
	    {12, "[list] has no key base_url; it is a key of [api]", BASE "base_url = https://x\n"},
	    {13, "[status] needs the key path",
	     BASE "[item]\n[status]\nactive = a\ninactive = b\n"},
	    {12, "[status] needs the key active", BASE "[status]\npath = /a\ninactive = off\n"},
	    {12, "whole must be one of: yes, no", BASE "whole = maybe\n"},
	    {12, "size must be a whole number from 1 to 1000000", BASE "size = 0\n"},
	    {12, "size must be", BASE "size = 10k\n"},
	    {12, "size must be", BASE "size = 99999999999999999999999\n"},
	    {6, "kind must be one of: rest, scim, manual", VENDOR "kind = soap\n"},
	    {8, "lag must be a whole number from 0 to 3600", VENDOR API "lag = 3601\n" LIST},
	    {8, "parallel must be a whole number from 1 to 64", VENDOR API "parallel = 0\n" LIST},
	    {13, "root: it must begin with /", BASE "[item]\nroot = a/b\n"},
	    {13, "root: a pointer begins with /", BASE "[item]\nroot = user\n"},
	    {13, "root: ~ must be written as ~0", BASE "[item]\nroot = /a~b\n"},
	    {13, "root: an element of the list is missing", BASE "[item]\nroot = /a, , /b\n"},
	    {13, "path_id: one pointer is meant here", BASE "[fields]\npath_id = /a, /b\n"},
	    {13, "name has parts with blanks", BASE "[fields]\nname = /a, /b\n"},
	    {13, "gone must be statuses from 400 to 499", BASE "[item]\ngone = 404, 200\n"},
	    {13, "gone_when needs values behind the source", BASE "[item]\ngone_when = /deleted\n"},
	    {13, "retry_after: a source is", BASE "[errors]\nretry_after = seconds\n"},
	    {13, "retry_after: no header has such a name",
	     BASE "[errors]\nretry_after = header:a b\n"},
	    {13, "retry_after: the name of the header is missing",
	     BASE "[errors]\nretry_after = header:\n"},
	    {15, "a value must be a word",
	     BASE "[status]\npath = /a\nactive = on\ninactive = [1]\n"},
	    {15, "a value must be a word",
	     BASE "[status]\npath = /a\nactive = on\ninactive = \"x\n"},
	    {15, "cannot mean both", BASE "[status]\npath = /a\nactive = 1, 2\ninactive = 2\n"},
	    {13, "no header has such a name", BASE "[auth]\nheader.A(b) = x\n"},
	    {13, "rosterfs sets the header Content-Type itself: use content_type",
	     BASE "[auth]\nheader.content-type = x\n"},
	    {14, "this header is there already", BASE "[auth]\nheader.A = x\nheader.a = y\n"},
	    {13, "unknown key header.", BASE "[auth]\nheader. = x\n"},
	    {7, "base_url must begin with https://", VENDOR "[api]\nbase_url = ftp://x\n" LIST},
	    {7, "must not have a blank, ? or #", VENDOR "[api]\nbase_url = https://x?a\n" LIST},
	    {7, "base_url: ", VENDOR "[api]\nbase_url = http://x.example\n" LIST},
	    {14, "lag is a key of [api] only",
	     VENDOR API LIST "[api b]\nbase_url = https://b.example\nlag = 3\n"},
	};

	(void)state;
	REFUSE_ALL(refusals);
}

static void test_requests(void **state)
{
	static const struct refusal refusals[] = {
	    {13, "must be METHOD PATH", BASE "[item]\nrequest = FETCH /users/{id}\n"},
	    {13, "must be METHOD PATH", BASE "[item]\nrequest = /users/{id}\n"},
	    {13, "a path has no blank and no #", BASE "[item]\nrequest = GET /a b/{id}\n"},
	    {13, "a path begins with one /", BASE "[item]\nrequest = GET users/{id}\n"},
	    {13, "a path begins with one /", BASE "[item]\nrequest = GET //evil.example/{id}\n"},
	    {13, "a path begins with one /",
	     BASE "[item]\nrequest = GET https://evil.example/{id}\n"},
	    {13, "one alternative only", BASE "[self]\nrequest = GET /a, GET /b, GET /c\n"},
	    {13, "the request needs {id}", BASE "[item]\nrequest = GET /users\n"},
	    {13, "{email} has no value here", BASE "[item]\nrequest = GET /users/{id}/{email}\n"},
	    {13, "the request needs {email}", BASE "[find]\nrequest = GET /users\n"},
	    {13, "{/a} has no value here: there is no record",
	     BASE "[item]\nrequest = GET /{/a}\n"},
	    {13, "{ids} is unknown; did you mean {id}?", BASE "[item]\nrequest = GET /{ids}\n"},
	    {13,
	     "{tenant} is neither a setting nor a placeholder of the format; the id of the user is "
	     "{id}",
	     BASE "[item]\nrequest = GET /{tenant}/{id}\n"},
	    /* not {page}, which has no value there */
	    {13,
	     "{name} is neither a setting nor a placeholder of the format; the id of the user is "
	     "{id}; {/P} is the value at /P of the record",
	     BASE "[update]\nrequest = PUT /users/{name}\nbody = {record}\n"},
	    {13, "{record} may stand in the body only",
	     BASE "[update]\nrequest = PUT /users/{id}/{record}\nbody = {record}\n"},
	    {13, "{access_token} needs a section [token]",
	     BASE "[auth]\nheader.A = {access_token}\n"},
	    {13, "{refresh_token} has no value here", BASE "[auth]\nheader.A = {refresh_token}\n"},
	    {14, "a GET has no body", BASE ITEM "body = {\"a\": 1}\n"},
	    {14, "body: it is not JSON", BASE "[update]\nrequest = PUT /a/{id}\nbody = {\"a\": \n"},
	    {14, "body: the name of a member",
	     BASE "[update]\nrequest = PUT /a/{id}\nbody = {\"{id}\": 1}\n"},
	    {14, "there is no section [api other]", BASE ITEM "api = other\n"},
	    {14, "request has no alternative",
	     BASE "[update]\nrequest = PUT /a/{id}\nalternative_id = /id\nbody = {record}\n"},
	    {14, "request has no alternative",
	     BASE
	     "[update]\nrequest = PUT /a/{id}\nalternative_body = {record}\nbody = {record}\n"},
	    {15, "no JSON body that could take an id",
	     BASE
	     "[update]\nrequest = PUT /a/{id}, POST /a/{id}\nbody = a={record}\nalternative_id = /id\n"},
	    {15, "no JSON body that could take an id",
	     BASE "[update]\nrequest = PUT /a\nbody = a={record}\nbody_id = /id\n"},
	    {12, "[find] needs the key request", BASE "[find]\nrows = /a\n"},
	    {12, "[self] needs the key request, or user = none", BASE "[self]\nid = /id\n"},
	    {13, "the key is nobody's", BASE "[self]\nrequest = GET /me\nuser = none\n"},
	    {13, "user and password need each other", BASE "[auth]\nuser = x\n"},
	    {13, "user and password need each other", BASE "[auth]\npassword = x\n"},
	    {12, "[api b] needs the key base_url", BASE "[api b]\nheader.A = b\n"},
	    {12, "[api b] needs the key base_url", BASE "[auth b]\nheader.A = b\n"},
	};

	(void)state;
	REFUSE_ALL(refusals);
}

static void test_secrets(void **state)
{
	static const struct refusal refusals[] = {
	    {9, "{k} is a secret, which no base_url may have",
	     VENDOR "[settings]\nk = secret\n[api]\nbase_url = https://{k}.example\n" LIST},
	    {9, "{u} is a URL, which may only begin a base_url",
	     VENDOR "[settings]\nu = url\n[api]\nbase_url = https://{u}.example\n" LIST},
	    {15, "{u} is a URL, which may only begin a base_url",
	     BASE "[settings]\nu = url\n[item]\nrequest = GET /{u}/{id}\n"},
	    {13, "[token] has no alternative",
	     BASE "[token]\nrequest = POST /a, POST /b\ntoken = /t\n"},
	    {13, "a path begins with one /; else it is a URL",
	     BASE "[token]\nrequest = POST a\ntoken = /t\n"},
	    {13, "request: ", BASE "[token]\nrequest = POST http://login.example/t\ntoken = /t\n"},
	    {12, "[token] needs the key token", BASE "[token]\nrequest = POST /a\n"},
	    {12, "[token] needs the key request", BASE "[token]\ntoken = /a\n"},
	    {13, "{access_token} may stand in [auth] only",
	     BASE "[token]\nrequest = POST /{access_token}\ntoken = /t\n"},
	    {17, "{access_token} may stand in [auth] only",
	     BASE "[token]\nrequest = POST /a\ntoken = /t\n"
		  "[self]\nrequest = GET /me\nheader.X-Subject = {access_token}\n"},
	    {17,
	     "{access_token} may stand in [auth] only; a token that a body needs must be a secret",
	     BASE "[token]\nrequest = POST /a\ntoken = /t\n"
		  "[update]\nrequest = PUT /{id}\n"
		  "body = {\"a\": {record}, \"b\": \"{access_token}\"}\n"},
	    {15, "only ms may follow",
	     BASE "[token]\nrequest = POST /a\ntoken = /t\nexpires = /e seconds\n"},
	    {15, "cannot be a placeholder for this",
	     BASE "[token]\nrequest = POST /a\ntoken = /t\nsave.id = /id\n"},
	    {18, "{site} may stand in paths and headers only",
	     BASE "[token]\nrequest = POST /a\ntoken = /t\nsave.site = /id\n"
		  "[update]\nrequest = PUT /{id}\nbody = {\"a\": {record}, \"b\": \"{site}\"}\n"},
	};

	(void)state;
	REFUSE_ALL(refusals);
}

static void test_paging(void **state)
{
#define START VENDOR API "[list]\nrows = /users/*\n"
	static const struct refusal refusals[] = {
	    {11, "paging = page needs {page}", START "request = GET /users\npaging = page\n"},
	    {11, "paging = offset needs {offset}", START "request = GET /users\npaging = offset\n"},
	    {11, "paging = cursor needs {cursor}",
	     START "request = GET /users\npaging = cursor\nnext = /n\n"},
	    {11, "paging = cursor needs the key next",
	     START "request = GET /u?c={cursor}\npaging = cursor\n"},
	    {11, "paging = url needs the key next", START "request = GET /users\npaging = url\n"},
	    {10, "{offset} has no value with paging = page",
	     START "request = GET /users?o={offset}&p={page}\npaging = page\n"},
	    {10, "{page} has no value with paging = none",
	     START "request = GET /u?p={page}\npaging = none\n"},
	    {12, "first has no use with paging = link",
	     START "request = GET /u\npaging = link\nfirst = 1\n"},
	    {12, "next has no use with paging = link",
	     START "request = GET /u\npaging = link\nnext = /n\n"},
	    {12, "origin has no use with paging = none",
	     START "request = GET /u\npaging = none\norigin = ignore\n"},
	    {11, "[list next] has no use with paging = link",
	     START "request = GET /u\npaging = link\n[list next]\nrequest = GET /v\n"},
	    {12, "[list next] needs the key request",
	     START "request = GET /u\npaging = none\n[list next]\n"},
	    {8, "{size} needs the key size", START "request = GET /u?s={size}\npaging = none\n"},
	    {8, "{each} needs the key each", START "request = GET /u?s={each}\npaging = none\n"},
	    {12, "the request has no {each}",
	     START "request = GET /u\npaging = none\neach = 1, 2\n"},
	    {12, "absent and * cannot be sent",
	     START "request = GET /u?a={each}\npaging = none\neach = 1, *\n"},
	    {12, "whole = no needs the section [item]",
	     START "request = GET /u\npaging = none\nwhole = no\n"},
	};

	(void)state;
	REFUSE_ALL(refusals);
}

static void test_changes(void **state)
{
	static const struct refusal refusals[] = {
	    {14, "the body needs {changes}",
	     BASE "[update]\nrequest = PUT /a/{id}\nbody = {\"a\": 1}\n"},
	    {12, "the body needs {changes}", BASE "[update]\nrequest = PUT /a/{id}\n"},
	    {15, "merge is about {changes}", BASE UPDATE "merge = deep\n"},
	    {13, "[update] changes something: not with a GET",
	     BASE "[update]\nrequest = GET /a/{id}\nbody = {record}\n"},
	    {13, "the request needs {id}", BASE "[update]\nrequest = PUT /a\nbody = {record}\n"},
	    {14, "{changes} has no value here",
	     BASE "[create]\nrequest = POST /a\nbody = {changes}\n"},
	    {14, "the body needs {record}, or parts of it",
	     BASE "[create]\nrequest = POST /a\nbody = {\"a\": 1}\n"},
	    {13, "the request needs {id}", BASE "[delete]\nrequest = DELETE /a\n"},
	    {12, "without [status] there is no status",
	     BASE "[activate]\nrequest = POST /{id}/on\n"},
	    {12, "without [status] there is no status",
	     BASE "[deactivate]\nrequest = POST /{id}/off\n"},
	    {17, "a DELETE needs the key soft",
	     BASE STATUS "[deactivate]\nrequest = DELETE /{id}\n"},
	    {17, "a DELETE needs the key soft",
	     BASE STATUS "[deactivate]\nrequest = POST /{id}/off, DELETE /{id}\n"},
	    {16, "[deactivate] needs the key request", BASE STATUS "[deactivate]\nfrom = on\n"},
	    {14, "[delete] has no key soft; it is a key of [deactivate]",
	     BASE "[delete]\nrequest = DELETE /{id}\nsoft = x\n"},
	    {14, "the id cannot be hidden", BASE "[fields]\nid = /a\nhidden = /a\n"},
	    {13, ". is the whole record", BASE "[fields]\nread_only = .\n"},
	};

	(void)state;
	REFUSE_ALL(refusals);
}

static void test_settings(void **state)
{
	static const struct refusal refusals[] = {
	    {13, "k must be text, secret, url, or choices", BASE "[settings]\nk = number\n"},
	    {7, "[settings] has no j, which about.j explains",
	     VENDOR "about.k = a thing\nabout.j = a thing\n" API LIST "[settings]\nk = text\n"},
	    {13, "only required may follow secret", BASE "[settings]\nk = secret, default x\n"},
	    {13, "only required or default X may follow", BASE "[settings]\nk = text, optional\n"},
	    {13, "only required or default X may follow", BASE "[settings]\nk = text, default\n"},
	    {13, "each choice is one word", BASE "[settings]\nk = a | b c\n"},
	    {13, "each choice is one word", BASE "[settings]\nk = a |\n"},
	    {13, "the choice a is there twice", BASE "[settings]\nk = a | b | a\n"},
	    {13, "each choice is one word", BASE "[settings]\nk = a if | b\n"},
	    {13, "[settings] has no x", BASE "[settings]\nk = a if x | b\n"},
	    {13, "j always has a value", BASE "[settings]\nk = a if j | b\nj = text, required\n"},
	    {13, "record cannot be a setting", BASE "[settings]\nrecord = text\n"},
	    {13, "a setting's name begins with a letter", BASE "[settings]\n9k = text\n"},
	    {13, "a setting's name begins with a letter", BASE "[settings]\nK = text\n"},
	    {14, "k_file cannot be a setting", BASE "[settings]\nk = secret\nk_file = text\n"},
	};

	(void)state;
	REFUSE_ALL(refusals);
}

static void test_places(void **state)
{
#define PLACE BASE "[place groups]\n[groups/list]\nrequest = GET /g\nrows = /*\npaging = none\n"
	static const struct refusal refusals[] = {
	    {12, "[place groups] needs the section [groups/list]", BASE "[place groups]\n"},
	    {12, "there is no section [place groups]",
	     BASE "[groups/list]\nrequest = GET /g\nrows = /*\npaging = none\n"},
	    {17, "[members] needs the key user", PLACE "[groups/members]\nin = /members/*\n"},
	    {17, "[members] needs the key rows",
	     PLACE "[groups/members]\nuser = /id\nrequest = GET /g/{parent}\npaging = none\n"},
	    {19, "the request needs {parent}",
	     PLACE "[groups/members]\nuser = /id\nrequest = GET /m\nrows = /*\npaging = none\n"},
	    {18, "`in` needs [groups/item]",
	     PLACE "[groups/members]\nin = /members/*\nuser = /id\n"},
	    {20, "rows has no use where `in` says",
	     PLACE "[groups/members]\nin = /members/*\nuser = /id\nrows = /*\n"
		   "[groups/item]\nrequest = GET /g/{id}\n"},
	    {17, "[groups/join] needs [groups/members]",
	     PLACE "[groups/join]\nrequest = PUT /g/{parent}/{member}\n"},
	    {17, "[groups/leave] needs [groups/members]",
	     PLACE "[groups/leave]\nrequest = DELETE /g/{parent}/{member}\n"},
	    {18, "{member} has no value here",
	     PLACE "[groups/item]\nrequest = GET /g/{id}/{member}\n"},
	    {13, "record becomes the name of a file",
	     BASE
	     "[place groups]\nrecord = a/b\n[groups/list]\nrequest = GET /g\n"
	     "rows = /*\npaging = none\n[groups/members]\nuser = /id\nrequest = GET /m/{parent}\nrows = /*\npaging = none\n"},
	    {18, "user: a member must be an object",
	     PLACE
	     "[groups/members]\nuser = .\nrequest = GET /m/{parent}\nrows = /*\npaging = none\n"},
	};

	(void)state;
	REFUSE_ALL(refusals);
}

/* Limits on what there can be of a kind. */
static void test_limits(void **state)
{
	static char text[20000];
	struct refusal refusal = {0, NULL, text};
	size_t used;

	(void)state;
	used = (size_t)snprintf(text, sizeof(text), BASE "[auth]\n");
	for (unsigned i = 0; i < 17; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "header.H%u = x\n", i);
	refusal = (struct refusal){29, "at most 16 keys header.NAME", text};
	refuse_all(&refusal, 1);
	used = (size_t)snprintf(text, sizeof(text), BASE "[auth]\n");
	for (unsigned i = 0; i < 13; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "header.H%u = x\n", i);
	refusal = (struct refusal){8, "a request may have at most 12 headers", text};
	refuse_all(&refusal, 1);
	used = (size_t)snprintf(text, sizeof(text), BASE);
	for (unsigned i = 0; i < 8; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "[api a%u]\nbase_url = https://x.example\n", i);
	refusal = (struct refusal){26, "too many sections [api ...]", text};
	refuse_all(&refusal, 1);
	used = (size_t)snprintf(text, sizeof(text), BASE "[fields]\nread_only = /a");
	for (unsigned i = 0; i < 1000; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, ",\n /a%u", i);
	(void)snprintf(text + used, sizeof(text) - used, "\n");
	refusal = (struct refusal){13, "read_only: the list has more than 1000 elements", text};
	refuse_all(&refusal, 1);
	used = (size_t)snprintf(text, sizeof(text), BASE "[settings]\n");
	for (unsigned i = 0; i < 33; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "s%u = text\n", i);
	refusal = (struct refusal){45, "more than 32 settings", text};
	refuse_all(&refusal, 1);
	used = (size_t)snprintf(text, sizeof(text), BASE "[settings]\n");
	for (unsigned i = 0; i < 12; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "s%u = text\n", i);
	for (unsigned i = 0; i < 12; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "[item if s%u]\n", i);
	refusal = (struct refusal){0, "too many combinations", text};
	refuse_all(&refusal, 1);
	used = (size_t)snprintf(text, sizeof(text), BASE STATUS);
	for (unsigned i = 0; i < 17; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "[activate a%u]\nrequest = POST /a/{id}\n", i);
	refusal = (struct refusal){48, "too many sections [activate ...]", text};
	refuse_all(&refusal, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines),   cmocka_unit_test(test_sections),
	    cmocka_unit_test(test_keys),    cmocka_unit_test(test_requests),
	    cmocka_unit_test(test_secrets), cmocka_unit_test(test_paging),
	    cmocka_unit_test(test_changes), cmocka_unit_test(test_settings),
	    cmocka_unit_test(test_places),  cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
