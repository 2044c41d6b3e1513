/* POST /api/v1/ingest/readings: a body of readings, decoded as format `readings` and handed to a source's sink. The
 * body is one reading, a list, {"readings": [...]}, or one JSON text a line (NDJSON). */
#ifndef COLLECT_INGEST_H
#define COLLECT_INGEST_H

#include "collect/collector.h"

#define INGEST_REASONS 10

struct ingest_result {
    unsigned accepted;      /* readings handed over */
    unsigned rejected;      /* readings or items that were not */
    unsigned reason_count;
    struct ingest_reason {
        unsigned item;      /* from 0, in the body's order */
        char text[120];     /* clean */
    } reasons[INGEST_REASONS];
};

struct ingest;

/* The source is where it is counted, and whose sink gets it. */
struct ingest *ingest_new(struct source *source);
void ingest_free(struct ingest **ingest);
/* False when the body as a whole cannot be read (not JSON, not UTF-8): then nothing was handed over. Otherwise each item
 * stands for itself. */
bool ingest_decode(struct ingest *ingest, const char *body, size_t length, struct ingest_result *result,
                   struct error *error);

#endif
