/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options: the command line, and the rosterfs config that fits it.
 *
 * The default keys are canaries: words that occur nowhere else, so that a test can grep files, logs
 * and process lists for them.
 *
 * It must not know how anything is served.
 */
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static const char *const profiles[] = {"guide", "documents"};
static const char *const id_styles[] = {"text", "numbers", "vendor"};

enum option_letter {
	OPTION_USERS = 256,
	OPTION_PORT,
	OPTION_SEED,
	OPTION_LATENCY,
	OPTION_WRITE_CONFIG,
	OPTION_PROFILE,
	OPTION_IDS,
	OPTION_PAGE_CAP,
	OPTION_APPLICATION_KEY,
	OPTION_USER_API_KEY,
	OPTION_PUT_ANSWER,
	OPTION_NO_SELF,
	OPTION_SELF_FORM,
	OPTION_LIST_PAGING,
	OPTION_VENDORS,
	OPTION_MEMBERS,
	OPTION_ACCOUNTS,
	OPTION_CLIENT_ID,
	OPTION_CLIENT_SECRET,
	OPTION_TOKEN_TTL,
	OPTION_TOKEN_WRAPPED,
	OPTION_LIMIT_REFUSED,
	OPTION_OFFSET_CEILING,
	OPTION_LIST_TOTAL,
	OPTION_EQ_ANY_CASE,
	OPTION_READ_LAG,
	OPTION_STAMPS,
	OPTION_ETAG_STYLE,
	OPTION_PLAY,
	OPTION_DIE
};

static const struct option long_options[] = {
    {"users", required_argument, NULL, OPTION_USERS},
    {"port", required_argument, NULL, OPTION_PORT},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"latency", required_argument, NULL, OPTION_LATENCY},
    {"write-config", required_argument, NULL, OPTION_WRITE_CONFIG},
    {"profile", required_argument, NULL, OPTION_PROFILE},
    {"ids", required_argument, NULL, OPTION_IDS},
    {"page-cap", required_argument, NULL, OPTION_PAGE_CAP},
    {"application-key", required_argument, NULL, OPTION_APPLICATION_KEY},
    {"user-api-key", required_argument, NULL, OPTION_USER_API_KEY},
    {"put-answer", required_argument, NULL, OPTION_PUT_ANSWER},
    {"no-self", no_argument, NULL, OPTION_NO_SELF},
    {"self-form", required_argument, NULL, OPTION_SELF_FORM},
    {"list-paging", required_argument, NULL, OPTION_LIST_PAGING},
    {"vendors", required_argument, NULL, OPTION_VENDORS},
    {"members", required_argument, NULL, OPTION_MEMBERS},
    {"accounts", required_argument, NULL, OPTION_ACCOUNTS},
    {"client-id", required_argument, NULL, OPTION_CLIENT_ID},
    {"client-secret", required_argument, NULL, OPTION_CLIENT_SECRET},
    {"token-ttl", required_argument, NULL, OPTION_TOKEN_TTL},
    {"token-wrapped", no_argument, NULL, OPTION_TOKEN_WRAPPED},
    {"limit-refused", no_argument, NULL, OPTION_LIMIT_REFUSED},
    {"offset-ceiling", required_argument, NULL, OPTION_OFFSET_CEILING},
    {"read-lag", required_argument, NULL, OPTION_READ_LAG},
    {"etag-style", required_argument, NULL, OPTION_ETAG_STYLE},
    {"play", required_argument, NULL, OPTION_PLAY},
    {"stamps", required_argument, NULL, OPTION_STAMPS},
    {"list-total", required_argument, NULL, OPTION_LIST_TOTAL},
    {"eq-any-case", no_argument, NULL, OPTION_EQ_ANY_CASE},
    {"die-with-parent", no_argument, NULL, OPTION_DIE},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

