/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cj.c - Commission Junction, and any other vendor whose users are kept by hand (type = manual).
 *
 * No API and no network: the directory is read-only and has a MANUAL. The text for CJ is here. The
 * file that `notice_file` names replaces it; for type = manual that file is required. Sources of
 * the text: vendors/README.md.
 */
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

extern const struct vendor vendor_cj;
extern const struct vendor vendor_manual;

static const struct setting cj_settings[] = {
    {.name = "notice_file", .type = SETTING_FILE},
    {.name = NULL},
};

static const struct setting manual_settings[] = {
    {.name = "notice_file", .type = SETTING_FILE, .required = true},
    {.name = NULL},
};

static const char cj_text[] =
    "Commission Junction (CJ): users are kept by hand\n"
    "================================================\n"
    "\n"
    "This directory is read-only and shows no users, because CJ offers no way to read them.\n"
    "\n"
    "Why\n"
    "---\n"
    "CJ's public interface for developers is GraphQL (developers.cj.com) about the affiliate programme:\n"
    "publishers, advertisers, links, transactions. There is no documented call that lists, creates,\n"
    "changes or deactivates the people who sign in to a CJ account. There is no SCIM, and there are no\n"
    "webhooks about users. A personal access token belongs to one person's CJ account and cannot act\n"
    "for others, so no service account could do it either.\n"
    "\n"
    "Somebody who may manage users in the CJ account must do it on the web site.\n"
    "(The names of the menus are from guides by third parties; CJ's own help is behind its sign-in.)\n"
    "\n"
    "To see who has access\n"
    "---------------------\n"
    "1. Sign in at members.cj.com and open the Account menu in the top bar, then Users.\n"
    "   In older accounts: Account > Administrative Settings > User Settings.\n"
    "2. Compare the list with your directory of staff. Do this for each CJ account (CID) that you have.\n"
    "\n"
    "To add somebody\n"
    "---------------\n"
    "1. Account > Users > Add User. CJ asks for your own password again.\n"
    "2. Enter name and email, choose the role with the fewest rights that is enough.\n"
    "3. The person gets a mail and sets a password.\n"
    "\n"
    "To change somebody\n"
    "------------------\n"
    "1. Account > Users, choose the user, edit. CJ may ask for your own password again.\n"
    "2. An email address cannot be edited: add a user with the new address, then remove the old one.\n"
    "\n"
    "To remove a leaver\n"
    "------------------\n"
    "1. First find out what runs on the leaver's personal access tokens (reports, feeds, order uploads).\n"
    "   A personal access token stops working with its owner's account, and so does each script that uses it.\n"
    "   Create a new token as another user at developers.cj.com (Account > Personal Access Tokens)\n"
    "   and put it into those scripts.\n"
    "2. Account > Users, choose the user, remove. The primary user of an account (in older accounts\n"
    "   the \"Superuser\") has to hand over that role first.\n"
    "3. Change the passwords that were shared, including FTP/SFTP passwords for feeds.\n"
    "4. If the leaver's address is a contact for payments or for programme mail, replace it.\n"
    "\n"
    "What to record as evidence\n"
    "--------------------------\n"
    "- the CJ account (CID), the user's name and email,\n"
    "- who removed the user and when (time with zone),\n"
    "- a screenshot of the Users page before and after,\n"
    "- which tokens were replaced and where they are used now (never the tokens themselves).\n";

static const char *cj_manual(const struct account *account)
{
	const char *notice = account_value(account, "notice_file");

	return notice ? notice : cj_text;
}

const struct vendor vendor_cj = {
    .type = "cj",
    .settings = cj_settings,
    .manual = cj_manual,
};

const struct vendor vendor_manual = {
    .type = "manual",
    .settings = manual_settings,
    .manual = cj_manual,
};
