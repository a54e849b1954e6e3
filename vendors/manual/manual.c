/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manual.c - a vendor whose users are kept by hand, and of which nothing else is known.
 *
 * No API and no network: the directory is read-only and has a MANUAL, which is the file that
 * `notice_file` names.
 */
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

extern const struct vendor vendor_manual;

static const struct setting manual_settings[] = {
    {.name = "notice_file",
     .type = SETTING_FILE,
     .required = true,
     .about = "a text file with the steps to take by hand, which becomes MANUAL"},
    {.name = NULL},
};

static const char *manual_text(const struct account *account)
{
	return account_value(account, "notice_file");
}

const struct vendor vendor_manual = {
    .type = "manual",
    .settings = manual_settings,
    .manual = manual_text,
};
