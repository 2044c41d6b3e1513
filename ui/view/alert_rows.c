/* The rows of the queue: a window of it, and between them the symptoms of the one cause that is unfolded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "term/locale.h"
#include "view/alerts_private.h"
#include "view/parts.h"
#include "widget/letters.h"

static const struct wire_alert *row_at(const struct alerts *alerts, size_t index, bool *symptom)
{
    size_t extra = alerts->symptom_count;
    *symptom = false;
    if (extra && index > alerts->open_at) {
        if (index <= alerts->open_at + extra) {
            *symptom = true;
            return &alerts->symptoms[index - alerts->open_at - 1];
        }
        index -= extra;
    }
    return index >= alerts->page.offset && index < alerts->page.offset + alerts->row_count ? &alerts->rows[index - alerts->page.offset] : NULL;
}

bool alert_row_needs_hands(const struct wire_alert *alert)
{
    return alert->state == ALERT_UNACKNOWLEDGED || alert->state == ALERT_CLEARED_UNACKNOWLEDGED;
}

static void fill(void *owner, size_t index, struct table_row *row)
{
    struct alerts *alerts = owner;
    bool symptom;
    const struct wire_alert *alert = row_at(alerts, index, &symptom);
    if (!alert)
        return;
    bool quiet = alert->condition == CONDITION_CLEARED || !alert_row_needs_hands(alert) || symptom;
    buffer_clear(&alerts->what);
    alert_what(&alerts->what, alert, alerts->ascii);
    snprintf(alerts->severity, sizeof alerts->severity, "%c", severity_letter(alert->severity));
    age_text(alerts->age, alert->raised_at != CLOCK_NEVER ? alert->raised_at : alert->since, alerts->now);
    alert_until(alerts->until, alert, alerts->now);
    row->id = alert->id;
    row->revision = alert->revision;
    row->unhandled = alerts->hidden.news ? *alert->news != '\0' : alert_row_needs_hands(alert);
    row->branch = alert->symptoms > 0;
    row->open = alerts->open_id && strcmp(alerts->open_id, alert->id) == 0;
    row->depth = symptom;
    row->last = symptom && index == alerts->open_at + alerts->symptom_count;
    uint8_t text = quiet ? ROLE_DIM : ROLE_TEXT, role = (uint8_t)severity_role(alerts->severity[0]);
    row->cells[COLUMN_NEWS] = (struct table_cell){news_mark(alert->news), ROLE_MATCH};
    row->cells[COLUMN_SEVERITY] = (struct table_cell){alerts->severity, alert->condition == CONDITION_CLEARED ? ROLE_DIM : role};
    row->cells[COLUMN_AGE] = (struct table_cell){alerts->age, text};
    row->cells[COLUMN_WHAT] = (struct table_cell){buffer_text(&alerts->what), text};
    row->cells[COLUMN_WHERE] = (struct table_cell){place_within(alerts->site, alert->place), text};
    row->cells[COLUMN_WHO] = (struct table_cell){alert_who(alert), ROLE_TEXT};
    row->cells[COLUMN_UNTIL] = (struct table_cell){alerts->until, ROLE_DIM};
}

static void alert_rows_give(struct alerts *alerts)
{
    size_t first = alerts->page.offset, last = first + alerts->row_count, extra = alerts->symptom_count;
    if (extra && first > alerts->open_at)
        first += extra;
    if (extra && last > alerts->open_at)
        last += extra;
    table_refreshed(alerts->table, &(struct table_source){.owner = alerts, .total = alerts->page.total + extra, .offset = first,
                                                          .count = last - first, .row = fill});
}

void alert_rows_fold(struct alerts *alerts)
{
    free(alerts->open_id);
    alerts->open_id = NULL;
    alerts->symptom_count = 0;
    arena_free(&alerts->symptom_arena);
    if (alerts->have)
        alert_rows_give(alerts);
}

/* Where the unfolded cause stands now; one that has gone takes its symptoms along. */
static void find_open(struct alerts *alerts)
{
    for (unsigned i = 0; alerts->open_id && i < alerts->row_count; i++)
        if (strcmp(alerts->rows[i].id, alerts->open_id) == 0) {
            alerts->open_at = alerts->page.offset + i;
            return;
        }
    if (alerts->open_id && alerts->open_at >= alerts->page.offset && alerts->open_at < alerts->page.offset + alerts->row_count)
        alert_rows_fold(alerts);
}

