/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_body: what a request brings.
 *
 * None of these blocks.
 */
#ifndef SANDBOX_GENERIC_BODY_H
#define SANDBOX_GENERIC_BODY_H

#include "generic_parts.h"

/* The body as JSON, new, whether it is written so or as a form; NULL if it is neither. */
json_t *body_peek(const struct request *request);
/* Whether the body's media type is that one, whatever parameters follow. */
bool body_is(const struct request *request, const char *media);
/* The object that the request brings, new, still in its envelope. NULL with the reply set, or NULL
 * with ignored set where the vendor does as if nothing had been sent. */
json_t *body_take(struct visit *v, bool *ignored);
/* The object in the envelope, new. NULL as above. */
json_t *body_unwrap(struct visit *v, const json_t *body, bool *ignored);

#endif
