/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rosterfs-sandbox: the vendors' user APIs on loopback, for tests and the demo.
 *
 * It shares no code with rosterfs on purpose: what both would get wrong in the same way, no test
 * could find. This file is the list of what happens at start and stop.
 *
 * It must not know what a request looks like.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "changes.h"
#include "tests/sandbox/generic/generic.h"
#include "options.h"
#include "server.h"

static bool follow_parent(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
		perror("rosterfs-sandbox: prctl");
	/* A parent that ended before the call above sends no signal any more. */
	return getppid() == parent;
}

static void raise_file_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Serves until a signal comes; the exit status. */
static int serve_until_signal(const struct options *options, const struct server_parts *parts,
			      const sigset_t *ends)
{
	struct server *server = server_start(parts, options->port);
	if (!server)
		return 1;
	unsigned port = server_port(server);
	int status = 0;
	if (options->write_config && !options_write_config(options, port)) {
		status = 1;
	} else {
		int signal_number = 0;
		printf("http://127.0.0.1:%u\n", port);
		fflush(stdout);
		sigwait(ends, &signal_number);
	}
	server_stop(server);
	return status;
}

/* The generic vendors; false with one line on stderr. */
static bool add_plays(const struct options *options, struct server_parts *parts)
{
	for (unsigned i = 0; i < options->plays; i++) {
		const struct generic_options play = {.name = options->play[i].name,
						     .file = options->play[i].file,
						     .settings = parts->settings};
		if (!generic_start(&play, &parts->vendor[parts->vendors]))
			return false;
		parts->vendors++;
	}
	return true;
}

int main(int argc, char **argv)
{
	pid_t parent = getppid();
	struct options options;
	if (!options_read(&options, argc, argv))
		return 2;
	if (options.help) {
		options_help();
		return 0;
	}
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (options.die_with_parent && !follow_parent(parent))
		return 1;
	raise_file_limit();

	struct server_parts parts = {
	    .settings = settings_new(&options.settings),
	    .journal = journal_new(),
	    .faults = faults_new(),
	    .gate = gate_new(),
	    .later = later_new(),
	    .limiter = limiter_new(),
	};
	options.partnerize.settings = parts.settings;
	options.elasticpath.settings = parts.settings;
	if (options.with_partnerize)
		parts.vendor[parts.vendors++] = partnerize_start(&options.partnerize);
	if (options.with_elasticpath)
		parts.vendor[parts.vendors++] = elasticpath_start(&options.elasticpath);

	bool ready = add_plays(&options, &parts);

	int status = ready ? serve_until_signal(&options, &parts, &ends) : 2;

	later_free(parts.later);
	for (unsigned i = 0; i < parts.vendors; i++)
		parts.vendor[i].vendor->free(parts.vendor[i].self);
	gate_free(parts.gate);
	limiter_free(parts.limiter);
	faults_free(parts.faults);
	journal_free(parts.journal);
	settings_free(parts.settings);
	changes_free();
	return status;
}
