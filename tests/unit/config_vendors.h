/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_vendors.h - vendors for the tests of the config file, each program including them once.
 *
 * They stand in for vendors.c and http.c, so that the tests say what config.c does with any table.
 */
#ifndef ROSTERFS_CONFIG_VENDORS_H
#define ROSTERFS_CONFIG_VENDORS_H

#include "vendors/http/http.h"
#include "vendors/vendor.h"
#include "vendors/vendors.h"

#include <errno.h>
#include <string.h>

static const char *const auth_choices[] = {"headers", "basic", NULL};

static const struct setting shop_settings[] = {
    {.name = "shop_key", .type = SETTING_SECRET, .required = true},
    {.name = "spare_key", .type = SETTING_SECRET},
    {.name = "auth", .type = SETTING_CHOICE, .fallback = "headers", .choices = auth_choices},
    {.name = "self_id", .type = SETTING_TEXT},
    {.name = NULL},
};

static const struct setting hand_settings[] = {
    {.name = "notice_file", .type = SETTING_FILE, .required = true},
    {.name = NULL},
};

static const struct setting no_settings[] = {{.name = NULL}};

static const struct collection users = {.name = "users"};

static const struct vendor shop = {.type = "shop",
				   .settings = shop_settings,
				   .base_url = "https://shop.example",
				   .users = &users};
static const struct vendor hand = {.type = "hand", .settings = hand_settings};
static const struct vendor paper = {.type = "paper", .settings = no_settings};
static const struct vendor homeless = {.type = "homeless",
				       .settings = no_settings,
				       .users = &users};

const struct vendor *const vendors[] = {&shop, &hand, &paper, &homeless, NULL};

const struct vendor *vendors_find(const char *type)
{
	for (size_t i = 0; vendors[i]; i++) {
		if (strcmp(vendors[i]->type, type) == 0)
			return vendors[i];
	}
	return NULL;
}

#endif
