/* Alerts and their timelines in SQL: rows by the order of store.h's lists, so that no column is named twice. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "store/sql_internal.h"

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

bool alerts_prepare(struct records *records, struct statement **s, struct error *error)
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

static void bind_real(struct statement *statement, int place, double value)
{
    if (isnan(value))
        statement_bind_null(statement, place);
    else
        statement_bind_real(statement, place, value);
}

static bool write_row(struct records *records, struct statement *statement, const struct store_alert *row, struct error *error)
{
    int place = 1;
#define X(member) statement_bind_integer(statement, place++, row->member);
    STORE_ALERT_NUMBERS(X)
#undef X
    bind_real(statement, place++, row->value);
    bind_real(statement, place++, row->threshold);
#define X(member) statement_bind_text(statement, place++, row->member);
    STORE_ALERT_TEXTS(X)
#undef X
    return database_finish(&records->db, statement, error);
}

static bool write_event(struct records *records, struct statement *statement, const struct store_alert_event *event,
                        struct error *error)
{
    statement_bind_integer(statement, 1, event->alert);
    statement_bind_integer(statement, 2, event->time);
    statement_bind_text(statement, 3, event->actor);
    statement_bind_text(statement, 4, event->verb);
    statement_bind_text(statement, 5, event->text);
    statement_bind_integer(statement, 6, event->state);
    return database_finish(&records->db, statement, error);
}

static bool remove_row(struct records *records, struct statement *const *s, int64_t number, struct error *error)
{
    statement_bind_integer(s[A_REMOVE], 1, number);
    statement_bind_integer(s[A_REMOVE_EVENTS], 1, number);
    return database_finish(&records->db, s[A_REMOVE], error) && database_finish(&records->db, s[A_REMOVE_EVENTS], error);
}

bool alerts_write_rows(struct records *records, struct statement *const *s, const struct store_action *action,
                       struct error *error)
{
    bool done = true;
    for (size_t i = 0; done && i < action->alert_count; i++) {
        const struct store_alert_write *write = &action->alerts[i];
        done = write->removed ? remove_row(records, s, write->row.number, error)
                              : write_row(records, s[A_ROW], &write->row, error);
    }
    return done;
}

bool alerts_write(struct records *records, struct statement *const *s, const struct store_action *action, struct error *error)
{
    bool done = alerts_write_rows(records, s, action, error);
    for (size_t i = 0; done && i < action->event_count; i++)
        done = write_event(records, s[A_EVENT], &action->events[i].event, error);
    return done;
}

/* A thousand at a time, so that no action waits for long. */
bool alerts_forget(struct records *records, msec before, struct error *error)
{
    static const char old[] = "SELECT number FROM alert WHERE closed_at>0 AND closed_at<%lld ORDER BY closed_at LIMIT 1000";
    char select[160];
    snprintf(select, sizeof select, old, (long long)before);
    return database_run(&records->db, error, "DELETE FROM alert_event WHERE alert IN (%s)", select) &&
           database_run(&records->db, error, "DELETE FROM alert WHERE number IN (%s)", select);
}

/* ---- reading ---- */

static double column_real(struct statement *statement, int place)
{
    return statement_is_null(statement, place) ? NAN : statement_real(statement, place);
}

static const char *column_text(struct statement *statement, int place)
{
    const char *text = statement_text(statement, place);
    return text ? text : "";
}

static void read_row(struct statement *statement, struct store_alert *row)
{
    int place = 0;
#define X(member) row->member = statement_integer(statement, place++);
    STORE_ALERT_NUMBERS(X)
#undef X
    row->value = column_real(statement, place++);
    row->threshold = column_real(statement, place++);
#define X(member) row->member = column_text(statement, place++);
    STORE_ALERT_TEXTS(X)
#undef X
}

/* alert, time, actor, verb, text, state from `first` on; an event of no alert where there is none. */
static void read_event(struct statement *statement, int first, struct store_alert_event *event)
{
    *event = (struct store_alert_event){
        .alert = statement_integer(statement, first), .time = statement_integer(statement, first + 1),
        .actor = column_text(statement, first + 2), .verb = column_text(statement, first + 3),
        .text = column_text(statement, first + 4), .state = statement_integer(statement, first + 5)};
}

bool alerts_load_rows(struct store_reader *reader, const struct store_load_ops *ops, void *owner, struct error *error)
{
    struct buffer names = BUFFER_INIT;
    struct statement *statement = NULL;
    bool row = false;
    columns(&names, "");
    bool done = database_prepare(&reader->records, &statement, error,
                                 "SELECT %s FROM alert WHERE closed_at=? OR closed_at>=? ORDER BY number", buffer_text(&names));
    if (done) {
        statement_bind_integer(statement, 1, CLOCK_NEVER);
        statement_bind_integer(statement, 2, ops->alerts_since);
    }
    while (done && (done = database_step(&reader->records, statement, &row, error)) && row) {
        struct store_alert alert;
        read_row(statement, &alert);
        ops->alert(owner, &alert);
    }
    statement_free(&statement);
    buffer_release(&names);
    return done;
}

