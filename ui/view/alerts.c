/* The alert queue: unhandled first, then severity, then age. A cause stands for its symptoms and unfolds them; the
 * header counts what is shown and, by its reason, all that is not. Only the rows near the screen are here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/alerts_private.h"
#include "view/parts.h"
#include "widget/letters.h"
#include "window/layout.h"

#define SIDE_COLUMNS 76
#define SIDE_FROM 150
#define MARGIN_SCREENS 1
#define SYMPTOMS_MOST "200"
#define REFRESH ((msec)100)
#define LIST_FIELDS "id,severity,state,raised_at,cleared_at,name,summary,asset,asset_name,place,unit,subsystem,symptoms," \
                    "assignee,acknowledged_by,note,cause,rule,type"
#define ROW_FIELDS "name,severity,state,raised_at,condition,acknowledged,suppression,asset,asset_name,place,summary,since," \
                   "acknowledge_until,shelved_until,acknowledged_by,note,assignee,cause,symptoms,reopens,rule,runbook,source,news,revision"

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

static const struct { const char *field, *words; } groupings[] = {
    {"cause", N_("by cause")}, {"building", N_("by building")}, {"place", N_("by place")}, {"subsystem", N_("by subsystem")},
    {"rule", N_("by rule")}, {"unit", N_("by responsible unit")}};
#define BY_LABEL ARRAY_COUNT(groupings)
#define BY_CAUSE 0
#define BY_BUILDING 1 /* a flood of one room each is no shorter by place */

static const char *grouping(const struct alerts *alerts)
{
    return alerts->by == BY_LABEL ? alerts->by_label : groupings[alerts->by].field;
}

/* ---- life ---- */

static bool set_filter(struct view *view, const char *text, bool typing, struct error *error)
{
    struct alerts *alerts = view->state;
    char *sent = filter_typed(text, typing, error);
    if (!sent)
        return false;
    if (!alerts->sent || strcmp(sent, alerts->sent) != 0) {
        alerts->offset = alerts->count = 0;
        alerts->narrow = true;
    }
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
    if (alerts->seek.on) {
        buffer_clear(&path);
        snprintf(offset, sizeof offset, "%zu", alerts->seek.offset);
        snprintf(count, sizeof count, "%zu", alerts->seek.count);
        client_path(&path, "/alerts", "filter", alerts->sent, "all", alerts->all ? "true" : "", "offset", alerts->seek.offset ? offset : "",
                    "limit", count, "fields", "state,news", NULL);
        view_want(out, SLOT_SEEK, "", 0, buffer_text(&path));
    }
    if (alerts->by != BY_CAUSE) {
        buffer_clear(&path);
        alert_groups_want(alerts->groups, view->area.rows > 2 ? (size_t)view->area.rows : 20, &path, grouping(alerts), alerts->sent,
                          alerts->all);
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
        set_by(alerts, BY_BUILDING);
        view->host_ops->say(view->host, ROLE_WARNING, _("%.0f alerts a minute: gathered by building; v shows them one by one"), alerts->hidden.rate);
    }
    alerts->flood = flood;
}


/* ---- the next one that needs a person, beyond the rows here ---- */

struct seek_rows { const struct wire_alert *rows; bool news; };

static bool seek_matches(const void *owner, size_t i)
{
    const struct seek_rows *among = owner;
    return among->news ? *among->rows[i].news != '\0' : alert_row_needs_hands(&among->rows[i]);
}

static bool receive_seek(struct view *view, const struct client_answer *answer, struct error *error)
{
    struct alerts *alerts = view->state;
    struct arena *arena = arena_new();
    struct wire_page page = {0};
    struct wire_alert_hidden hidden;
    struct seek_rows among = {.news = alerts->hidden.news > 0};
    struct wire_alert *rows = NULL;
    unsigned count = 0;
    size_t found = 0;
    bool wrapped = alerts->seek.wrapped, good = wire_read_alerts(answer->body, answer->length, arena, &page, &hidden, &rows, &count, error);
    among.rows = rows;
    enum seek_answer came = good && alerts->seek.on && page.offset == alerts->seek.offset
                                ? seek_took(&alerts->seek, page.offset, count, page.total, seek_matches, &among, &found) : SEEK_MORE;
    alerts->seek.on &= good;
    if (came == SEEK_FOUND)
        table_move_to(alerts->table, alert_rows_on_screen(alerts, found));
    seek_say(&alerts->seek, view, came, wrapped, among.news ? _("nothing else is news") : _("nothing else needs a person"));
    arena_free(&arena);
    return good;
}

