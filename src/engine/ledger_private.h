/* A ledger change between the reader (ledger.c) and the fleet that takes it (fleet_ledger.c). */
#ifndef ENGINE_LEDGER_PRIVATE_H
#define ENGINE_LEDGER_PRIVATE_H

#include "engine/ledger.h"

enum ledger_verdict { LEDGER_SAME, LEDGER_ADD, LEDGER_CHANGE };

struct ledger_row {
    const char *field[ASSET_FIELD_COUNT];
    const char *attributes;
    uint32_t line;
    uint16_t file;
    uint8_t verdict;
    uint8_t walk;            /* while loops of parents are looked for */
    uint32_t asset;          /* set when applied */
};

struct ledger_change {
    struct fleet *fleet;
    struct ledger_row *rows;
    size_t count, capacity;
    uint32_t *index;         /* id to row + 1, open addressing */
    uint32_t index_mask;
    char **texts;            /* what the rows' text lies in: one block a file, and single cleaned fields */
    size_t text_count, text_capacity;
    char **files;            /* names */
    size_t file_count, file_capacity;
    uint32_t *removed;       /* handles */
    size_t removed_count;
    struct buffer problems;
    uint32_t problem_lines;
    struct ledger_summary summary;
    bool closed;
};

/* A column's field by our names or by those of Chinese ledgers; a kind in our words where we know it in Chinese. */
bool ledger_column(const char *name, enum asset_field *field);
const char *ledger_kind(const char *text);

#endif
