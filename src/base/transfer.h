/* libcurl on a libuv loop: transfers run side by side, nothing blocks. The caller sets up each easy handle (URL,
 * options, write callback) and keeps owning it; a finished transfer calls `done` from the loop, after which the handle
 * may be reused or cleaned up. */
#ifndef BASE_TRANSFER_H
#define BASE_TRANSFER_H

#include <curl/curl.h>
#include <uv.h>

struct transfers;
typedef void transfer_done(void *owner, CURL *easy, CURLcode result);

struct transfers *transfers_new(uv_loop_t *loop, long connections_kept);
/* Transfers still running end without their callback; handles close on later turns of the loop. */
void transfers_free(struct transfers **transfers);
void transfer_start(struct transfers *transfers, CURL *easy, transfer_done *done, void *owner);
void transfer_cancel(struct transfers *transfers, CURL *easy); /* its callback is not called */

#endif
