/* What the formats share while they decode: private to the format files. */
#ifndef COLLECT_DECODE_H
#define COLLECT_DECODE_H

#include "collect/format.h"
#include "collect/scan.h"
#include "collect/topic.h"

/* A setting that is either a fixed text or a JSON pointer. */
struct field {
    char *text; /* NULL: not set */
    bool is_pointer;
    struct scan_pointer pointer;
};

struct words {
    char **items;
    unsigned count;
};

#define DECODE_BATCH 256      /* values handed over at once; longer samples go in several messages */
#define DECODE_NAMES 16384    /* bytes for the joined names of a batch */
#define DECODE_NAME_MAX 256   /* bytes of one metric name */

enum time_unit { TIME_UNIT_AUTO, TIME_UNIT_S, TIME_UNIT_MS, TIME_UNIT_US, TIME_UNIT_NS };

struct format_ops;

struct format {
    const struct format_ops *ops;
    struct topic_template *topics;
    unsigned topic_count;
    struct format *status; /* for status_topic; NULL without */
    struct field items, time, values, metric, asset, gateway, state;
    struct topic_template client;
    enum time_unit unit;
    unsigned depth;
    bool gb18030;
    struct words up, down;

    /* Scratch, kept from payload to payload. */
    struct scan scan;
    struct buffer converted, asset_text, gateway_text, metric_text;
    struct decoded_value batch[DECODE_BATCH];
    char names[DECODE_NAMES];
    size_t names_used;
};

/* One payload on its way. */
struct decoding {
    struct format *format;
    const struct format_input *input;
    const struct decode_sink *sink;
    struct topic_captures captures;
    struct decoded message;  /* the sample being built */
    unsigned taken, refused; /* of this sample's values */
    unsigned words;          /* values that are text or null: it spoke, though not in numbers */
    uint32_t skip[4];        /* tokens of the sample that are no values: its time, its ids */
    unsigned skip_count;
};

struct format_ops {
    const char *name;                  /* as in `format:` */
    const char *help;
    const char *const *topics;         /* default templates, NULL-terminated; NULL: `topic:` is needed */
    const char *const *uses;           /* keys it reads besides format, topic, status_topic and encoding */
    bool needs_asset;                  /* the topic or `asset:` must say whose the payload is */
    bool asked;                        /* answers of a `rest` source can be this */
    void (*decode)(struct decoding *decoding);
};

void decode_bad(struct decoding *decoding, const char *sample, size_t length, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Read the payload as JSON into format->scan: trailing NULs and a byte order mark dropped, GB18030 converted where
 * configured, UTF-8 checked. False after decode_bad. */
bool decode_scan(struct decoding *decoding);
/* Time of a token by the format's unit; CLOCK_NEVER for null. False when it is no time. */
bool decode_time(const struct format *format, uint32_t token, msec *time);
/* A text or number token as text: into the payload, or into `room` when it has escapes. */
bool decode_id(const struct format *format, uint32_t token, struct buffer *room, const char **text, size_t *length);

/* A sample: begin names what the values belong to, then values, then end (which says so when there was none). */
void sample_begin(struct decoding *decoding, uint32_t token);
void sample_value(struct decoding *decoding, const char *name, size_t length, uint32_t token);
/* Every number in an object or list, names joined by dots below `prefix` (may be empty). */
void sample_values(struct decoding *decoding, const char *prefix, size_t prefix_length, uint32_t token);
void sample_end(struct decoding *decoding);

#endif