void options_help(void)
{
	fputs(
	    "usage: rosterfs-sandbox [options]\n"
	    "Serves simulated vendors' user APIs on 127.0.0.1 and prints its base URL.\n"
	    "\n"
	    "  --users N              people in the roster (250)\n"
	    "  --port P               0: any (0)\n"
	    "  --seed S               other people for another number (1)\n"
	    "  --latency MS           each vendor request takes that much longer (0)\n"
	    "  --write-config FILE    write a rosterfs config that fits, mode 0600\n"
	    "  --profile guide|documents\n"
	    "                         vendors as the guide or as their own documents have them (guide)\n"
	    "  --vendors LIST         partnerize, elasticpath, cj, joined by commas (partnerize,cj)\n"
	    "  --ids text|numbers|vendor\n"
	    "                         \"1\", 1 or \"111111l1\" (text)\n"
	    "  --page-cap N           most rows of a page, whatever is asked for (100)\n"
	    "  --application-key K    credentials; the defaults hold the word CANARY\n"
	    "  --user-api-key K\n"
	    "  --put-answer changed|full|empty|old|unstamped\n"
	    "                         what the answer of a PUT carries (changed)\n"
	    "  --read-lag MS          GETs show the state of that long ago (0)\n"
	    "  --stamps own|ms|seconds|tick|frozen|none\n"
	    "                         how updated_at moves (own: as the profile has it)\n"
	    "  --etag-style off|strong|weak|gzip|gzip_weak|garbage|unquoted|lie|unchecked\n"
	    "                         the ETag of a GET, and what If-Match does (off)\n"
	    "  --no-self              GET /user/self is 404\n"
	    "  --self-form own|flat|data|unknown\n"
	    "                         how GET /user/self answers (own: in {\"user\":})\n"
	    "  --list-paging own|ignored|refused\n"
	    "                         ignored, refused: Partnerize's list has no pages; the\n"
	    "                         config then has paging = none (own)\n"
	    "\n"
	    "Elastic Path:\n"
	    "  --members N            account members (200)\n"
	    "  --accounts N           accounts (10)\n"
	    "  --client-id I          credentials; the defaults hold the word CANARY\n"
	    "  --client-secret S\n"
	    "  --token-ttl SECONDS    life of a token (3600)\n"
	    "  --token-wrapped        the token's answer stands in {\"data\":}\n"
	    "  --limit-refused        page[limit] over 100 is 400; else it is taken as 100\n"
	    "  --offset-ceiling N     page[offset] over it is 400 (10000)\n"
	    "  --list-total pages|records|none\n"
	    "                         what meta.page.total counts; none: no meta (pages)\n"
	    "  --eq-any-case          eq(email,...) takes capitals for small letters\n"
	    "\n"
	    "  --play NAME=FILE       a generic vendor below /NAME as the play file has it, see\n"
	    "                         tests/sandbox/PLAY.md; may be given several times\n"
	    "  --die-with-parent      end when the thread that started this ends\n"
	    "  -h, --help\n"
	    "\n"
	    "Faults, request journal and changes by others: see tests/sandbox/README.md\n",
	    stdout);
}

static bool read_number(const char *words, unsigned long least, unsigned long most,
			unsigned long *number)
{
	char *end = NULL;
	errno = 0;
	unsigned long value = strtoul(words, &end, 10);
	if (errno || *words < '0' || *words > '9' || *end || value < least || value > most)
		return false;
	*number = value;
	return true;
}

/* The place of a word in a list, or -1. */
static int read_word(const char *word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(word, list[i]) == 0)
			return (int)i;
	return -1;
}

/* Names joined by commas. */
static bool read_vendors(struct options *options, const char *list)
{
	options->with_partnerize = false;
	options->with_elasticpath = false;
	options->with_cj = false;
	for (const char *at = list;; at++) {
		size_t len = strcspn(at, ",");
		if (len == strlen("partnerize") && strncmp(at, "partnerize", len) == 0)
			options->with_partnerize = true;
		else if (len == strlen("elasticpath") && strncmp(at, "elasticpath", len) == 0)
			options->with_elasticpath = true;
		else if (len == strlen("cj") && strncmp(at, "cj", len) == 0)
			options->with_cj = true;
		else
			return false;
		at += len;
		if (!*at)
			return true;
	}
}

