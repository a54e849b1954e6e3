/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help.c - see help.h. The completions of shells read the text: an option begins a line, and what
 * it means begins behind two blanks or on the next one.
 */
#include "mount/help.h"

const char *help_text(void)
{
	return "usage: rosterfs [options] CONFIG MOUNTPOINT\n"
	       "       rosterfs --init [CONFIG]\n"
	       "       rosterfs --check[=quick] [--json] CONFIG\n"
	       "       rosterfs --explain CONFIG PATH [WORD]\n"
	       "\n"
	       "Mounts the user lists of the vendors in CONFIG as a directory tree, and continues in\n"
	       "the background. To unmount: umount MOUNTPOINT, or fusermount3 -u MOUNTPOINT.\n"
	       "\n"
	       "  -f              stay in the foreground\n"
	       "  -d              print the log to stderr as well; implies -f\n"
	       "  -o OPT[,OPT...] mount options, see below\n"
	       "      --init      ask for what CONFIG needs, try it, and write it; default:\n"
	       "                  ~/.config/rosterfs/rosterfs.conf\n"
	       "      --check     mount nothing; check CONFIG, its secrets and, at each vendor with an API,\n"
	       "                  the keys and the whole list of users.\n"
	       "                  Prints lines \"VENDOR: WORDS\"; the last one about each vendor is\n"
	       "                  \"VENDOR: ok\", \"VENDOR: failed\" or \"VENDOR: kept by hand, ...\".\n"
	       "                  Exit status: 0: all is well; 1: a vendor cannot do what CONFIG\n"
	       "                  asks; 2: the command line or CONFIG is wrong\n"
	       "      --check=quick\n"
	       "                  the same with only one page of each list, so ok means less\n"
	       "      --json      with --check: print one JSON document for scripts\n"
	       "      --explain   mount nothing; print the requests that a write of WORD to PATH, such as\n"
	       "                  partnerize/123.status, would send, with secrets as ***. Without WORD\n"
	       "                  a document for PATH, such as partnerize/123.json, is read from\n"
	       "                  standard input. Only what reads is sent. Exit status: 0: it would\n"
	       "                  be sent, or there is nothing to change; 1: it would be refused;\n"
	       "                  2: the command line or CONFIG is wrong\n"
	       "  -h, --help      print this text\n"
	       "  -V, --version   print the version\n"
	       "\n"
	       "Mount options:\n"
	       "  ro              read-only: refuse all changes\n"
	       "  dry_run         check changes, but send none; the log says what would have been sent\n"
	       "  allow_other     let other users access the mount, as far as the modes permit; users other\n"
	       "                  than root need user_allow_other in /etc/fuse.conf\n"
	       "  uid=N, gid=N    owner and group of the files; default: the user who mounts\n"
	       "  clean_stale     unmount first what a rosterfs that was killed has left there\n"
	       "  nonempty        mount over a directory with files, which are hidden meanwhile\n"
	       "  umask=OCTAL     mode bits that the files do not have; default: access for the owner only\n"
	       "rosterfs(1) lists the options of mount(8) and mount.fuse3(8) that are accepted too.\n"
	       "\n"
	       "Errors: .rosterfs/log in the mount has each error in words.\n"
	       "See rosterfs.conf(5) for CONFIG.\n";
}
