/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queues.c - see queues.h.
 */
#include "mount/queues.h"

#include "mount/config/config.h"
#include "mount/descriptors.h"
#include "mount/terminal/complain.h"
#include "vendors/base/log.h"
#include "vendors/http/http.h"
#include "vendors/json/json_heap.h"
#include "vendors/rest/account.h"
#include "vendors/rest/login.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stddef.h>

int queues_open(const struct config *config, struct http **http)
{
	char words[1024];
	int error = descriptors_provide(config, words, sizeof(words));

	if (words[0]) {
		complain("%s", words);
		log_line("%s", words);
	}
	if (error)
		return error;
	json_heap_install();
	*http = http_new();
	if (!*http) {
		complain("out of memory");
		return -ENOMEM;
	}
	for (size_t i = 0; !error && i < config->account_count; i++) {
		struct account *account = config->accounts[i];

		if (!account->vendor->users)
			continue;
		error = login_open(*http, account, words, sizeof(words));
		if (error)
			complain("[%s]: %s", account->name, words);
	}
	return error;
}