const struct wire_alert *alert_rows_current(const struct alerts *alerts)
{
    bool symptom;
    return table_cursor_id(alerts->table) ? row_at(alerts, table_cursor(alerts->table), &symptom) : NULL;
}

bool alert_rows_receive(struct alerts *alerts, const struct client_answer *answer, struct error *error)
{
    struct arena *arena = arena_new(), *old = alerts->arena;
    struct wire_page page = {0};
    struct wire_alert_hidden hidden = {0};
    struct wire_alert *rows = NULL;
    unsigned count = 0;
    if (!wire_read_alerts(answer->body, answer->length, arena, &page, &hidden, &rows, &count, error)) {
        arena_free(&arena);
        return false;
    }
    alerts->arena = arena;
    alerts->page = page;
    alerts->hidden = hidden;
    alerts->rows = rows;
    alerts->row_count = count;
    alerts->have = true;
    alerts->problem[0] = '\0';
    find_open(alerts);
    alert_rows_give(alerts);
    if (alerts->narrow && table_cursor_lost(alerts->table))
        table_move_to(alerts->table, 0);
    alerts->narrow = false;
    arena_free(&old);
    return true;
}

bool alert_rows_receive_symptoms(struct alerts *alerts, const struct client_answer *answer, struct error *error)
{
    struct arena *arena = arena_new(), *old = alerts->symptom_arena;
    struct wire_page page;
    struct wire_alert_hidden hidden;
    struct wire_alert *rows = NULL;
    unsigned count = 0;
    if (!alerts->open_id || !wire_read_alerts(answer->body, answer->length, arena, &page, &hidden, &rows, &count, error)) {
        arena_free(&arena);
        return !alerts->open_id;
    }
    alerts->symptom_arena = arena;
    alerts->symptoms = rows;
    alerts->symptom_count = count;
    alert_rows_give(alerts);
    arena_free(&old);
    return true;
}

size_t alert_rows_in_queue(const struct alerts *alerts, size_t row)
{
    size_t extra = alerts->symptom_count;
    if (!extra || row <= alerts->open_at)
        return row;
    return row > alerts->open_at + extra ? row - extra : alerts->open_at;
}

size_t alert_rows_on_screen(const struct alerts *alerts, size_t place)
{
    return place > alerts->open_at ? place + alerts->symptom_count : place;
}

/* ---- folding ---- */

static void unfold(struct view *view)
{
    struct alerts *alerts = view->state;
    const struct wire_alert *alert = alert_rows_current(alerts);
    if (!alert)
        return;
    if (!alert->symptoms) {
        view->host_ops->say(view->host, ROLE_HINT, "%s", _("no symptom is folded under this alert"));
        return;
    }
    size_t at = table_cursor(alerts->table);
    if (alerts->symptom_count && at > alerts->open_at)
        at -= alerts->symptom_count;
    char *id = memory_text(alert->id);
    alert_rows_fold(alerts);
    alerts->open_id = id;
    alerts->open_at = at;
}

enum reaction alert_rows_toggle(struct view *view, const char *name)
{
    struct alerts *alerts = view->state;
    const struct wire_alert *alert = alert_rows_current(alerts);
    bool open = alerts->open_id && alert && (strcmp(alerts->open_id, alert->id) == 0 || strcmp(alerts->open_id, alert->cause) == 0);
    if (open && strcmp(name, "right") != 0) {
        char *id = memory_text(alerts->open_id);
        alert_rows_fold(alerts);
        table_move_to_id(alerts->table, id);
        free(id);
    } else if (!open && strcmp(name, "left") != 0) {
        unfold(view);
    }
    return REACT_HANDLED | REACT_DRAW | REACT_WANT;
}