static bool visit_events(struct store_reader *reader, struct statement *statement, store_event_visit *visit, void *owner,
                         struct error *error)
{
    bool row = false, done;
    while ((done = database_step(&reader->records, statement, &row, error)) && row) {
        struct store_alert_event event;
        read_event(statement, 0, &event);
        if (!visit(owner, &event))
            break;
    }
    return done;
}

bool sql_alert_events(struct store_reader *reader, int64_t number, store_event_visit *visit, void *owner, struct error *error)
{
    struct statement *statement = NULL;
    bool done = database_prepare(&reader->records, &statement, error,
                                 "SELECT alert, time, actor, verb, text, state FROM alert_event WHERE alert=? "
                                 "ORDER BY time, id");
    if (done) {
        statement_bind_integer(statement, 1, number);
        done = visit_events(reader, statement, visit, owner, error);
    }
    statement_free(&statement);
    return done;
}

static bool visit_rows(struct store_reader *reader, struct statement *statement, bool with_event, store_alert_visit *visit,
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

bool sql_alert_row(struct store_reader *reader, int64_t number, store_alert_visit *visit, void *owner, struct error *error)
{
    struct buffer names = BUFFER_INIT;
    struct statement *statement = NULL;
    columns(&names, "");
    bool done = database_prepare(&reader->records, &statement, error, "SELECT %s FROM alert WHERE number=?", buffer_text(&names));
    if (done) {
        statement_bind_integer(statement, 1, number);
        done = visit_rows(reader, statement, false, visit, owner, error);
    }
    statement_free(&statement);
    buffer_release(&names);
    return done;
}

bool sql_alerts_like(struct store_reader *reader, int64_t fingerprint, msec since, unsigned limit, store_alert_visit *visit,
                     void *owner, struct error *error)
{
    struct buffer names = BUFFER_INIT;
    struct statement *statement = NULL;
    columns(&names, "");
    bool done = database_prepare(&reader->records, &statement, error,
                                 "SELECT %s FROM alert WHERE fingerprint=? AND raised_at>=? ORDER BY number DESC LIMIT ?",
                                 buffer_text(&names));
    if (done) {
        statement_bind_integer(statement, 1, fingerprint);
        statement_bind_integer(statement, 2, since);
        statement_bind_integer(statement, 3, limit);
        done = visit_rows(reader, statement, false, visit, owner, error);
    }
    statement_free(&statement);
    buffer_release(&names);
    return done;
}

bool sql_alerts_raised(struct store_reader *reader, msec from, msec to, int64_t after, unsigned limit, store_alert_visit *visit,
                       void *owner, struct error *error)
{
    struct buffer names = BUFFER_INIT;
    struct statement *statement = NULL;
    columns(&names, "");
    bool done = database_prepare(&reader->records, &statement, error,
                                 "SELECT %s FROM alert WHERE number>? AND raised_at>=? AND raised_at<? ORDER BY number LIMIT ?",
                                 buffer_text(&names));
    if (done) {
        statement_bind_integer(statement, 1, after);
        statement_bind_integer(statement, 2, from);
        statement_bind_integer(statement, 3, to);
        statement_bind_integer(statement, 4, limit);
        done = visit_rows(reader, statement, false, visit, owner, error);
    }
    statement_free(&statement);
    buffer_release(&names);
    return done;
}

#define OPEN_AT "(a.closed_at=?2 OR a.closed_at>?1) AND a.pending_since<=?1"

static bool people_at(struct store_reader *reader, msec at, store_event_visit *visit, void *owner, struct error *error)
{
    struct statement *statement = NULL;
    bool done = database_prepare(&reader->records, &statement, error,
                                 "SELECT e.alert, e.time, e.actor, e.verb, e.text, e.state FROM alert a JOIN alert_event e "
                                 "ON e.alert=a.number AND e.time<=?1 AND e.actor LIKE '%%:%%' WHERE " OPEN_AT
                                 " ORDER BY a.number, e.time, e.id");
    if (done) {
        statement_bind_integer(statement, 1, at);
        statement_bind_integer(statement, 2, CLOCK_NEVER);
        done = visit_events(reader, statement, visit, owner, error);
    }
    statement_free(&statement);
    return done;
}

bool sql_alerts_at(struct store_reader *reader, msec at, store_alert_visit *visit, store_event_visit *person, void *owner,
                   struct error *error)
{
    struct buffer names = BUFFER_INIT;
    struct statement *statement = NULL;
    columns(&names, "a.");
    bool done = database_prepare(&reader->records, &statement, error,
                                 "SELECT %s, e.alert, e.time, e.actor, e.verb, e.text, e.state FROM alert a JOIN alert_event e "
                                 "ON e.id=(SELECT id FROM alert_event WHERE alert=a.number AND time<=?1 "
                                 "ORDER BY time DESC, id DESC LIMIT 1) "
                                 "WHERE " OPEN_AT " ORDER BY a.number",
                                 buffer_text(&names));
    if (done) {
        statement_bind_integer(statement, 1, at);
        statement_bind_integer(statement, 2, CLOCK_NEVER);
        done = visit_rows(reader, statement, true, visit, owner, error);
    }
    statement_free(&statement);
    buffer_release(&names);
    return done && people_at(reader, at, person, owner, error);
}
