/* The tables made as time goes by: a day's readings, a month's hours and states, a year's days. `part` lists them, so
 * that nobody has to ask the schema. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/sql_internal.h"

static const struct part_form {
    const char *name;
    const char *create; /* the table's number twice */
    int digits;         /* of YYYYMMDD that its number keeps */
} forms[PART_KINDS] = {
    [PART_READINGS] = {"readings",
                       "CREATE TABLE readings_%1$d (asset INTEGER NOT NULL, metric INTEGER NOT NULL, start INTEGER NOT "
                       "NULL, data BLOB NOT NULL, PRIMARY KEY (asset, metric, start)) WITHOUT ROWID", 8},
    [PART_HOURS] = {"hours",
                    "CREATE TABLE hours_%1$d (day INTEGER NOT NULL, asset INTEGER NOT NULL, metric INTEGER NOT NULL, "
                    "data BLOB NOT NULL, PRIMARY KEY (day, asset, metric)) WITHOUT ROWID", 6},
    [PART_DAYS] = {"days",
                   "CREATE TABLE days_%1$d (day INTEGER NOT NULL, asset INTEGER NOT NULL, metric INTEGER NOT NULL, "
                   "data BLOB NOT NULL, PRIMARY KEY (day, asset, metric)) WITHOUT ROWID", 4},
    [PART_STATES] = {"states",
                     "CREATE TABLE states_%1$d (since INTEGER NOT NULL, asset INTEGER NOT NULL, health INTEGER NOT NULL, "
                     "reason INTEGER NOT NULL, link INTEGER NOT NULL, comm INTEGER NOT NULL, "
                     "PRIMARY KEY (since, asset)) WITHOUT ROWID;"
                     "CREATE INDEX states_%1$d_asset ON states_%1$d (asset, since)", 6},
    [PART_KEPT] = {"kept",
                   "CREATE TABLE kept_%1$d (asset INTEGER NOT NULL, list INTEGER NOT NULL, time INTEGER NOT NULL, "
                   "whole INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (asset, list, time)) WITHOUT ROWID", 8},
};

const char *part_name(enum part_kind kind)
{
    return forms[kind].name;
}

/* Gregorian date of a day since 1970 and back, by counting from 1 March so that the leap day comes last (the method of
 * H. Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
static int date_of(int64_t day)
{
    int64_t from_march = day + 719468;
    int64_t era = (from_march >= 0 ? from_march : from_march - 146096) / 146097;
    int64_t of_era = from_march - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * of_year + 2) / 153;
    int64_t of_month = of_year - (153 * month + 2) / 5 + 1;
    month = month < 10 ? month + 3 : month - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2);
    return (int)(year * 10000 + month * 100 + of_month);
}

static int64_t day_of(int date)
{
    int64_t year = date / 10000, month = date / 100 % 100, of_month = date % 100;
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + of_month - 1;
    int64_t year_of_era = year - era * 400;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719468;
}

int part_number(enum part_kind kind, int64_t day)
{
    int date = date_of(day);
    return forms[kind].digits == 8 ? date : forms[kind].digits == 6 ? date / 100 : date / 10000;
}

int64_t part_first_day(enum part_kind kind, int number)
{
    return day_of(forms[kind].digits == 8 ? number : forms[kind].digits == 6 ? number * 100 + 1 : number * 10000 + 101);
}

void parts_init(struct parts *parts)
{
    memset(parts, 0, sizeof *parts);
    uv_mutex_init(&parts->lock);
}

void parts_release(struct parts *parts)
{
    free(parts->rows);
    uv_mutex_destroy(&parts->lock);
}

static size_t place_of(const struct parts *parts, enum part_kind kind, int number)
{
    size_t at = 0;
    while (at < parts->count && (parts->rows[at].kind < kind ||
                                 (parts->rows[at].kind == kind && parts->rows[at].number < number)))
        at++;
    return at;
}

static void insert(struct parts *parts, enum part_kind kind, int number, bool closed)
{
    size_t at = place_of(parts, kind, number);
    ARRAY_RESERVE(parts->rows, parts->capacity, parts->count + 1);
    memmove(parts->rows + at + 1, parts->rows + at, (parts->count - at) * sizeof *parts->rows);
    parts->rows[at] = (struct part){.kind = kind, .number = number, .closed = closed};
    parts->count++;
}

static struct part *lookup(const struct parts *parts, enum part_kind kind, int number)
{
    size_t at = place_of(parts, kind, number);
    bool there = at < parts->count && parts->rows[at].kind == kind && parts->rows[at].number == number;
    return there ? &parts->rows[at] : NULL;
}

/* A reader's connection does not see a table before its transaction is committed. */
static bool visible(const struct parts *parts, const struct part *part)
{
    uv_thread_t own = uv_thread_self();
    return !part->fresh || uv_thread_equal(&own, &parts->writer);
}

