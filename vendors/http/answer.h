/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.h - private to vendors/http: what libcurl says of a try, as a reply.
 */
#ifndef ROSTERFS_ANSWER_H
#define ROSTERFS_ANSWER_H

struct transfer;

/*
 * Fill in the reply of TRANSFER from its easy handle, whose try ended with CODE, a CURLcode: status
 * and headers, or an errno and words. Also sets whether the failure may pass (transient), whether
 * no connection was made (unreached), and how long the vendor asks to wait (told).
 */
void answer_read(struct transfer *transfer, int code);

#endif
