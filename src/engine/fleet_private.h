/* What the fleet's files share. Nothing outside src/engine (and its tests) includes this.
 *
 * An asset's handle is its store key. Its record is split by heat: `live` is touched by every message and lies in
 * chunks that never move (timers point into them); `row` holds references to text. The sizes here are the daemon's
 * memory: 1.2 KiB an asset in all, see tests/bench/fleet_bench.c. */
#ifndef ENGINE_FLEET_PRIVATE_H
#define ENGINE_FLEET_PRIVATE_H

#include "base/intern.h"
#include "base/wheel.h"
#include "engine/fleet.h"

#define CHUNK_BITS 10
#define CHUNK_SIZE (1u << CHUNK_BITS)
#define FLEET_KEY_LIMIT (1u << 26)     /* a key above this is a damaged store, not a large site */
#define METRIC_LIMIT 60000u            /* fits value.metric */
#define VALUES_LIMIT 255u              /* metrics an asset may have */
#define RAW_LIMIT 1024u                /* bytes of a last message */
#define RAW_FAMILY 5u                  /* messages a parent keeps */
#define SOURCE_SLOTS 32u
#define SLOT_RESTORED (SOURCE_SLOTS - 1) /* verdicts brought back from the store, until a source speaks again */
#define TURN_LIMIT 64u                 /* timers between looks at the clock: each may be a gateway with all that hangs on it */
#define TURN_TIME ((uint64_t)8000000)  /* ns of a loop turn, so that who asks meanwhile is answered */
#define LISTENERS_MAX 16u
#define CHANGED_MAX 64u

/* Evidence of probes and checks, one bit a source slot; only assets that are probed have it. */
struct fleet_evidence {
    uint32_t link_up, link_down;
    uint32_t link_broker;      /* of link_down: said by a broker, so that later messages overrule it */
    uint32_t check_ok, check_warning, check_critical;
    msec link_down_at;         /* steady, newest "down" */
    char text[160];
};

struct fleet_raw {
    struct fleet_raw *next;    /* a ring, from old to new */
    msec received;
    uint32_t source;           /* in fleet->texts */
    uint16_t length, capacity;
    char bytes[];
};

enum {
    LIVE_EXISTS = 1,
    LIVE_RESERVED = 2,   /* in a ledger action that is being committed */
    LIVE_BLOCKED = 4,    /* its parent is down */
    LIVE_SPOKE = 8,      /* showed life of its own since it was blocked */
    LIVE_DOWN = 16,      /* what is below it is blocked */
    LIVE_DISCOVERED = 32,
    LIVE_UNSAVED = 64,   /* discovered, or changed by what was heard; the row is not in the store yet */
    LIVE_RETIRED = 128,  /* its ledger status takes it out of judgement */
};

struct fleet_live {
    struct wheel_timer timer;
    msec heard;                        /* steady; CLOCK_NEVER: never */
    msec grace;                        /* steady; silence is not judged before; 0: none */
    msec last_heard;                   /* wall; CLOCK_NEVER */
    msec since, link_since, comm_since;
    struct fleet_evidence *evidence;
    struct fleet_raw *raw;             /* the oldest of a ring of raw_count */
    uint32_t self, period;             /* ms */
    uint32_t parent, first_child, next_child;
    uint32_t family;                   /* in fleet->families; FLEET_NONE without children */
    uint32_t values;                   /* in fleet->values */
    uint8_t value_count, value_class;
    uint8_t health, reason, link, comm;
    uint8_t flags;
    uint8_t kind_is_gateway, raw_count;
    uint8_t alert_level;               /* HEALTH_OK, or what its worst active alert makes of it */
    uint8_t sheltered;                 /* others stand in for it: what is below it is not blocked when it is down */
};
_Static_assert(sizeof(struct fleet_live) <= 128, "two cache lines an asset");

struct fleet_row {
    uint32_t text[ASSET_FIELD_COUNT]; /* texts or arena, by field: see field_is_own */
    uint32_t attributes;              /* arena */
    uint32_t revision;
};

struct fleet_family {
    uint32_t children, below;
    uint32_t by_health[HEALTH_COUNT];
};

