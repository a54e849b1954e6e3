/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_places.h - the directories of an Elastic Path store besides its members.
 */
#ifndef ROSTERFS_EP_PLACES_H
#define ROSTERFS_EP_PLACES_H

#include "vendors/vendor.h"

/* As vendor->places. */
extern const struct place ep_places[];

#endif
