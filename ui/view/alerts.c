/* The alert queue: unhandled first, then severity, then age. A cause stands for its symptoms and unfolds them; the
 * header counts what is shown and, by its reason, all that is not. Only the rows near the screen are here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/parts.h"
#include "widget/letters.h"
#include "window/layout.h"

#define SIDE_COLUMNS 76
#define SIDE_FROM 150
#define MARGIN_SCREENS 2
#define TARGETS_MOST 1000
#define SYMPTOMS_MOST "200"
#define REFRESH ((msec)100)
#define ROW_FIELDS "name,severity,state,raised_at,condition,acknowledged,suppression,asset,asset_name,place,summary,since," \
                   "acknowledge_until,shelved_until,acknowledged_by,note,assignee,cause,symptoms,reopens,news,revision"

enum { SLOT_ROWS, SLOT_SYMPTOMS, SLOT_GROUPS, SLOT_DETAIL };
enum { COLUMN_NEWS, COLUMN_SEVERITY, COLUMN_AGE, COLUMN_WHAT, COLUMN_WHERE, COLUMN_WHO, COLUMN_UNTIL, COLUMNS };

static const char *const groupings[] = {"cause", "place", "subsystem", "rule", "unit"};
#define BY_CAUSE 0
#define BY_PLACE 1

struct alerts {
    char *filter, *sent;
    bool all;                     /* also what the queue hides */
    struct table *table;
    struct arena *arena;
    struct wire_alert *rows;
    unsigned row_count;
    struct wire_page page;
    struct wire_alert_hidden hidden;
    bool have, ascii;
    char problem[384];
    size_t offset, count;         /* the window asked for, of the queue without unfolded symptoms */
    msec now;
    char site[64];

    char *open_id;                /* the cause that is unfolded, or NULL */
    size_t open_at;               /* where it stands in the queue */
    struct arena *symptom_arena;
    struct wire_alert *symptoms;
    unsigned symptom_count;

    unsigned by;                  /* of groupings */
    bool flood;                   /* as last heard: the view collapses once at its beginning */
    struct alert_groups *groups;
    struct alert_detail detail;

    struct buffer what;           /* the row being drawn */
    char severity[2], age[SPAN_TEXT], until[SPAN_TEXT + 4];
    const char *ids[TARGETS_MOST];
    int64_t revisions[TARGETS_MOST];
};

/* ---- rows: the queue with the symptoms of one cause between ---- */

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

static bool needs_hands(const struct wire_alert *alert)
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
    bool quiet = alert->condition == CONDITION_CLEARED || !needs_hands(alert) || symptom;
    buffer_clear(&alerts->what);
    alert_what(&alerts->what, alert, alerts->ascii);
    snprintf(alerts->severity, sizeof alerts->severity, "%c", severity_letter(alert->severity));
    age_text(alerts->age, alert->raised_at != CLOCK_NEVER ? alert->raised_at : alert->since, alerts->now);
    alert_until(alerts->until, alert, alerts->now);
    row->id = alert->id;
    row->revision = alert->revision;
    row->unhandled = alerts->hidden.news ? *alert->news != '\0' : needs_hands(alert);
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

static void give_rows(struct alerts *alerts)
{
    size_t first = alerts->page.offset, last = first + alerts->row_count, extra = alerts->symptom_count;
    if (extra && first > alerts->open_at)
        first += extra;
    if (extra && last > alerts->open_at)
        last += extra;
    table_refreshed(alerts->table, &(struct table_source){.owner = alerts, .total = alerts->page.total + extra, .offset = first,
                                                          .count = last - first, .row = fill});
}

static void fold(struct alerts *alerts)
{
    free(alerts->open_id);
    alerts->open_id = NULL;
    alerts->symptom_count = 0;
    arena_free(&alerts->symptom_arena);
    if (alerts->have)
        give_rows(alerts);
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
        fold(alerts);
}

static const struct wire_alert *current(const struct alerts *alerts)
{
    bool symptom;
    return table_cursor_id(alerts->table) ? row_at(alerts, table_cursor(alerts->table), &symptom) : NULL;
}

const struct wire_alert *alerts_row(struct view *view, const char *id)
{
    const struct alerts *alerts = view->state;
    for (unsigned i = 0; i < alerts->row_count; i++)
        if (strcmp(alerts->rows[i].id, id) == 0)
            return &alerts->rows[i];
    for (unsigned i = 0; i < alerts->symptom_count; i++)
        if (strcmp(alerts->symptoms[i].id, id) == 0)
            return &alerts->symptoms[i];
    return NULL;
}

/* ---- life ---- */