/* Unhandled ones stand first: where the rows here end with another, none follows. */
static void seek_begin(struct alerts *alerts, bool forward)
{
    bool ends = !alerts->hidden.news && alerts->row_count && !alert_row_needs_hands(&alerts->rows[alerts->row_count - 1]);
    seek_start(&alerts->seek, alert_rows_in_queue(alerts, table_cursor(alerts->table)), alerts->page.total, forward, forward && ends);
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
    if (slot == SLOT_SYMPTOMS)
        return alert_rows_receive_symptoms(alerts, answer, error);
    if (slot == SLOT_SEEK)
        return receive_seek(view, answer, error);
    bool good = alert_rows_receive(alerts, answer, error);
    if (good)
        watch_flood(view, alerts->hidden.flood);
    return good;
}

/* ---- drawing ---- */

static void draw_headline(struct alerts *alerts, struct surface *surface, struct rect line)
{
    struct buffer text = BUFFER_INIT;
    char right[80];
    if (alerts->have)
        hidden_text(&text, &alerts->page, &alerts->hidden, table_marks(alerts->table));
    snprintf(right, sizeof right, "%s%s%s", alerts->hidden.flood ? _("FLOOD  ") : "", alerts->all ? _("with what is hidden  ") : "",
             alerts->by == BY_LABEL ? alerts->by_label : _(groupings[alerts->by].words));
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

static unsigned echo(struct view *view, struct surface *surface, int rows[ECHO_ROWS])
{
    struct alerts *alerts = view->state;
    return table_echo(alerts->by != BY_CAUSE ? alert_groups_table(alerts->groups) : alerts->table, surface, rows);
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
        filter_value(&filter, grouping(alerts), key);
    else
        buffer_printf(&filter, "%s-has:%s", filter.length ? " " : "", grouping(alerts));
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
    alerts->seek.on = false;
    enum table_answer answer = table_key(grouped ? alert_groups_table(alerts->groups) : alerts->table, event);
    if (answer == TABLE_IGNORED)
        return REACT_IGNORED;
    if (answer == TABLE_CHOSEN && grouped)
        open_group(view);
    else if (answer == TABLE_CHOSEN)
        open_current(view);
    return answer == TABLE_MOVED ? REACT_HANDLED | REACT_MOVED | REACT_WANT : changed;
}

static enum reaction group_by(struct view *view, const char *argument, struct error *error)
{
    struct alerts *alerts = view->state;
    unsigned by = *argument ? ARRAY_COUNT(groupings) + 1 : alerts->by >= BY_LABEL ? BY_CAUSE : (alerts->by + 1) % ARRAY_COUNT(groupings);
    if (strncmp(argument, "label.", 6) == 0 && argument[6] && strlen(argument) < sizeof alerts->by_label) {
        snprintf(alerts->by_label, sizeof alerts->by_label, "%s", argument);
        by = BY_LABEL;
    }
    for (unsigned i = 0; *argument && i < ARRAY_COUNT(groupings); i++)
        if (strcmp(argument, groupings[i].field) == 0)
            by = i;
    if (by > BY_LABEL)
        error_set(error, ERROR_INVALID, "%s", _("alerts are grouped by cause, building, place, subsystem, rule, unit or label.NAME"));
    else
        set_by(alerts, by);
    return changed;
}

/* The row that is left by `n` was looked at. */
static void note_seen(struct view *view)
{
    struct alerts *alerts = view->state;
    const struct wire_alert *alert = alerts->by == BY_CAUSE ? alert_rows_current(alerts) : NULL;
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
        alert_rows_fold(alerts);
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
        return alert_rows_toggle(view, name);
    if (strcmp(name, "next-wrong") == 0)
        note_seen(view);
    if (!motion_key(name, &motion))
        return REACT_IGNORED;
    enum reaction reaction = key(view, &motion);
    if (strstr(name, "wrong") && reaction == REACT_IGNORED && alerts->by == BY_CAUSE && alerts->have) {
        seek_begin(alerts, strcmp(name, "next-wrong") == 0);
        if (!alerts->seek.on)
            view->host_ops->say(view->host, ROLE_HINT, "%s", _("nothing else needs a person"));
        return changed;
    }
    return reaction;
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
    const struct wire_alert *alert = alert_rows_current(alerts);
    if (alerts->by != BY_CAUSE) {
        buffer_printf(out, "Enter %s  v %s  / %s  n %s", _("open"), _("group by"), _("filter"), _("next wrong"));
        return;
    }
    if (alert)
        buffer_printf(out, "%s %s  s %s  o %s  c %s  ", alert->acknowledged ? "A" : "a", alert->acknowledged ? _("unack") : _("ack"),
                      _("shelve"), _("assign"), _("comment"));
    if (alert && *alert->runbook)
        buffer_printf(out, "r %s  ", _("runbook"));
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

static bool list(struct view *view, struct buffer *path, struct buffer *fields)
{
    const struct alerts *alerts = view->state;
    client_path(path, "/alerts", "filter", alerts->sent, "all", alerts->all ? "true" : "", NULL);
    buffer_append_text(fields, LIST_FIELDS);
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
    .echo = echo,
    .key = key,
    .command = command,
    .targets = targets,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .pick = pick,
    .list = list,
    .filter = filter,
    .set_filter = set_filter,
};
