/*
 * basis.c - see basis.h.
 *
 * What is left of a change's time between two requests. The lane decides who goes; this file only
 * tells it what a request rests on. It must not know what is read or written.
 */
#include "vendors/basis.h"

#include "vendors/call.h"

#include <string.h>

void basis_begin(struct basis *basis, int64_t end)
{
	memset(basis, 0, sizeof(*basis));
	basis->end = end;
}

void basis_release(struct call *call)
{
	(void)call;
}