static bool set_filter(struct view *view, const char *text, bool typing, struct error *error)
{
    struct alerts *alerts = view->state;
    char *sent = filter_typed(text, typing, error);
    if (!sent)
        return false;
    if (!alerts->sent || strcmp(sent, alerts->sent) != 0)
        alerts->offset = alerts->count = 0;
    free(alerts->sent);
    alerts->sent = sent;
    char *copy = memory_text(text); /* may be our own */
    free(alerts->filter);
    alerts->filter = copy;
    return true;
}

static bool alerts_open(struct view *view, const char *argument, struct error *error)
{
    struct alerts *alerts = view->state;
    const struct table_column columns[COLUMNS] = {
        [COLUMN_NEWS] = {.name = "news", .title = "", .minimum = 1, .maximum = 1},
        [COLUMN_SEVERITY] = {.name = "severity", .title = "S", .minimum = 1, .maximum = 1},
        [COLUMN_AGE] = {.name = "age", .title = _("age"), .minimum = 5, .maximum = 5, .right = true},
        [COLUMN_WHAT] = {.name = "what", .title = _("what"), .minimum = 24, .weight = 3, .strong = true, .cut = TEXT_CUT_END},
        [COLUMN_WHERE] = {.name = "where", .title = _("where"), .minimum = 16, .maximum = 28, .weight = 1, .cut = TEXT_CUT_MIDDLE},
        [COLUMN_WHO] = {.name = "who", .title = _("who"), .minimum = 5, .maximum = 12, .cut = TEXT_CUT_END},
        [COLUMN_UNTIL] = {.name = "until", .title = _("until"), .minimum = 6, .maximum = 8, .right = true, .drop = 1},
    };
    alerts->table = table_new(columns, COLUMNS);
    return set_filter(view, argument, false, error);
}

static void alerts_close(struct view *view)
{
    struct alerts *alerts = view->state;
    table_free(&alerts->table);
    alert_groups_free(&alerts->groups);
    alert_detail_release(&alerts->detail);
    arena_free(&alerts->arena);
    arena_free(&alerts->symptom_arena);
    buffer_release(&alerts->what);
    free(alerts->filter);
    free(alerts->sent);
    free(alerts->open_id);
}

/* ---- what to have ---- */

static void choose_window(struct view *view)
{
    struct alerts *alerts = view->state;
    size_t shown = view->area.rows > 2 ? (size_t)view->area.rows : 20, margin = shown * MARGIN_SCREENS;
    size_t offset = 0, count = 0, extra = alerts->symptom_count;
    bool missing = table_wanted(alerts->table, &offset, &count);
    if (!count) {
        offset = table_cursor(alerts->table);
        count = shown;
    }
    if (offset > alerts->open_at && extra)
        offset = offset > alerts->open_at + extra ? offset - extra : alerts->open_at;
    bool holds = alerts->count && offset >= alerts->offset &&
                 (offset + count <= alerts->offset + alerts->count || alerts->offset + alerts->count >= alerts->page.total);
    if (holds && (!missing || alerts->count))
        return;
    alerts->offset = offset > margin ? offset - margin : 0;
    alerts->count = count + 2 * margin;
}

static void want_symptoms(struct alerts *alerts, struct view_wants *out)
{
    struct buffer path = BUFFER_INIT, filter = BUFFER_INIT;
    filter_value(&filter, "cause", alerts->open_id);
    client_path(&path, "/alerts", "all", "true", "filter", buffer_text(&filter), "limit", SYMPTOMS_MOST, "fields", ROW_FIELDS, NULL);
    view_want(out, SLOT_SYMPTOMS, "alerts", 500, buffer_text(&path));
    buffer_release(&path);
    buffer_release(&filter);
}

static void wants(struct view *view, struct view_wants *out)
{
    struct alerts *alerts = view->state;
    struct buffer path = BUFFER_INIT;
    char offset[24], count[24];
    choose_window(view);
    snprintf(offset, sizeof offset, "%zu", alerts->offset);
    snprintf(count, sizeof count, "%zu", alerts->count);
    client_path(&path, "/alerts", "filter", alerts->sent, "all", alerts->all ? "true" : "", "offset", alerts->offset ? offset : "", "limit",
                count, "fields", ROW_FIELDS, NULL);
    view_want(out, SLOT_ROWS, "alerts", REFRESH, buffer_text(&path));
    if (alerts->open_id)
        want_symptoms(alerts, out);
    if (alerts->by != BY_CAUSE) {
        buffer_clear(&path);
        client_path(&path, "/alerts/groups", "by", groupings[alerts->by], "filter", alerts->sent, "all", alerts->all ? "true" : "", NULL);
        view_want(out, SLOT_GROUPS, "alerts", 500, buffer_text(&path));
    } else {
        alert_detail_want(&alerts->detail, view, out, SLOT_DETAIL, table_cursor_id(alerts->table), view->area.columns >= SIDE_FROM);
    }
    buffer_release(&path);
}