struct value_cell {
    msec time;
    double value;
    int32_t delay;      /* received - time, ms, saturated */
    uint16_t metric;
    uint8_t flag;
};

/* Text that few assets share, in chunks that never move; a reference is chunk * 65536 + offset. 0 is "". */
struct text_arena {
    char **chunks;
    size_t count, capacity;
    uint32_t used;      /* of the last chunk */
};

struct id_slot { uint32_t hash, handle; };

struct field_rank {     /* natural order of a field's values, for sorting */
    uint32_t *ranks;    /* by handle */
    uint64_t revision;  /* ledger revision it is of */
};

/* Which field a filter's term asks for, remembered between the assets it is asked of. */
struct field_memory {
    char name[40];
    int code;           /* 0: empty slot; else enum subject_field + 1 */
    uint32_t metric;    /* of metric.NAME */
};

struct query_cache;
struct board_cache;
struct past_cache;

struct fleet {
    uv_loop_t *loop;
    struct store *store;
    struct fleet_options options;

    struct fleet_live **live;
    struct fleet_row **rows;
    uint32_t count, chunk_count;
    uint32_t living, discovered;
    uint32_t by_health[HEALTH_COUNT];

    struct id_slot *ids;
    uint32_t id_mask, id_used;
    struct intern *texts;
    uint32_t last_text[ASSET_FIELD_COUNT]; /* what the row before had, by number in texts */
    uint32_t last_status;       /* in texts; and whether it takes an asset out of service */
    bool last_status_retired;
    struct text_arena arena;
    struct intern *places;      /* "site building floor room" as shown */
    char **folded_places;       /* by place number; folded; grown on demand */
    uint32_t folded_place_count;

    /* By handle, dense, for sweeps over everything. */
    uint32_t *place_of;         /* in places */
    uint32_t *word_start;       /* in words */
    uint32_t dense_capacity;
    char *words;                /* folded "id name\n" of every handle, in handle order */
    size_t words_length, words_capacity;
    bool words_dirty;
    uint32_t word_bytes[256];   /* how often each byte occurs, so that a search looks for the rarest */

    struct intern *metric_names;
    uint32_t *metric_of_name;   /* intern number to metric key */
    size_t metric_of_name_capacity;
    const char **metric_name;   /* metric key to name; NULL holes */
    size_t metric_capacity;
    uint32_t metric_count;

    struct value_cell *values;
    uint32_t values_used, values_capacity;
    uint32_t values_free[16];   /* heads of free runs by class; the first cell's `delay` links to the next */

    struct fleet_family *families;
    uint32_t family_count, family_capacity;

    struct wheel *wheel;
    uv_timer_t turn_timer, notice_timer, save_timer, settle_timer;
    unsigned open_handles;
    bool closing;
    msec turn_at;               /* steady: when turn_timer fires; CLOCK_NEVER */
    uint32_t *stack;            /* assets to judge again */
    size_t stack_count, stack_capacity;

    struct source *slots[SOURCE_SLOTS];
    uint64_t revision, ledger_revision;
    uint32_t changed[CHANGED_MAX], changed_count, changed_total;
    msec noticed;
    struct fleet_listener listeners[LISTENERS_MAX];
    unsigned listener_count;
    uint32_t *unsaved;
    size_t unsaved_count, unsaved_capacity;
    uint32_t discovered_refused;
    uint32_t lowest_free_key;   /* keys below it were used once, even where nothing is left of them */
    uint32_t actions_open;      /* store actions not yet answered */
    bool applying;              /* a ledger change is one of them */

    uint64_t messages, readings, duplicates, out_of_range_times, dropped;
    uint32_t rate_counts[11];
    msec rate_second;
    size_t raw_bytes;
    uint32_t raw_source;        /* in texts: of the newest message */
    struct buffer scratch;      /* words() of the subject that is asked */
    struct buffer text_scratch; /* text() of computed fields */
    struct buffer message_scratch;

    struct field_rank field_ranks[ASSET_FIELD_COUNT];
    uint32_t *text_ranks, *place_ranks; /* by number in texts, in places */
    uint32_t text_rank_count, place_rank_count;
    struct field_memory field_memory[16];
    struct intern *facet_values;
    struct query_cache *queries;
    struct board_cache *boards;
    struct past_cache *pasts;
};

