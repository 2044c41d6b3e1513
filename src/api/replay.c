/* Idempotency-Key: a write sent again after a lost answer gets the first answer and does nothing. Kept in memory for a
 * day: a key belongs to who sent it, and to that very request. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "api/private.h"
#include "base/memory.h"

#define KEY_MAX 128
#define KEPT_MAX 2048
#define ANSWER_MAX ((size_t)64 * 1024)

struct replay {
    struct replay *next;
    char *key;                 /* "user:wang\nKEY" */
    unsigned char request[32]; /* BLAKE2b over method, path, parameters and body */
    msec made;                 /* steady */
    int status;                /* 0: under way */
    char *answer;
    size_t length;
    const char *content_type;
    int64_t etag;
};

struct replays {
    struct replay *newest;
    unsigned count;
};

struct replays *replays_new(void)
{
    return memory_new(sizeof(struct replays));
}

static void replay_free(struct replay *replay)
{
    free(replay->key);
    free(replay->answer);
    free(replay);
}

static void replay_remove(struct replays *replays, struct replay *gone)
{
    for (struct replay **link = &replays->newest; *link; link = &(*link)->next)
        if (*link == gone) {
            *link = gone->next;
            replays->count--;
            replay_free(gone);
            return;
        }
}

void replays_free(struct replays **replays)
{
    while (*replays && (*replays)->newest)
        replay_remove(*replays, (*replays)->newest);
    free(*replays);
    *replays = NULL;
}

/* The oldest answered ones go, so that the list is bounded; one under way stays until it is answered. */
static void forget_old(struct replays *replays)
{
    msec now = clock_steady();
    struct replay *oldest = NULL;
    for (struct replay *replay = replays->newest; replay; replay = replay->next)
        if (replay->status)
            oldest = replay;
    if (oldest && (replays->count > KEPT_MAX || now - oldest->made > SPAN_DAY))
        replay_remove(replays, oldest);
}

static void fingerprint(const struct request *request, unsigned char out[32])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, 32);
    const char *texts[] = {request->method, request->path};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        crypto_generichash_update(&state, (const unsigned char *)texts[i], strlen(texts[i]) + 1);
    for (unsigned i = 0; i < request->target.parameter_count; i++) {
        const struct target_parameter *parameter = &request->target.parameter[i];
        crypto_generichash_update(&state, (const unsigned char *)parameter->name, strlen(parameter->name) + 1);
        crypto_generichash_update(&state, (const unsigned char *)parameter->value, strlen(parameter->value) + 1);
    }
    if (request->body.length)
        crypto_generichash_update(&state, (const unsigned char *)request->body.data, request->body.length);
    crypto_generichash_final(&state, out, 32);
}

static void answer_again(struct request *request, const struct replay *replay)
{
    buffer_append(&request->answer, replay->answer, replay->length);
    request->content_type = replay->content_type;
    request->etag = replay->etag;
    request->replayed = true;
    request_finish(request, replay->status);
}

static void begin(struct request *request, const char *key, const unsigned char print[32])
{
    struct replays *replays = request->api->replays;
    struct replay *replay = memory_new(sizeof *replay);
    replay->key = memory_text(key);
    memcpy(replay->request, print, sizeof replay->request);
    replay->made = clock_steady();
    replay->next = replays->newest;
    replays->newest = replay;
    replays->count++;
    request->replay = replay;
    forget_old(replays);
}

bool replays_answer(struct request *request)
{
    const char *header = request_header(request, "Idempotency-Key");
    if (!header || strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0)
        return false;
    if (!*header || strlen(header) > KEY_MAX) {
        request_refuse(request, 400, ERROR_INVALID, "Idempotency-Key: expected 1 to %d bytes", KEY_MAX);
        return true;
    }
    unsigned char print[32];
    char *key = memory_printf("%s\n%s", request->who.name, header);
    fingerprint(request, print);
    struct replay *replay = request->api->replays->newest;
    while (replay && strcmp(replay->key, key) != 0)
        replay = replay->next;
    if (!replay)
        begin(request, key, print);
    else if (memcmp(replay->request, print, sizeof print) != 0)
        request_refuse(request, 409, ERROR_CONFLICT, "Idempotency-Key: this key came with another request before");
    else if (!replay->status)
        request_refuse(request, 409, ERROR_CONFLICT, "Idempotency-Key: the first one is still under way; ask again");
    else
        answer_again(request, replay);
    free(key);
    return replay != NULL;
}

void replays_keep(struct request *request)
{
    struct replay *replay = request->replay;
    request->replay = NULL;
    if (!replay)
        return;
    /* A refusal changed nothing and may be right the next time. */
    if (request->status >= 400 || request->secret || request->answer.length > ANSWER_MAX) {
        replay_remove(request->api->replays, replay);
        return;
    }
    replay->status = request->status;
    replay->length = request->answer.length;
    replay->answer = memory_new(replay->length + 1);
    if (replay->length)
        memcpy(replay->answer, request->answer.data, replay->length);
    replay->content_type = request->content_type;
    replay->etag = request->etag;
}

void replays_drop(struct request *request)
{
    if (request->replay)
        replay_remove(request->api->replays, request->replay);
    request->replay = NULL;
}
