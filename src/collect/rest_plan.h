/* What the configuration says of a `rest` source, and all that needs no network: what is put into a request, what an
 * answer says of the next page and of a login. Private to src/collect/rest*.c. */
#ifndef COLLECT_REST_PLAN_H
#define COLLECT_REST_PLAN_H

#include "base/buffer.h"
#include "base/config.h"
#include "base/transfer_way.h"
#include "collect/scan.h"

/* A JSON pointer that may be absent. */
struct rest_pointer {
    bool given;
    struct scan_pointer at;
};

/* A request whose url, body and headers have places to fill. */
struct rest_request {
    char *url, *body; /* body NULL: GET */
    char **headers;
    unsigned header_count;
    bool json;        /* the body is JSON, else a form */
};

struct rest_login {
    bool given;
    struct rest_request ask, refresh; /* refresh.url NULL: log in again */
    struct rest_pointer token, refresh_token, expires; /* expires: seconds from now */
    msec lifetime;                    /* 0: until it is refused */
};

struct rest_pages {
    bool given;
    unsigned first, size, limit;
    struct rest_pointer more, total, count, next; /* true; items in all; pages in all; cursor or url */
};

struct rest_plan {
    struct rest_request ask;
    struct rest_login login;
    struct rest_pages pages;
    struct rest_pointer items;        /* of the format: to count what a page holds */
    char *select;                     /* NULL: one question for all */
    char *user, *password, *token, *token_header;
    struct transfer_way way;
    msec interval, timeout, history, overlap;
    struct secrets secrets;
    bool token_hidden; /* the last of the secrets is a login's token */
};

extern const struct config_key rest_keys[];
void rest_validate(const struct config_node *node, struct config_problems *problems);
/* From a checked mapping. What was set is to be released after a failure, too. */
bool rest_plan_load(struct rest_plan *plan, const struct config_node *node, struct error *error);
void rest_plan_release(struct rest_plan *plan);

/* What the places stand for: {page} {offset} {size} {cursor} {since} {now} {id} {address} {user} {password} {token} {refresh};
 * {since_s}, {since_iso} and so for {now} are other forms of a time. */
struct rest_values {
    unsigned page, offset, size;
    const char *cursor, *id, *address, *token, *refresh; /* NULL: "" */
    msec since, now;
};
enum rest_escape { REST_PLAIN, REST_URL, REST_JSON };
/* Appends `text` with its places filled; braces that name none stay, as JSON has many. */
void rest_fill(const struct rest_plan *plan, const struct rest_values *values, const char *text, enum rest_escape escape,
               struct buffer *out);

/* What an answer says of the next page. */
enum rest_next { REST_DONE, REST_NEXT, REST_WRONG };
struct rest_position {
    unsigned page;      /* in the platform's counting */
    unsigned taken;     /* pages of this list so far */
    unsigned offset;
    char *cursor;       /* NULL: none */
    char *url;          /* of the next page, where the answer gives one; NULL: the plan's */
    uint64_t seen;      /* hash of the last page */
};
void rest_position_begin(struct rest_position *position, const struct rest_plan *plan);
void rest_position_release(struct rest_position *position);
/* `asked` is the url that gave this answer: the next one must be of the same host. WRONG with what is. */
enum rest_next rest_position_advance(struct rest_position *position, const struct rest_plan *plan, struct scan *scan,
                                     const char *asked, const char *body, size_t length, struct error *error);

/* A login's answer: the token, perhaps a refresh token and when it ends (steady; 0: not said). */
struct rest_session {
    char *token, *refresh;
    msec ends;
};
bool rest_session_read(struct rest_session *session, struct rest_plan *plan, const char *body, size_t length, msec now,
                       struct error *error);
void rest_session_release(struct rest_session *session);

#endif