static inline struct fleet_live *live_at(const struct fleet *fleet, uint32_t asset)
{
    return &fleet->live[asset >> CHUNK_BITS][asset & (CHUNK_SIZE - 1)];
}
static inline struct fleet_row *row_at(const struct fleet *fleet, uint32_t asset)
{
    return &fleet->rows[asset >> CHUNK_BITS][asset & (CHUNK_SIZE - 1)];
}
static inline bool live_exists(const struct fleet_live *live)
{
    return live->flags & LIVE_EXISTS;
}

/* ---- fleet_text.c ---- */
#define ARENA_CHUNK 65536u
const char *arena_at(const struct text_arena *arena, uint32_t reference);
uint32_t arena_put(struct text_arena *arena, const char *text, size_t length); /* shorter than half a chunk */
void arena_release(struct text_arena *arena);
/* Lay out an asset's folded words at the end of the sweepable run; `folded` is scratch. */
void words_append(struct fleet *fleet, uint32_t asset, struct buffer *folded);
void fleet_set_place(struct fleet *fleet, uint32_t asset); /* from site, building, floor and room */

/* ---- fleet.c: records and index; fleet_tree.c ---- */
static inline bool field_is_own(enum asset_field field)
{
    return field == ASSET_id || field == ASSET_name || field == ASSET_serial || field == ASSET_asset_tag ||
           field == ASSET_address;
}
const char *fleet_text(const struct fleet *fleet, uint32_t asset, enum asset_field field);
const char *fleet_attributes(const struct fleet *fleet, uint32_t asset);
const char *fleet_place_folded(struct fleet *fleet, uint32_t place);
/* The row as the ledger has it; text belongs to the fleet. */
void fleet_row_get(const struct fleet *fleet, uint32_t asset, struct asset *row);
uint32_t fleet_find_n(const struct fleet *fleet, const char *id, size_t length);
/* A record for a key, with its id in the index; flags and fields are the caller's to set. */
uint32_t fleet_reserve(struct fleet *fleet, uint32_t key, const char *id, size_t length);
uint32_t fleet_next_key(const struct fleet *fleet);
void fleet_index_remove(struct fleet *fleet, uint32_t asset);
/* Put a row in force: texts, place, period and counts. The tree is the caller's: fleet_relink or fleet_set_parent. */
void fleet_put(struct fleet *fleet, uint32_t asset, const struct asset *row);
/* Set one field's text. */
void fleet_set_text(struct fleet *fleet, uint32_t asset, enum asset_field field, const char *text);
void fleet_remove(struct fleet *fleet, uint32_t asset);
void fleet_set_parent(struct fleet *fleet, uint32_t asset, uint32_t parent);
/* After rows changed: parents by id, what lies below whom, families; judges everybody again. */
void fleet_relink(struct fleet *fleet);
void fleet_words_ready(struct fleet *fleet);
void fleet_release_when_done(struct fleet *fleet);
uint32_t fleet_metric(struct fleet *fleet, const char *name, size_t length, bool create);
void fleet_metric_put(struct fleet *fleet, uint32_t key, const char *name);

/* ---- fleet_values.c ---- */
/* The cell of a metric, made when `create`; NULL when absent or the asset has VALUES_LIMIT already. */
struct value_cell *fleet_value_cell(struct fleet *fleet, struct fleet_live *live, uint32_t metric, bool create);
void fleet_value_set(struct value_cell *cell, msec time, msec received, double value, enum reading_flag flag);
void fleet_values_drop(struct fleet *fleet, struct fleet_live *live);
void fleet_raw_keep(struct fleet *fleet, struct fleet_live *live, const char *source, msec received, const char *bytes,
                    size_t length);
void fleet_raw_drop(struct fleet *fleet, struct fleet_live *live);

/* ---- fleet_health.c ---- */
struct wheel *fleet_wheel_new(struct fleet *fleet);
/* Judge an asset (and what is below it when that matters) as of a steady instant. */
void fleet_judge(struct fleet *fleet, uint32_t asset, msec steady);
void fleet_heard(struct fleet *fleet, struct fleet_live *live, msec wall, msec steady);
void fleet_link_seen(struct fleet *fleet, struct fleet_live *live, unsigned slot, bool broker, enum link_state state,
                     const char *text, msec steady);