static bool read_names(struct options *options, int letter, const char *value)
{
	int word = -1;
	switch (letter) {
	case OPTION_PROFILE:
		word = read_word(value, profiles, LENGTH(profiles));
		options->partnerize.profile = (enum partnerize_profile)(word > 0 ? word : 0);
		options->elasticpath.profile = (enum elasticpath_profile)(word > 0 ? word : 0);
		return word >= 0;
	case OPTION_IDS:
		word = read_word(value, id_styles, LENGTH(id_styles));
		options->partnerize.ids = (enum partnerize_ids)(word > 0 ? word : 0);
		return word >= 0;
	case OPTION_PUT_ANSWER:
		return settings_option(&options->settings, "put_answer", value);
	case OPTION_APPLICATION_KEY:
		options->partnerize.application_key = value;
		return *value;
	case OPTION_USER_API_KEY:
		options->partnerize.user_api_key = value;
		return *value;
	case OPTION_VENDORS:
		return read_vendors(options, value);
	case OPTION_CLIENT_ID:
		options->elasticpath.client_id = value;
		return *value;
	case OPTION_CLIENT_SECRET:
		options->elasticpath.client_secret = value;
		return *value;
	case OPTION_SELF_FORM:
		return settings_option(&options->settings, "self_form", value);
	case OPTION_LIST_PAGING:
		return settings_option(&options->settings, "list_paging", value);
	case OPTION_LIST_TOTAL:
		return settings_option(&options->settings, "list_total", value);
	case OPTION_READ_LAG:
		return settings_option(&options->settings, "read_lag_ms", value);
	case OPTION_ETAG_STYLE:
		return settings_option(&options->settings, "etag_style", value);
	case OPTION_STAMPS:
		return settings_option(&options->settings, "stamps", value);
	case OPTION_WRITE_CONFIG:
		options->write_config = value;
		return *value;
	default:
		return false;
	}
}

static bool read_elasticpath(struct options *options, int letter, const char *value)
{
	unsigned long number = 0;
	bool good = true;
	switch (letter) {
	case OPTION_MEMBERS:
		good = read_number(value, 0, 10000000, &number);
		options->elasticpath.members = number;
		return good;
	case OPTION_ACCOUNTS:
		good = read_number(value, 0, 100000, &number);
		options->elasticpath.accounts = number;
		return good;
	case OPTION_TOKEN_TTL:
		good = read_number(value, 1, 10000000, &number);
		options->settings.token_ttl = (long)number;
		return good;
	case OPTION_OFFSET_CEILING:
		good = read_number(value, 0, 100000000, &number);
		options->settings.offset_ceiling = (long)number;
		return good;
	case OPTION_TOKEN_WRAPPED:
		options->settings.token_wrapped = true;
		return true;
	case OPTION_LIMIT_REFUSED:
		options->settings.limit_refused = true;
		return true;
	case OPTION_EQ_ANY_CASE:
		options->settings.eq_any_case = true;
		return true;
	default:
		return read_names(options, letter, value);
	}
}

/* NAME=FILE; the name is cut off in place. */
static bool read_play(struct options *options, char *value)
{
	size_t len = strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-_");
	if (len == 0 || value[len] != '=' || !value[len + 1] || options->plays == OPTIONS_PLAYS)
		return false;
	value[len] = '\0';
	for (unsigned i = 0; i < options->plays; i++)
		if (strcmp(options->play[i].name, value) == 0)
			return false;
	options->play[options->plays++] = (struct options_play){value, value + len + 1};
	return true;
}

