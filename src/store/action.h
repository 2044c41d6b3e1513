/* An action being put together: what a person changed, as the engines write it. Private to the store. */
#ifndef STORE_ACTION_H
#define STORE_ACTION_H

#include "store/store.h"

struct store_asset_write {
    uint32_t key;
    bool removed;       /* then `asset` is empty */
    struct asset asset; /* its texts live in `text` */
    char *text;
};

struct store_record_write {
    char *kind, *id;
    char *body; /* NULL: remove */
    int64_t expected;
};

struct store_alert_write {
    bool removed;       /* then only the number counts */
    struct store_alert row;
    char *text;         /* its texts */
};

struct store_event_write {
    struct store_alert_event event;
    char *text;
};

struct store_node_write {
    struct store_node node;
    char *text;
};

struct store_action {
    struct store_action *next;
    struct store *store;
    char *actor, *verb, *target, *detail;
    char *idempotency; /* "" for none */
    msec time;         /* when it was committed by its caller, for the audit */
    struct store_asset_write *assets;
    size_t asset_count, asset_capacity;
    struct store_record_write *records;
    size_t record_count, record_capacity;
    struct store_alert_write *alerts;
    size_t alert_count, alert_capacity;
    struct store_event_write *events;
    size_t event_count, event_capacity;
    struct store_node_write *nodes;
    size_t node_count, node_capacity;
    bool quiet;         /* no audit entry */
    bool repeated;      /* its key was known: it is answered as the first time, and nothing was written */
    store_done *done;
    void *owner;
    struct error error; /* set by the engine; ERROR_NONE: committed */
};


/* Copies whose texts lie in one block, which the caller frees. */
char *store_alert_copy(struct store_alert *to, const struct store_alert *from);
char *store_event_copy(struct store_alert_event *to, const struct store_alert_event *from);
char *store_node_copy(struct store_node *to, const struct store_node *from);

#define AUDIT_HASH_BYTES 32
#define AUDIT_HASH_HEX (2 * AUDIT_HASH_BYTES + 1)
/* SHA-256 over the previous hash, sequence and time (8 bytes each, little-endian), then actor, verb, target and detail,
 * each after its length in 4 bytes. The first row's previous hash is all zero. */
void audit_hash(unsigned char hash[AUDIT_HASH_BYTES], const unsigned char previous[AUDIT_HASH_BYTES],
                const struct store_audit *row);
void audit_hash_hex(char hex[AUDIT_HASH_HEX], const unsigned char hash[AUDIT_HASH_BYTES]);

#endif
