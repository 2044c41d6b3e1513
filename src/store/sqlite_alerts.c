/* Alerts and their timelines in SQLite: rows by the order of store.h's lists, so that no column is named twice. */
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "store/sqlite_internal.h"

enum { A_ROW, A_REMOVE, A_REMOVE_EVENTS, A_EVENT };

#define X(member) +1
enum { NUMBERS = 0 STORE_ALERT_NUMBERS(X), TEXTS = 0 STORE_ALERT_TEXTS(X), COLUMNS = NUMBERS + 2 + TEXTS };
#undef X

/* "number, fingerprint, ...": the columns, each with `before` in front. */
static void columns(struct buffer *out, const char *before)
{
#define X(member) buffer_printf(out, "%s%s" #member, out->length ? ", " : "", before);
    STORE_ALERT_NUMBERS(X)
    X(value)
    X(threshold)
    STORE_ALERT_TEXTS(X)
#undef X
}

/* All but what never changes: an index whose columns are not named is not touched. */
static void assignments(struct buffer *out)
{
#define X(member)                                                                              \
    if (strcmp(#member, "number") != 0 && strcmp(#member, "fingerprint") != 0)                 \
        buffer_printf(out, "%s" #member "=excluded." #member, out->length ? ", " : "");
    STORE_ALERT_NUMBERS(X)
    X(value)
    X(threshold)
    STORE_ALERT_TEXTS(X)
#undef X
}

bool alerts_prepare(struct records *records, sqlite3_stmt **s, struct error *error)
{
    struct buffer names = BUFFER_INIT, values = BUFFER_INIT, changes = BUFFER_INIT;
    columns(&names, "");
    assignments(&changes);
    for (int i = 0; i < COLUMNS; i++)
        buffer_append_text(&values, i ? ", ?" : "?");
    struct database *db = &records->db;
    bool done = database_prepare(db, &s[A_ROW], error,
                                 "INSERT INTO alert (%s) VALUES (%s) ON CONFLICT (number) DO UPDATE SET %s", buffer_text(&names),
                                 buffer_text(&values), buffer_text(&changes)) &&
                database_prepare(db, &s[A_REMOVE], error, "DELETE FROM alert WHERE number=?") &&
                database_prepare(db, &s[A_REMOVE_EVENTS], error, "DELETE FROM alert_event WHERE alert=?") &&
                database_prepare(db, &s[A_EVENT], error,
                                 "INSERT INTO alert_event (alert, time, actor, verb, text, state) VALUES (?, ?, ?, ?, ?, ?)");
    buffer_release(&names);
    buffer_release(&values);
    buffer_release(&changes);
    return done;
}

static void bind_real(sqlite3_stmt *statement, int place, double value)
{
    if (isnan(value))
        sqlite3_bind_null(statement, place);
    else
        sqlite3_bind_double(statement, place, value);
}

static bool write_row(struct records *records, sqlite3_stmt *statement, const struct store_alert *row, struct error *error)
{
    int place = 1;
#define X(member) sqlite3_bind_int64(statement, place++, row->member);
    STORE_ALERT_NUMBERS(X)
#undef X
    bind_real(statement, place++, row->value);
    bind_real(statement, place++, row->threshold);
#define X(member) sqlite3_bind_text(statement, place++, row->member, -1, SQLITE_STATIC);
    STORE_ALERT_TEXTS(X)
#undef X
    return database_finish(&records->db, statement, error);
}

static bool write_event(struct records *records, sqlite3_stmt *statement, const struct store_alert_event *event,
                        struct error *error)
{
    sqlite3_bind_int64(statement, 1, event->alert);
    sqlite3_bind_int64(statement, 2, event->time);
    sqlite3_bind_text(statement, 3, event->actor, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 4, event->verb, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 5, event->text, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 6, event->state);
    return database_finish(&records->db, statement, error);
}

static bool remove_row(struct records *records, sqlite3_stmt *const *s, int64_t number, struct error *error)
{
    sqlite3_bind_int64(s[A_REMOVE], 1, number);
    sqlite3_bind_int64(s[A_REMOVE_EVENTS], 1, number);
    return database_finish(&records->db, s[A_REMOVE], error) && database_finish(&records->db, s[A_REMOVE_EVENTS], error);
}

bool alerts_write(struct records *records, sqlite3_stmt *const *s, const struct store_action *action, struct error *error)
{
    bool done = true;
    for (size_t i = 0; done && i < action->alert_count; i++) {
        const struct store_alert_write *write = &action->alerts[i];
        done = write->removed ? remove_row(records, s, write->row.number, error)
                              : write_row(records, s[A_ROW], &write->row, error);
    }
    for (size_t i = 0; done && i < action->event_count; i++)
        done = write_event(records, s[A_EVENT], &action->events[i].event, error);
    return done;
}

/* A thousand at a time, so that no action waits for long. */
bool alerts_forget(struct records *records, msec before, struct error *error)
{
    static const char old[] = "SELECT number FROM alert WHERE closed_at>0 AND closed_at<%lld ORDER BY closed_at LIMIT 1000";
    char select[160];
    sqlite3_snprintf(sizeof select, select, old, (long long)before);
    return database_run(&records->db, error, "DELETE FROM alert_event WHERE alert IN (%s)", select) &&
           database_run(&records->db, error, "DELETE FROM alert WHERE number IN (%s)", select);
}

/* ---- reading ---- */

static double column_real(sqlite3_stmt *statement, int place)
{
    return sqlite3_column_type(statement, place) == SQLITE_NULL ? NAN : sqlite3_column_double(statement, place);
}

static const char *column_text(sqlite3_stmt *statement, int place)
{
    const char *text = (const char *)sqlite3_column_text(statement, place);
    return text ? text : "";
}

static void read_row(sqlite3_stmt *statement, struct store_alert *row)
{
    int place = 0;
#define X(member) row->member = sqlite3_column_int64(statement, place++);
    STORE_ALERT_NUMBERS(X)
#undef X
    row->value = column_real(statement, place++);
    row->threshold = column_real(statement, place++);
#define X(member) row->member = column_text(statement, place++);
    STORE_ALERT_TEXTS(X)
#undef X
}

/* alert, time, actor, verb, text, state from `first` on; an event of no alert where there is none. */
static void read_event(sqlite3_stmt *statement, int first, struct store_alert_event *event)
{
    *event = (struct store_alert_event){
        .alert = sqlite3_column_int64(statement, first), .time = sqlite3_column_int64(statement, first + 1),
        .actor = column_text(statement, first + 2), .verb = column_text(statement, first + 3),
        .text = column_text(statement, first + 4), .state = sqlite3_column_int64(statement, first + 5)};
}

bool alerts_load_rows(struct store_reader *reader, const struct store_load_ops *ops, void *owner, struct error *error)
{
    struct buffer names = BUFFER_INIT;
    sqlite3_stmt *statement = NULL;
    bool row = false;
    columns(&names, "");
    bool done = database_prepare(&reader->records, &statement, error,
                                 "SELECT %s FROM alert WHERE closed_at=? OR closed_at>=? ORDER BY number", buffer_text(&names));
    if (done) {
        sqlite3_bind_int64(statement, 1, CLOCK_NEVER);
        sqlite3_bind_int64(statement, 2, ops->alerts_since);
    }
    while (done && (done = database_step(&reader->records, statement, &row, error)) && row) {
        struct store_alert alert;
        read_row(statement, &alert);
        ops->alert(owner, &alert);
    }
    sqlite3_finalize(statement);
    buffer_release(&names);
    return done;
}

bool sqlite_alert_events(struct store_reader *reader, int64_t number, store_event_visit *visit, void *owner,
                         struct error *error)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    bool done = database_prepare(&reader->records, &statement, error,
                                 "SELECT alert, time, actor, verb, text, state FROM alert_event WHERE alert=? "
                                 "ORDER BY time, id");
    if (done)
        sqlite3_bind_int64(statement, 1, number);
    while (done && (done = database_step(&reader->records, statement, &row, error)) && row) {
        struct store_alert_event event;
        read_event(statement, 0, &event);
        if (!visit(owner, &event))
            break;
    }
    sqlite3_finalize(statement);
    return done;
}

static bool visit_rows(struct store_reader *reader, sqlite3_stmt *statement, bool with_event, store_alert_visit *visit,
                       void *owner, struct error *error)
{
    bool row = false, done;
    while ((done = database_step(&reader->records, statement, &row, error)) && row) {
        struct store_alert alert;
        struct store_alert_event event;
        read_row(statement, &alert);
        if (with_event)
            read_event(statement, COLUMNS, &event);
        if (!visit(owner, &alert, with_event ? &event : NULL))
            break;
    }
    return done;
}

bool sqlite_alert_row(struct store_reader *reader, int64_t number, store_alert_visit *visit, void *owner, struct error *error)
{
    struct buffer names = BUFFER_INIT;
    sqlite3_stmt *statement = NULL;
    columns(&names, "");
    bool done = database_prepare(&reader->records, &statement, error, "SELECT %s FROM alert WHERE number=?", buffer_text(&names));
    if (done) {
        sqlite3_bind_int64(statement, 1, number);
        done = visit_rows(reader, statement, false, visit, owner, error);
    }
    sqlite3_finalize(statement);
    buffer_release(&names);
    return done;
}

bool sqlite_alerts_like(struct store_reader *reader, int64_t fingerprint, msec since, unsigned limit,
                        store_alert_visit *visit, void *owner, struct error *error)
{
    struct buffer names = BUFFER_INIT;
    sqlite3_stmt *statement = NULL;
    columns(&names, "");
    bool done = database_prepare(&reader->records, &statement, error,
                                 "SELECT %s FROM alert WHERE fingerprint=? AND raised_at>=? ORDER BY number DESC LIMIT ?",
                                 buffer_text(&names));
    if (done) {
        sqlite3_bind_int64(statement, 1, fingerprint);
        sqlite3_bind_int64(statement, 2, since);
        sqlite3_bind_int64(statement, 3, limit);
        done = visit_rows(reader, statement, false, visit, owner, error);
    }
    sqlite3_finalize(statement);
    buffer_release(&names);
    return done;
}

#define OPEN_AT "(a.closed_at=?2 OR a.closed_at>?1) AND a.pending_since<=?1"

static bool people_at(struct store_reader *reader, msec at, store_event_visit *visit, void *owner, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    bool done = database_prepare(&reader->records, &statement, error,
                                 "SELECT e.alert, e.time, e.actor, e.verb, e.text, e.state FROM alert a JOIN alert_event e "
                                 "ON e.alert=a.number AND e.time<=?1 AND instr(e.actor, ':')>0 WHERE " OPEN_AT
                                 " ORDER BY a.number, e.time, e.id");
    if (done) {
        sqlite3_bind_int64(statement, 1, at);
        sqlite3_bind_int64(statement, 2, CLOCK_NEVER);
    }
    while (done && (done = database_step(&reader->records, statement, &row, error)) && row) {
        struct store_alert_event event;
        read_event(statement, 0, &event);
        if (!visit(owner, &event))
            break;
    }
    sqlite3_finalize(statement);
    return done;
}

bool sqlite_alerts_at(struct store_reader *reader, msec at, store_alert_visit *visit, store_event_visit *person, void *owner,
                      struct error *error)
{
    struct buffer names = BUFFER_INIT;
    sqlite3_stmt *statement = NULL;
    columns(&names, "a.");
    bool done = database_prepare(&reader->records, &statement, error,
                                 "SELECT %s, e.alert, e.time, e.actor, e.verb, e.text, e.state FROM alert a JOIN alert_event e "
                                 "ON e.id=(SELECT id FROM alert_event WHERE alert=a.number AND time<=?1 "
                                 "ORDER BY time DESC, id DESC LIMIT 1) "
                                 "WHERE " OPEN_AT " ORDER BY a.number",
                                 buffer_text(&names));
    if (done) {
        sqlite3_bind_int64(statement, 1, at);
        sqlite3_bind_int64(statement, 2, CLOCK_NEVER);
        done = visit_rows(reader, statement, true, visit, owner, error);
    }
    sqlite3_finalize(statement);
    buffer_release(&names);
    return done && people_at(reader, at, person, owner, error);
}
