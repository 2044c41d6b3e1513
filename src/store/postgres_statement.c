/* Statements with values and rows on a PostgreSQL server: both in its binary form, numbers of 8 bytes. */
#include <assert.h>
#include <endian.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "store/postgres_db.h"

#define PLACES 64
#define PENDING_MOST 256          /* statements sent without reading what became of them */
#define PENDING_BYTES (1u << 20)

/* Types, by the numbers that every server gives them (pg_type.dat). */
enum { TYPE_UNKNOWN = 0, TYPE_BYTEA = 17, TYPE_INT8 = 20, TYPE_TEXT = 25, TYPE_FLOAT8 = 701 };

struct place {
    Oid type;
    const void *bytes;   /* NULL: no value */
    int length;
    uint64_t number;     /* of a number, as sent */
    char *own;           /* a text made good */
};

struct kept {
    PGresult **rows;
    size_t count, capacity, next;
};

struct postgres_statement {
    struct statement base;
    struct postgres *postgres;
    char *sql;
    char name[16];
    unsigned generation;   /* of the connection that knows it by name; 0: none */
    unsigned uses;
    int places;
    struct place place[PLACES];
    bool active;           /* its rows are being read, from the wire or from what was kept */
    PGresult *row;
    struct kept kept;
};

static struct postgres_statement *own(struct statement *statement)
{
    return (struct postgres_statement *)statement;
}

/* ---- values ---- */

/* `?` and `?3` as `$1` and `$3`. No text of ours has a question mark in quotes. */
static char *own_places(const char *sql, int *places)
{
    struct buffer out = BUFFER_INIT;
    *places = 0;
    for (; *sql; sql++) {
        if (*sql != '?') {
            buffer_append(&out, sql, 1);
            continue;
        }
        char *end;
        long number = strtol(sql + 1, &end, 10);
        if (end == sql + 1)
            number = *places + 1;
        if (number > *places)
            *places = (int)number;
        buffer_printf(&out, "$%ld", number);
        sql = end - 1;
    }
    char *text = memory_text(buffer_text(&out));
    buffer_release(&out);
    return text;
}

struct statement *postgres_prepare(struct database *db, const char *sql, struct error *error)
{
    (void)error; /* it is read when it is first used */
    struct postgres_statement *statement = memory_new(sizeof *statement);
    statement->base.ops = &postgres_ops;
    statement->postgres = postgres_of(db);
    statement->sql = own_places(sql, &statement->places);
    assert(statement->places <= PLACES);
    return &statement->base;
}

static struct place *place_of(struct statement *statement, int place, Oid type)
{
    struct place *value = &own(statement)->place[place - 1];
    free(value->own);
    *value = (struct place){.type = type};
    return value;
}

static void bind_number(struct statement *statement, int place, Oid type, uint64_t bits)
{
    struct place *value = place_of(statement, place, type);
    value->number = htobe64(bits);
    value->bytes = &value->number;
    value->length = 8;
}

void postgres_bind_integer(struct statement *statement, int place, int64_t number)
{
    bind_number(statement, place, TYPE_INT8, (uint64_t)number);
}

void postgres_bind_real(struct statement *statement, int place, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    bind_number(statement, place, TYPE_FLOAT8, bits);
}

void postgres_bind_null(struct statement *statement, int place)
{
    place_of(statement, place, TYPE_UNKNOWN);
}

void postgres_bind_text(struct statement *statement, int place, const char *text)
{
    struct place *value = place_of(statement, place, TYPE_TEXT);
    struct buffer good = BUFFER_INIT;
    if (sql_text_repair(&good, text)) {
        text = value->own = memory_text(buffer_text(&good));
        atomic_fetch_add(&own(statement)->postgres->server->cleaned, 1);
    }
    buffer_release(&good);
    value->bytes = text;
    value->length = (int)strlen(text);
}

void postgres_bind_blob(struct statement *statement, int place, const void *bytes, size_t length)
{
    struct place *value = place_of(statement, place, TYPE_BYTEA);
    value->bytes = bytes ? bytes : "";
    value->length = (int)length;
}