static void set_by(struct alerts *alerts, unsigned by)
{
    alerts->by = by;
    alert_groups_free(&alerts->groups);
    if (by != BY_CAUSE)
        alerts->groups = alert_groups_new();
}

/* A flood collapses the view once, when it begins; only a person opens it again. */
static void watch_flood(struct view *view, bool flood)
{
    struct alerts *alerts = view->state;
    if (flood && !alerts->flood && alerts->by == BY_CAUSE) {
        set_by(alerts, BY_PLACE);
        view->host_ops->say(view->host, ROLE_WARNING, _("%.0f alerts a minute: gathered by place; v shows them one by one"), alerts->hidden.rate);
    }
    alerts->flood = flood;
}

static bool receive_rows(struct view *view, const struct client_answer *answer, struct error *error)
{
    struct alerts *alerts = view->state;
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
    give_rows(alerts);
    watch_flood(view, hidden.flood);
    arena_free(&old);
    return true;
}

static bool receive_symptoms(struct alerts *alerts, const struct client_answer *answer, struct error *error)
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
    give_rows(alerts);
    arena_free(&old);
    return true;
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct alerts *alerts = view->state;
    if (slot >= SLOT_DETAIL)
        return alert_detail_receive(&alerts->detail, slot - SLOT_DETAIL, answer, error);
    if (slot == SLOT_GROUPS)
        return !alerts->groups || alert_groups_receive(alerts->groups, answer, error);
    if (answer->error) {
        if (slot == SLOT_ROWS)
            snprintf(alerts->problem, sizeof alerts->problem, "%s", answer->error->text);
        *error = *answer->error;
        return false;
    }
    return slot == SLOT_ROWS ? receive_rows(view, answer, error) : receive_symptoms(alerts, answer, error);
}

/* ---- drawing ---- */

static void draw_headline(struct alerts *alerts, struct surface *surface, struct rect line)
{
    struct buffer text = BUFFER_INIT;
    char right[80];
    if (alerts->have)
        hidden_text(&text, &alerts->page, &alerts->hidden, table_marks(alerts->table));
    snprintf(right, sizeof right, "%s%s%s", alerts->hidden.flood ? _("FLOOD  ") : "", alerts->all ? _("with what is hidden  ") : "",
             alerts->by == BY_CAUSE ? _("by cause") : alerts->by == BY_PLACE ? _("by place") : field_word(groupings[alerts->by]));
    int tail = text_width(right);
    int used = 1 + surface_text_cut(surface, line.row, line.column + 1, line.columns - tail - 4, ROLE_HEADING, buffer_text(&text), TEXT_CUT_END) + 2;
    if (*alerts->filter)
        surface_text_cut(surface, line.row, line.column + used, line.columns - used - tail - 2, ROLE_MATCH, alerts->filter, TEXT_CUT_END);
    surface_text(surface, line.row, line.column + line.columns - 1 - tail, tail, alerts->hidden.flood ? ROLE_WARNING : ROLE_DIM, right);
    buffer_release(&text);
}

static void set_empty(struct alerts *alerts)
{
    struct buffer why = BUFFER_INIT;
    if (*alerts->filter)
        buffer_append_text(&why, _("Esc clears the filter"));
    else if (alerts->have && alerts->page.population > alerts->page.total)
        buffer_append_text(&why, _("H shows what is hidden"));
    table_set_empty(alerts->table, alerts->have ? _("no alert") : alerts->problem[0] ? alerts->problem : _("loading ..."), buffer_text(&why));
    buffer_release(&why);
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct alerts *alerts = view->state;
    struct rect rest = area;
    if (rect_is_empty(area))
        return;
    bool stale = view->host_ops->stale(view->host);
    alerts->ascii = surface->ascii;
    alerts->now = view->host_ops->now(view->host);
    const struct wire_overview *overview = view->host_ops->overview(view->host);
    snprintf(alerts->site, sizeof alerts->site, "%s", overview ? overview->site : "");
    draw_headline(alerts, surface, rect_cut_top(&rest, 1));
    if (alerts->by != BY_CAUSE) {
        alert_groups_draw(alerts->groups, surface, rest, alerts->now, stale, alerts->site);
        return;
    }
    struct rect side = area.columns >= SIDE_FROM ? rect_cut_right(&rest, SIDE_COLUMNS) : (struct rect){0};
    struct rect below = !side.columns && area.rows >= 12 ? rect_cut_bottom(&rest, 4) : (struct rect){0};
    table_set_stale(alerts->table, stale);
    set_empty(alerts);
    table_draw(alerts->table, surface, rest);
    const char *id = table_cursor_id(alerts->table);
    if (side.columns) {
        rect_cut_left(&side, 2);
        alert_draw_pane(&alerts->detail, view, surface, side, id);
    } else if (below.rows && id) {
        surface_rule(surface, below.row, below.column, below.columns);
        rect_cut_top(&below, 1);
        alert_draw_lines(&alerts->detail, view, surface, below, id);
    }
}

