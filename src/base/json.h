/* Writing JSON straight into a buffer: no document tree, commas by itself, text escaped and made valid UTF-8.
 * Reading is json-c's, message by message; the few shared helpers for it stand at the end. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <json-c/json.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"

struct json_writer {
    struct buffer *out;
    bool need_comma;
};

void json_start(struct json_writer *writer, struct buffer *out);
void json_append_inside(struct buffer *out, const char *bytes, size_t length); /* what stands between a text's quotes */
/* A NULL key inside arrays. */
void json_write_object(struct json_writer *writer, const char *key);
void json_write_object_end(struct json_writer *writer);
void json_write_array(struct json_writer *writer, const char *key);
void json_write_array_end(struct json_writer *writer);
void json_write_text(struct json_writer *writer, const char *key, const char *text); /* NULL text writes null */
void json_write_texts(struct json_writer *writer, const char *key, const char *const *texts, size_t count); /* a list */
void json_write_text_n(struct json_writer *writer, const char *key, const char *bytes, size_t length);
void json_write_number(struct json_writer *writer, const char *key, double number);  /* NaN and infinity write null */
void json_write_integer(struct json_writer *writer, const char *key, int64_t number);
void json_write_bool(struct json_writer *writer, const char *key, bool value);
void json_write_null(struct json_writer *writer, const char *key);
void json_write_instant(struct json_writer *writer, const char *key, msec instant);  /* RFC 3339; null for never */
void json_write_raw(struct json_writer *writer, const char *key, const char *json, size_t length);

/* Parse a whole text. NULL with an error that names line and column. `depth` limits nesting (0: 32). The caller
 * puts the object (json_object_put). */
struct json_object *json_parse(const char *bytes, size_t length, int depth, struct error *error);
/* Members by name with a default where absent or null or of another type. Text points into the object. */
const char *json_get_text(struct json_object *object, const char *key, const char *absent);
double json_get_number(struct json_object *object, const char *key, double absent);
int64_t json_get_integer(struct json_object *object, const char *key, int64_t absent);
bool json_get_bool(struct json_object *object, const char *key, bool absent);
struct json_object *json_get(struct json_object *object, const char *key); /* NULL where absent */
msec json_get_instant(struct json_object *object, const char *key);        /* CLOCK_NEVER where absent or bad */
/* RFC 6901 pointer ("/values/temp"); "" is the whole. NULL where nothing is there. */
struct json_object *json_at(struct json_object *object, const char *pointer);

#endif