/* ---- sending ---- */

static bool send_named(struct postgres_statement *statement, const char *const *values, const int *lengths,
                       const int *formats, const Oid *types)
{
    struct postgres *postgres = statement->postgres;
    if (statement->generation != postgres->generation) {
        snprintf(statement->name, sizeof statement->name, "s%u", ++postgres->names);
        if (!PQsendPrepare(postgres->link, statement->name, statement->sql, statement->places, types))
            return false;
        statement->generation = postgres->generation;
        postgres->pending++;
    }
    return PQsendQueryPrepared(postgres->link, statement->name, statement->places, values, lengths, formats, 1);
}

/* Used a second time it gets a name, so that the server reads it once. */
static bool send_statement(struct postgres_statement *statement, struct error *error)
{
    struct postgres *postgres = statement->postgres;
    const char *values[PLACES];
    int lengths[PLACES], formats[PLACES];
    Oid types[PLACES];
    if (postgres->reading)
        postgres_keep_rows(postgres);
    if (!postgres->in_transaction) {
        postgres->failure.code = ERROR_NONE;
        postgres_look(postgres);
        if (!postgres->link && !postgres_connect(postgres, error))
            return false;
    }
    if (!postgres_usable(postgres, error))
        return false;
    for (int i = 0; i < statement->places; i++) {
        values[i] = statement->place[i].bytes;
        lengths[i] = statement->place[i].length;
        formats[i] = 1;
        types[i] = statement->place[i].type;
        postgres->pending_bytes += (size_t)lengths[i];
    }
    bool sent = statement->uses++ == 0
                    ? PQsendQueryParams(postgres->link, statement->sql, statement->places, types, values, lengths, formats, 1)
                    : send_named(statement, values, lengths, formats, types);
    if (!sent) {
        postgres_fail(postgres, NULL, &postgres->failure);
        postgres_disconnect(postgres);
        return postgres_usable(postgres, error);
    }
    postgres->pending++;
    return true;
}

/* ---- rows ---- */

static void forget_row(struct postgres_statement *statement)
{
    PQclear(statement->row);
    statement->row = NULL;
}

/* The next row off the wire; NULL at the end, after which the pipeline is empty, or when something failed. */
static PGresult *next_row(struct postgres *postgres)
{
    bool lost = false;
    PGresult *result;
    while ((result = postgres_result(postgres, &lost)) != NULL) {
        if (PQresultStatus(result) == PGRES_SINGLE_TUPLE)
            return result;
        if (PQresultStatus(result) == PGRES_FATAL_ERROR && postgres->failure.code == ERROR_NONE)
            postgres_fail(postgres, result, &postgres->failure);
        PQclear(result);
        if (!postgres->link)
            break;
    }
    postgres->reading = NULL;
    if (!lost && postgres->link)
        PQclear(postgres_result(postgres, &lost)); /* of the sync */
    if (lost && postgres->failure.code == ERROR_NONE)
        postgres_fail(postgres, NULL, &postgres->failure);
    if (lost)
        postgres_disconnect(postgres);
    return NULL;
}

void postgres_keep_rows(struct postgres *postgres)
{
    struct postgres_statement *statement = postgres->reading;
    struct kept *kept = &statement->kept;
    PGresult *row;
    while (postgres->reading && (row = next_row(postgres)) != NULL) {
        ARRAY_RESERVE(kept->rows, kept->capacity, kept->count + 1);
        kept->rows[kept->count++] = row;
    }
}