/* ---- doing ---- */

static const enum reaction changed = REACT_HANDLED | REACT_DRAW | REACT_WANT;

/* Into a group: the queue, filtered by it. */
static void open_group(struct view *view)
{
    struct alerts *alerts = view->state;
    const char *key = table_cursor_id(alert_groups_table(alerts->groups));
    struct buffer filter = BUFFER_INIT;
    if (!key)
        return;
    buffer_append_text(&filter, alerts->filter);
    if (*key)
        filter_value(&filter, groupings[alerts->by], key);
    else
        buffer_printf(&filter, "%s-has:%s", filter.length ? " " : "", groupings[alerts->by]);
    set_filter(view, buffer_text(&filter), false, NULL);
    set_by(alerts, BY_CAUSE);
    buffer_release(&filter);
}

static void open_current(struct view *view)
{
    struct alerts *alerts = view->state;
    const char *id = table_cursor_id(alerts->table);
    if (!id)
        return;
    if (table_cursor_lost(alerts->table))
        view->host_ops->say(view->host, ROLE_WARNING, "%s", _("that row has gone; this is another"));
    else
        view->host_ops->open(view->host, "alert", id);
}

static enum reaction key(struct view *view, const struct key_event *event)
{
    struct alerts *alerts = view->state;
    bool grouped = alerts->by != BY_CAUSE;
    enum table_answer answer = table_key(grouped ? alert_groups_table(alerts->groups) : alerts->table, event);
    if (answer == TABLE_IGNORED)
        return REACT_IGNORED;
    if (answer == TABLE_CHOSEN && grouped)
        open_group(view);
    else if (answer == TABLE_CHOSEN)
        open_current(view);
    return changed;
}

static void unfold(struct view *view)
{
    struct alerts *alerts = view->state;
    const struct wire_alert *alert = current(alerts);
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
    fold(alerts);
    alerts->open_id = id;
    alerts->open_at = at;
}

static enum reaction toggle_fold(struct view *view, const char *name)
{
    struct alerts *alerts = view->state;
    const struct wire_alert *alert = current(alerts);
    bool open = alerts->open_id && alert && (strcmp(alerts->open_id, alert->id) == 0 || strcmp(alerts->open_id, alert->cause) == 0);
    if (open && strcmp(name, "right") != 0) {
        char *id = memory_text(alerts->open_id);
        fold(alerts);
        table_move_to_id(alerts->table, id);
        free(id);
    } else if (!open && strcmp(name, "left") != 0) {
        unfold(view);
    }
    return changed;
}

static enum reaction group_by(struct view *view, const char *argument, struct error *error)
{
    struct alerts *alerts = view->state;
    unsigned by = *argument ? ARRAY_COUNT(groupings) : (alerts->by + 1) % ARRAY_COUNT(groupings);
    for (unsigned i = 0; *argument && i < ARRAY_COUNT(groupings); i++)
        if (strcmp(argument, groupings[i]) == 0)
            by = i;
    if (by == ARRAY_COUNT(groupings))
        error_set(error, ERROR_INVALID, "%s", _("alerts are grouped by cause, place, subsystem, rule or unit"));
    else
        set_by(alerts, by);
    return changed;
}

/* The row that is left by `n` was looked at. */
static void note_seen(struct view *view)
{
    struct alerts *alerts = view->state;
    const struct wire_alert *alert = alerts->by == BY_CAUSE ? current(alerts) : NULL;
    if (!alert || !*alert->news || view->host_ops->read_only(view->host) || view->host_ops->at(view->host) != CLOCK_NEVER)
        return;
    char *line = memory_printf("seen %s", alert->id);
    view->host_ops->command(view->host, line);
    free(line);
}