static bool read_one(struct options *options, int letter, char *value)
{
	unsigned long number = 0;
	bool good = true;
	switch (letter) {
	case OPTION_USERS:
		good = read_number(value, 1, 10000000, &number);
		options->partnerize.users = number;
		return good;
	case OPTION_PORT:
		good = read_number(value, 0, 65535, &number);
		options->port = (unsigned)number;
		return good;
	case OPTION_SEED:
		good = read_number(value, 0, UINT32_MAX, &number);
		options->partnerize.seed = number;
		options->elasticpath.seed = number;
		return good;
	case OPTION_LATENCY:
		good = read_number(value, 0, 3600000, &number);
		options->settings.latency_ms = (long)number;
		return good;
	case OPTION_PAGE_CAP:
		good = read_number(value, 1, 1000000, &number);
		options->settings.page_cap = (long)number;
		return good;
	case OPTION_NO_SELF:
		options->settings.no_self = true;
		return true;
	case OPTION_PLAY:
		return read_play(options, value);
	case OPTION_DIE:
		options->die_with_parent = true;
		return true;
	case 'h':
		options->help = true;
		return true;
	default:
		return read_elasticpath(options, letter, value);
	}
}

bool options_read(struct options *options, int argc, char **argv)
{
	*options = (struct options){
	    .partnerize = {.users = 250,
			   .seed = 1,
			   .application_key = "sandbox-application-key-CANARY-3f9c1e",
			   .user_api_key = "sandbox-user-api-key-CANARY-b7420d"},
	    .elasticpath = {.members = 200,
			    .accounts = 10,
			    .seed = 1,
			    .client_id = "sandbox-client-id-CANARY-5a81",
			    .client_secret = "sandbox-client-secret-CANARY-9d27"},
	    .with_partnerize = true,
	    .with_cj = true,
	    .settings = {.page_cap = 100,
			 .limit_window_ms = 1000,
			 .token_ttl = 3600,
			 .offset_ceiling = 10000},
	};
	int which = 0;
	int letter;
	while ((letter = getopt_long(argc, argv, "h", long_options, &which)) != -1) {
		if (letter == '?')
			return false; /* getopt_long has said why */
		if (!read_one(options, letter, optarg)) {
			fprintf(stderr, "rosterfs-sandbox: --%s %s: not a value it can have\n",
				long_options[which].name, optarg);
			return false;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "rosterfs-sandbox: %s: there are only options\n", argv[optind]);
		return false;
	}
	return true;
}

static void config_text(const struct options *options, unsigned port, struct text *text)
{
	bool documents = options->partnerize.profile == PROFILE_DOCUMENTS;
	bool paged = options->settings.list_paging == PAGING_OWN;
	text_str(text, "# written by rosterfs-sandbox; it fits this one run\n");
	if (options->with_partnerize)
		text_fmt(text,
			 "[partnerize]\n"
			 "base_url = http://127.0.0.1:%u\n"
			 "application_key = %s\n"
			 "user_api_key = %s\n"
			 "auth = %s\n"
			 "paging = %s\n"
			 "\n",
			 port, options->partnerize.application_key,
			 options->partnerize.user_api_key, documents ? "basic" : "headers",
			 !paged      ? "none"
			 : documents ? "offset"
				     : "page");
	if (options->with_elasticpath)
		text_fmt(text,
			 "[elasticpath]\n"
			 "base_url = http://127.0.0.1:%u\n"
			 "client_id = %s\n"
			 "client_secret = %s\n"
			 "# allow_preprovision = yes\n"
			 "\n",
			 port, options->elasticpath.client_id, options->elasticpath.client_secret);
	if (options->with_cj)
		text_str(text, "[cj]\n");
}

bool options_write_config(const struct options *options, unsigned port)
{
	/* A file that stands there may be readable by others: it is not written into, but replaced.
	 */
	const char *path = options->write_config;
	struct text text = {0};
	config_text(options, port, &text);
	bool good = unlink(path) == 0 || errno == ENOENT;
	int file = good ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
	good = file >= 0 && write(file, text.data, text.len) == (ssize_t)text.len;
	if (file >= 0 && close(file) != 0)
		good = false;
	if (!good)
		fprintf(stderr, "rosterfs-sandbox: %s: %s\n", path, strerror(errno));
	text_free(&text);
	return good;
}