static void forget(struct parts *parts, enum part_kind kind, int number)
{
    uv_mutex_lock(&parts->lock);
    struct part *part = lookup(parts, kind, number);
    if (part) {
        size_t at = (size_t)(part - parts->rows);
        memmove(part, part + 1, (parts->count - at - 1) * sizeof *part);
        parts->count--;
    }
    uv_mutex_unlock(&parts->lock);
}

bool parts_load(struct parts *parts, struct database *db, struct error *error)
{
    struct statement *statement = NULL;
    bool row = false, done;
    if (!database_prepare(db, &statement, error, "SELECT kind, number, closed FROM part"))
        return false;
    uv_mutex_lock(&parts->lock);
    parts->count = 0;
    while ((done = database_step(db, statement, &row, error)) && row) {
        const char *name = statement_text(statement, 0);
        for (enum part_kind kind = 0; kind < PART_KINDS; kind++) {
            if (strcmp(forms[kind].name, name) == 0)
                insert(parts, kind, statement_integer(statement, 1), statement_integer(statement, 2) != 0);
        }
    }
    uv_mutex_unlock(&parts->lock);
    statement_free(&statement);
    return done;
}

bool parts_find(struct parts *parts, enum part_kind kind, int number, struct part *found)
{
    uv_mutex_lock(&parts->lock);
    const struct part *part = lookup(parts, kind, number);
    bool there = part != NULL && visible(parts, part);
    if (there && found)
        *found = *part;
    uv_mutex_unlock(&parts->lock);
    return there;
}

struct part *parts_list(struct parts *parts, enum part_kind kind, int first, int last, size_t *count)
{
    uv_mutex_lock(&parts->lock);
    struct part *list = memory_new_array(parts->count + 1, sizeof *list);
    *count = 0;
    for (size_t at = place_of(parts, kind, first);
         at < parts->count && parts->rows[at].kind == kind && parts->rows[at].number <= last; at++)
        if (visible(parts, &parts->rows[at]))
            list[(*count)++] = parts->rows[at];
    uv_mutex_unlock(&parts->lock);
    return list;
}

bool parts_ensure(struct parts *parts, struct database *db, enum part_kind kind, int number, struct error *error)
{
    if (parts_find(parts, kind, number, NULL))
        return true;
    char *create = memory_printf(forms[kind].create, number);
    bool done = database_run(db, error, "%s", create) &&
                database_run(db, error, "INSERT INTO part VALUES ('%s', %d, 0)", forms[kind].name, number);
    free(create);
    if (!done)
        return false;
    uv_mutex_lock(&parts->lock);
    insert(parts, kind, number, false);
    lookup(parts, kind, number)->fresh = true;
    parts->writer = uv_thread_self();
    parts->any_fresh = true;
    uv_mutex_unlock(&parts->lock);
    return true;
}

bool parts_commit(struct parts *parts, struct database *db, struct error *error)
{
    if (!database_commit(db, error))
        return false;
    uv_mutex_lock(&parts->lock);
    for (size_t at = 0; parts->any_fresh && at < parts->count; at++)
        parts->rows[at].fresh = false;
    parts->any_fresh = false;
    uv_mutex_unlock(&parts->lock);
    return true;
}

bool parts_close(struct parts *parts, struct database *db, int number, struct error *error)
{
    if (!database_run(db, error, "UPDATE part SET closed=1 WHERE kind='readings' AND number=%d", number))
        return false;
    uv_mutex_lock(&parts->lock);
    struct part *part = lookup(parts, PART_READINGS, number);
    if (part)
        part->closed = true;
    uv_mutex_unlock(&parts->lock);
    return true;
}

bool parts_drop(struct parts *parts, struct database *db, enum part_kind kind, int number, struct error *error)
{
    if (!database_run(db, error, "DROP TABLE IF EXISTS %1$s_%2$d; DELETE FROM part WHERE kind='%1$s' AND number=%2$d",
                      forms[kind].name, number))
        return false;
    forget(parts, kind, number);
    return true;
}

bool parts_set_aside(struct parts *parts, struct database *db, enum part_kind kind, int number, struct error *error)
{
    if (!database_run(db, error, "DROP INDEX IF EXISTS %1$s_%2$d_asset; ALTER TABLE %1$s_%2$d RENAME TO "
                      "damaged_%1$s_%2$d_%3$lld; DELETE FROM part WHERE kind='%1$s' AND number=%2$d",
                      forms[kind].name, number, (long long)(clock_wall() / 1000)))
        return false;
    forget(parts, kind, number);
    return true;
}