static enum reaction back(struct alerts *alerts)
{
    if (table_marks(alerts->table))
        table_marks_clear(alerts->table);
    else if (alerts->open_id)
        fold(alerts);
    else if (alerts->by != BY_CAUSE)
        set_by(alerts, BY_CAUSE);
    else if (alerts->all)
        alerts->all = false;
    else
        return REACT_IGNORED;
    return changed;
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct alerts *alerts = view->state;
    struct key_event motion;
    if (strcmp(name, "back") == 0)
        return back(alerts);
    if (strcmp(name, "group-by") == 0)
        return group_by(view, argument, error);
    if (strcmp(name, "hidden") == 0) {
        alerts->all = !alerts->all;
        alerts->offset = alerts->count = 0;
        return changed;
    }
    if (strcmp(name, "mark-all") == 0) {
        table_mark_shown(alerts->table);
        return changed;
    }
    if (alerts->by == BY_CAUSE && (strcmp(name, "unfold") == 0 || strcmp(name, "left") == 0 || strcmp(name, "right") == 0))
        return toggle_fold(view, name);
    if (strcmp(name, "next-wrong") == 0)
        note_seen(view);
    return motion_key(name, &motion) ? key(view, &motion) : REACT_IGNORED;
}

static void targets(struct view *view, struct view_targets *out)
{
    struct alerts *alerts = view->state;
    unsigned count = alerts->by == BY_CAUSE ? table_targets(alerts->table, alerts->ids, alerts->revisions, TARGETS_MOST) : 0;
    if (!table_marks(alerts->table) && table_cursor_lost(alerts->table))
        count = 0;
    *out = (struct view_targets){.ids = alerts->ids, .revisions = alerts->revisions, .count = count, .resource = "alerts"};
}

static void crumbs(struct view *view, struct buffer *out)
{
    const struct wire_overview *overview = view->host_ops->overview(view->host);
    buffer_printf(out, "%s ▸ %s", overview ? overview->site : _("site"), _("alerts"));
}

static void hints(struct view *view, struct buffer *out)
{
    struct alerts *alerts = view->state;
    const struct wire_alert *alert = current(alerts);
    if (alerts->by != BY_CAUSE) {
        buffer_printf(out, "Enter %s  v %s  / %s  n %s", _("open"), _("group by"), _("filter"), _("next wrong"));
        return;
    }
    if (alert)
        buffer_printf(out, "%s %s  s %s  o %s  c %s  ", alert->acknowledged ? "A" : "a", alert->acknowledged ? _("unack") : _("ack"),
                      _("shelve"), _("assign"), _("comment"));
    if (alert && alert->symptoms)
        buffer_printf(out, "+ %s  ", _("unfold"));
    buffer_printf(out, "Enter %s  Space %s  n %s  v %s  / %s", _("open"), _("mark"), _("next"), _("group by"), _("filter"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct alerts *alerts = view->state;
    if (alerts->by != BY_CAUSE) {
        alert_groups_plain(alerts->groups, out, view->host_ops->now(view->host));
        return;
    }
    hidden_text(out, &alerts->page, &alerts->hidden, table_marks(alerts->table));
    buffer_append_char(out, '\n');
    for (unsigned i = 0; i < alerts->row_count && i < 40; i++) {
        const struct wire_alert *alert = &alerts->rows[i];
        char age[SPAN_TEXT];
        struct buffer what = BUFFER_INIT;
        alert_what(&what, alert, true);
        buffer_printf(out, "%3u  %s  %s  %s  %s  %s  %s\n", alerts->page.offset + i + 1, severity_word(alert->severity),
                      alert_state_word(alert->state), age_text(age, alert->raised_at, view->host_ops->now(view->host)), buffer_text(&what),
                      alert->place, alert_who(alert));
        buffer_release(&what);
    }
}

static bool pick(struct view *view, unsigned number)
{
    struct alerts *alerts = view->state;
    struct table *table = alerts->by == BY_CAUSE ? alerts->table : alert_groups_table(alerts->groups);
    if (!number || number > table_total(table))
        return false;
    table_move_to(table, number - 1);
    return true;
}

static const char *filter(struct view *view)
{
    return ((struct alerts *)view->state)->filter;
}

const struct view_ops alerts_view = {
    .name = "alerts",
    .title = N_("Alerts"),
    .tab = '2',
    .argument = "[FILTER]",
    .help = N_("what needs a person, worst first"),
    .size = sizeof(struct alerts),
    .open = alerts_open,
    .close = alerts_close,
    .wants = wants,
    .receive = receive,
    .draw = draw,
    .key = key,
    .command = command,
    .targets = targets,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .pick = pick,
    .filter = filter,
    .set_filter = set_filter,
};
