/*
 * check.h - rosterfs --check: do the config and each vendor's credentials work?
 */
#ifndef ROSTERFS_CHECK_H
#define ROSTERFS_CHECK_H

#include <stdio.h>

struct config;

/*
 * Ask each vendor of CONFIG (accounts with their lanes) who we are and for its first users; write a
 * line about each to OUT. Waits for the vendors. Returns the number of vendors that did not answer
 * as they should.
 */
unsigned check_run(const struct config *config, FILE *out);

#endif
