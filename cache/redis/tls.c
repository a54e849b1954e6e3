/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.c - see tls.h.
 *
 * hiredis' own way to a context of OpenSSL never compares the certificate's name with the host's,
 * so the context is made here.
 */
#include "cache/redis/tls.h"

#include <errno.h>
#include <stdio.h>

#ifdef ROSTERFS_SHARED_TLS

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static int tls_refuse(const char *what, char words[REDIS_WORDS_MAX])
{
	char reason[128] = "";
	unsigned long error = ERR_get_error();

	if (error)
		ERR_error_string_n(error, reason, sizeof(reason));
	snprintf(words, REDIS_WORDS_MAX, "%s%s%s", what, *reason ? ": " : "", reason);
	return -EPROTO;
}

/* Let SSL accept a certificate for HOST only. Returns false: no memory. */
static bool tls_name(SSL *ssl, const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
	return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1 &&
	       SSL_set_tlsext_host_name(ssl, host) == 1;
}

int tls_start(struct redisContext *context, const struct redis_settings *settings,
	      char words[REDIS_WORDS_MAX])
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = NULL;
	int error = 0;

	ERR_clear_error();
	if (!ctx || !SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION))
		error = tls_refuse("TLS cannot be set up", words);
	else if (settings->ca_file
		     ? SSL_CTX_load_verify_locations(ctx, settings->ca_file, NULL) != 1
		     : SSL_CTX_set_default_verify_paths(ctx) != 1)
		error = tls_refuse("the certificates of shared_ca_file cannot be read", words);
	if (!error) {
		ssl = SSL_new(ctx);
		if (!ssl || !tls_name(ssl, settings->host))
			error = tls_refuse("TLS cannot be set up", words);
	}
	/* what fails does not take SSL */
	if (!error && redisInitiateSSL(context, ssl) != REDIS_OK) {
		snprintf(words, REDIS_WORDS_MAX, "TLS: %s", context->errstr);
		error = -EPROTO;
	}
	if (error)
		SSL_free(ssl);
	SSL_CTX_free(ctx); /* SSL has its own reference */
	return error;
}

#else

int tls_start(struct redisContext *context, const struct redis_settings *settings,
	      char words[REDIS_WORDS_MAX])
{
	(void)context;
	(void)settings;
	snprintf(words, REDIS_WORDS_MAX, "this rosterfs was built without TLS for Redis");
	return -EPROTONOSUPPORT;
}

#endif
