#include "store/action.h"

#include <endian.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct store_action *store_action_new(struct store *store, const char *actor, const char *verb, const char *target,
                                      const char *detail)
{
    struct store_action *action = memory_new(sizeof *action);
    action->store = store;
    action->actor = memory_text(actor ? actor : "");
    action->verb = memory_text(verb ? verb : "");
    action->target = memory_text(target ? target : "");
    action->detail = memory_text(detail ? detail : "");
    action->idempotency = memory_text("");
    return action;
}

void store_action_free(struct store_action **action_pointer)
{
    struct store_action *action = *action_pointer;
    if (!action)
        return;
    *action_pointer = NULL;
    for (size_t i = 0; i < action->asset_count; i++)
        free(action->assets[i].text);
    for (size_t i = 0; i < action->record_count; i++) {
        free(action->records[i].kind);
        free(action->records[i].id);
        free(action->records[i].body);
    }
    for (size_t i = 0; i < action->alert_count; i++)
        free(action->alerts[i].text);
    for (size_t i = 0; i < action->event_count; i++)
        free(action->events[i].text);
    for (size_t i = 0; i < action->node_count; i++)
        free(action->nodes[i].text);
    free(action->alerts);
    free(action->events);
    free(action->nodes);
    free(action->assets);
    free(action->records);
    free(action->actor);
    free(action->verb);
    free(action->target);
    free(action->detail);
    free(action->idempotency);
    free(action);
}

/* One block for all texts of a row: a ledger of a million assets would otherwise be twenty million small ones. */
static void asset_copy(struct store_asset_write *write, const struct asset *asset)
{
    size_t size = 1;
    const char *attributes = asset->attributes ? asset->attributes : "";
    for (int i = 0; i < ASSET_FIELD_COUNT; i++)
        size += strlen(asset->field[i] ? asset->field[i] : "") + 1;
    size += strlen(attributes) + 1;
    char *at = write->text = memory_new(size);
    for (int i = 0; i < ASSET_FIELD_COUNT; i++) {
        const char *text = asset->field[i] ? asset->field[i] : "";
        write->asset.field[i] = at;
        at = stpcpy(at, text) + 1;
    }
    write->asset.attributes = at;
    stpcpy(at, attributes);
    write->asset.discovered = asset->discovered;
    write->asset.revision = asset->revision;
}

static struct store_asset_write *asset_write_add(struct store_action *action, uint32_t key)
{
    ARRAY_RESERVE(action->assets, action->asset_capacity, action->asset_count + 1);
    struct store_asset_write *write = &action->assets[action->asset_count++];
    *write = (struct store_asset_write){.key = key};
    return write;
}

void store_action_asset(struct store_action *action, uint32_t key, const struct asset *asset)
{
    asset_copy(asset_write_add(action, key), asset);
}

void store_action_asset_remove(struct store_action *action, uint32_t key)
{
    static const struct asset empty;
    struct store_asset_write *write = asset_write_add(action, key);
    asset_copy(write, &empty);
    write->removed = true;
}

void store_action_record(struct store_action *action, const char *kind, const char *id, int64_t expected,
                         const char *body)
{
    ARRAY_RESERVE(action->records, action->record_capacity, action->record_count + 1);
    action->records[action->record_count++] = (struct store_record_write){
        .kind = memory_text(kind), .id = memory_text(id), .body = memory_text(body), .expected = expected};
}

char *store_alert_copy(struct store_alert *to, const struct store_alert *from)
{
    size_t size = 0;
#define X(member) size += strlen(from->member) + 1;
    STORE_ALERT_TEXTS(X)
#undef X
    char *block = memory_resize(NULL, size, 1), *at = block;
    *to = *from;
#define X(member)              \
    to->member = at;           \
    at = stpcpy(at, from->member) + 1;
    STORE_ALERT_TEXTS(X)
#undef X
    return block;
}

char *store_event_copy(struct store_alert_event *to, const struct store_alert_event *from)
{
    size_t size = strlen(from->actor) + strlen(from->verb) + strlen(from->text) + 3;
    char *block = memory_resize(NULL, size, 1), *at = block;
    *to = *from;
    to->actor = at;
    at = stpcpy(at, from->actor) + 1;
    to->verb = at;
    at = stpcpy(at, from->verb) + 1;
    to->text = at;
    stpcpy(at, from->text);
    return block;
}

char *store_node_copy(struct store_node *to, const struct store_node *from)
{
    size_t id = strlen(from->id) + 1, size = id + strlen(from->evidence) + 1;
    char *block = memory_resize(NULL, size, 1);
    *to = *from;
    to->id = strcpy(block, from->id);
    to->evidence = strcpy(block + id, from->evidence);
    return block;
}

void store_action_node(struct store_action *action, const struct store_node *node)
{
    ARRAY_RESERVE(action->nodes, action->node_capacity, action->node_count + 1);
    struct store_node_write *write = &action->nodes[action->node_count++];
    write->text = store_node_copy(&write->node, node);
}

void store_action_alert(struct store_action *action, const struct store_alert *alert)
{
    ARRAY_RESERVE(action->alerts, action->alert_capacity, action->alert_count + 1);
    struct store_alert_write *write = &action->alerts[action->alert_count++];
    write->removed = false;
    write->text = store_alert_copy(&write->row, alert);
}

void store_action_alert_remove(struct store_action *action, int64_t number)
{
    ARRAY_RESERVE(action->alerts, action->alert_capacity, action->alert_count + 1);
    action->alerts[action->alert_count++] = (struct store_alert_write){.removed = true, .row.number = number};
}

void store_action_alert_event(struct store_action *action, const struct store_alert_event *event)
{
    ARRAY_RESERVE(action->events, action->event_capacity, action->event_count + 1);
    struct store_event_write *write = &action->events[action->event_count++];
    write->text = store_event_copy(&write->event, event);
}

void store_action_quiet(struct store_action *action)
{
    action->quiet = true;
}

void store_action_idempotency(struct store_action *action, const char *key)
{
    free(action->idempotency);
    action->idempotency = memory_text(key ? key : "");
}

static void hash_text(crypto_hash_sha256_state *state, const char *text)
{
    uint32_t length = (uint32_t)strlen(text), stored = htole32(length);
    crypto_hash_sha256_update(state, (const unsigned char *)&stored, sizeof stored);
    crypto_hash_sha256_update(state, (const unsigned char *)text, length);
}

void audit_hash(unsigned char hash[AUDIT_HASH_BYTES], const unsigned char previous[AUDIT_HASH_BYTES],
                const struct store_audit *row)
{
    crypto_hash_sha256_state state;
    uint64_t numbers[2] = {htole64((uint64_t)row->sequence), htole64((uint64_t)row->time)};
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, previous, AUDIT_HASH_BYTES);
    crypto_hash_sha256_update(&state, (const unsigned char *)numbers, sizeof numbers);
    hash_text(&state, row->actor);
    hash_text(&state, row->verb);
    hash_text(&state, row->target);
    hash_text(&state, row->detail);
    crypto_hash_sha256_final(&state, hash);
}

void audit_hash_hex(char hex[AUDIT_HASH_HEX], const unsigned char hash[AUDIT_HASH_BYTES])
{
    sodium_bin2hex(hex, AUDIT_HASH_HEX, hash, AUDIT_HASH_BYTES);
}