void fleet_check_seen(struct fleet *fleet, struct fleet_live *live, unsigned slot, enum health verdict, const char *text,
                      msec steady);
void fleet_slot_clear(struct fleet *fleet, unsigned slot);
/* Bring back a stored state as of start (see fleet_load). */
void fleet_restore(struct fleet *fleet, struct fleet_live *live, msec steady);
/* One turn: timers that are due; true when more wait. Called by the loop's timer, and by tests. */
bool fleet_turn(struct fleet *fleet);
void fleet_notice_flush(struct fleet *fleet);
void fleet_touch(struct fleet *fleet, uint32_t asset);      /* revision, listeners */
void fleet_ledger_touched(struct fleet *fleet);

/* ---- fleet_ledger.c ---- */
void fleet_save_later(struct fleet *fleet, uint32_t asset); /* an unsaved row: written with others in one action */
void fleet_save_now(struct fleet *fleet);
void fleet_write_next_key(struct fleet *fleet, struct store_action *action); /* with removals: keys never come back */

/* ---- fleet_query.c, fleet_sort.c, fleet_board.c, fleet_past.c ---- */

/* What can be asked of an asset, in filters, sorts and groups. Ledger fields have their own numbers below these. */
enum subject_field {
    SUBJECT_PLACE = ASSET_FIELD_COUNT, SUBJECT_HEALTH, SUBJECT_REASON, SUBJECT_LINK, SUBJECT_COMM, SUBJECT_SINCE,
    SUBJECT_LINK_SINCE, SUBJECT_COMM_SINCE, SUBJECT_LAST_HEARD, SUBJECT_AGE, SUBJECT_CHILDREN, SUBJECT_BELOW,
    SUBJECT_DISCOVERED, SUBJECT_EVIDENCE, SUBJECT_METRIC, SUBJECT_ATTRIBUTE,
};
enum subject_field subject_field_find(struct fleet *fleet, const char *name, uint32_t *metric);
bool subject_field_is_live(enum subject_field field);
/* Interned number of a text field's value, for grouping. */
const char *subject_text(const struct fleet_subject *subject, enum subject_field field, const char *name);
/* The live number of a field; false where absent. */
bool subject_number(const struct fleet_subject *subject, enum subject_field field, uint32_t metric, double *number);
struct store_state subject_state(const struct fleet_subject *subject);

void fleet_queries_free(struct fleet *fleet);
void fleet_boards_free(struct fleet *fleet);
void fleet_pasts_free(struct fleet *fleet);
/* Handles, ascending, of the assets whose folded id, name or place contains the (folded, non-empty) word; `assets`
 * has room for fleet->count. Returns how many. */
uint32_t fleet_search(struct fleet *fleet, const char *needle, uint32_t *assets);
/* Sort handles by "-health,building"; ties by id. False when a field is not known. `live` (may be NULL) says whether
 * the order depends on observations. */
bool fleet_sort(struct fleet *fleet, uint32_t *assets, uint32_t count, const char *sort, const struct fleet_past *past,
                bool *live, struct error *error);
struct sort_pair {
    uint64_t key;
    uint32_t asset;
};
/* Stable, by key; `to` has as much room. Returns which of the two holds the result. */
struct sort_pair *sort_radix(struct sort_pair *from, struct sort_pair *to, uint32_t count);
/* Natural order of an own-text field by handle, and of a pool's texts by number. */
const uint32_t *rank_field(struct fleet *fleet, enum asset_field field);
const uint32_t *rank_pool(const struct intern *pool, uint32_t **ranks, uint32_t *count);
void fleet_ranks_free(struct fleet *fleet);
size_t fleet_caches_memory(const struct fleet *fleet);
enum health fleet_health_then(const struct fleet *fleet, uint32_t asset, const struct fleet_past *past);
uint64_t fleet_past_serial(const struct fleet_past *past); /* 0 for NULL */
/* Assets that a filter over ledger fields selects; kept until the ledger changes. */
bool fleet_members(struct fleet *fleet, const char *filter, const uint32_t **assets, uint32_t *count,
                   struct error *error);

#endif