/* Everything sent before is settled first, as the results come in that order. */
static bool ask(struct postgres_statement *statement, struct error *error)
{
    struct postgres *postgres = statement->postgres;
    if (!send_statement(statement, error))
        return false;
    unsigned before = postgres->pending - 1;
    bool going = PQpipelineSync(postgres->link) == 1, lost = false;
    for (; going && before > 0; before--) {
        PGresult *result;
        while ((result = postgres_result(postgres, &lost)) != NULL) {
            if (PQresultStatus(result) == PGRES_FATAL_ERROR && postgres->failure.code == ERROR_NONE)
                postgres_fail(postgres, result, &postgres->failure);
            PQclear(result);
            if (!postgres->link)
                return postgres_usable(postgres, error);
        }
        going = !lost;
    }
    if (!going) {
        if (postgres->failure.code == ERROR_NONE)
            postgres_fail(postgres, NULL, &postgres->failure);
        postgres_disconnect(postgres);
        return postgres_usable(postgres, error);
    }
    postgres->pending = 0;
    postgres->pending_bytes = 0;
    PQsetSingleRowMode(postgres->link);
    postgres->reading = statement;
    statement->active = true;
    return true;
}

void postgres_reset(struct statement *base)
{
    struct postgres_statement *statement = own(base);
    PGresult *row;
    forget_row(statement);
    while (statement->postgres->reading == statement && (row = next_row(statement->postgres)) != NULL)
        PQclear(row);
    for (; statement->kept.next < statement->kept.count; statement->kept.next++)
        PQclear(statement->kept.rows[statement->kept.next]);
    statement->kept.next = statement->kept.count = 0;
    statement->active = false;
    for (int i = 0; i < statement->places; i++) {
        free(statement->place[i].own);
        statement->place[i] = (struct place){0};
    }
}

bool postgres_step(struct database *db, struct statement *base, bool *row, struct error *error)
{
    struct postgres_statement *statement = own(base);
    struct postgres *postgres = postgres_of(db);
    forget_row(statement);
    *row = false;
    if (statement->active || ask(statement, error)) {
        if (statement->kept.next < statement->kept.count)
            statement->row = statement->kept.rows[statement->kept.next++];
        else if (postgres->reading == statement)
            statement->row = next_row(postgres);
        *row = statement->row != NULL;
    }
    if (*row)
        return true;
    bool done = postgres_usable(postgres, error);
    postgres_reset(base);
    return done;
}

bool postgres_finish(struct database *db, struct statement *base, struct error *error)
{
    struct postgres *postgres = postgres_of(db);
    bool done = send_statement(own(base), error);
    if (done && (!postgres->in_transaction || postgres->pending >= PENDING_MOST || postgres->pending_bytes >= PENDING_BYTES))
        done = postgres_settle(postgres, error);
    postgres_reset(base);
    return done;
}

void postgres_free(struct statement *base)
{
    struct postgres_statement *statement = own(base);
    postgres_reset(base);
    if (statement->generation != 0 && statement->generation == statement->postgres->generation && statement->postgres->link)
        buffer_append(&statement->postgres->garbage, statement->name, strlen(statement->name) + 1);
    free(statement->kept.rows);
    free(statement->sql);
    free(statement);
}

/* ---- columns ---- */

bool postgres_is_null(struct statement *statement, int column)
{
    return PQgetisnull(own(statement)->row, 0, column) != 0;
}

static uint64_t column_bits(struct statement *statement, int column)
{
    const unsigned char *bytes = (const unsigned char *)PQgetvalue(own(statement)->row, 0, column);
    uint64_t bits = 0;
    for (int i = 0, length = PQgetlength(own(statement)->row, 0, column); i < length && i < 8; i++)
        bits = i == 0 && length < 8 && (bytes[0] & 0x80) ? UINT64_MAX << 8 | bytes[0] : bits << 8 | bytes[i];
    return bits;
}

int64_t postgres_integer(struct statement *statement, int column)
{
    return (int64_t)column_bits(statement, column);
}

double postgres_real(struct statement *statement, int column)
{
    uint64_t bits = column_bits(statement, column);
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

const void *postgres_blob(struct statement *statement, int column)
{
    return postgres_is_null(statement, column) ? NULL : PQgetvalue(own(statement)->row, 0, column);
}

const char *postgres_text(struct statement *statement, int column)
{
    return postgres_blob(statement, column);
}

size_t postgres_bytes(struct statement *statement, int column)
{
    return (size_t)PQgetlength(own(statement)->row, 0, column);
}
