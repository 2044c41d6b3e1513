/* Logs of a server: the ones it offers, and one of them from its end on, followed as it grows. What is kept is bounded:
 * the oldest lines go first. Severities have the letters and colours of alerts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/parts.h"
#include "view/view.h"
#include "widget/letters.h"
#include "widget/pager.h"
#include "widget/table.h"
#include "widget/wrap.h"
#include "window/layout.h"

#define LINES_MOST 5000u
#define BYTES_MOST ((size_t)2 << 20)
#define DROP_AT_ONCE 256u    /* lines go in packs, so that a full log does not move all it has for each new one */
#define LINES_ASKED "500"
#define LINE_BYTES_MOST 4000u

enum { SLOT_PAGE, SLOT_LINES };

struct kept { char *text; int severity; }; /* severity -1: none */

struct log {
    char *id, *name;         /* name NULL: the list of those offered */
    struct arena *arena;
    struct wire_server_page page;
    bool have;
    struct table *table;
    struct pager *pager;
    struct kept *lines;
    size_t capacity;
    unsigned count;
    size_t bytes;
    uint64_t dropped, unreadable;
    bool dirty, ended;
    char problem[384];
    char *search;
    size_t matches;
};

static void fill(void *owner, size_t index, struct table_row *row)
{
    const struct log *log = owner;
    row->id = log->page.logs[index];
    row->cells[0] = (struct table_cell){row->id, ROLE_TEXT};
}

static bool log_open(struct view *view, const char *argument, struct error *error)
{
    struct log *log = view->state;
    const struct table_column columns[] = {{.name = "log", .title = _("log"), .minimum = 24, .weight = 1, .strong = true}};
    size_t id = strcspn(argument, " ");
    if (!id)
        return error_set(error, ERROR_INVALID, "%s", _("log needs a server's id: `:log web-1 journal:nginx`"));
    log->id = memory_text_n(argument, id);
    if (argument[id] && argument[id + 1])
        log->name = memory_text(argument + id + 1);
    log->table = table_new(columns, ARRAY_COUNT(columns));
    log->pager = pager_new();
    log->search = memory_text("");
    return true;
}

static void forget_lines(struct log *log)
{
    for (unsigned i = 0; i < log->count; i++)
        free(log->lines[i].text);
    log->count = 0;
    log->bytes = 0;
    log->dropped = 0;
    log->dirty = true;
}

static void log_close(struct view *view)
{
    struct log *log = view->state;
    forget_lines(log);
    free(log->lines);
    free(log->id);
    free(log->name);
    free(log->search);
    table_free(&log->table);
    pager_free(&log->pager);
    arena_free(&log->arena);
}

static void wants(struct view *view, struct view_wants *out)
{
    struct log *log = view->state;
    struct buffer path = BUFFER_INIT, base = BUFFER_INIT;
    buffer_append_text(&base, "/servers/");
    client_path_segment(&base, log->id);
    if (!log->name) {
        view_want(out, SLOT_PAGE, "ledger", 2000, buffer_text(&base));
    } else {
        buffer_append_text(&base, "/logs");
        client_path(&path, buffer_text(&base), "log", log->name, "lines", LINES_ASKED, NULL);
        view_want(out, SLOT_LINES, "", 1000, buffer_text(&path));
        out->want[out->count - 1].lines = true;
    }
    buffer_release(&path);
    buffer_release(&base);
}

/* ---- lines ---- */

static void drop_oldest(struct log *log)
{
    unsigned drop = log->count < DROP_AT_ONCE ? log->count : DROP_AT_ONCE;
    size_t top, lines;
    for (unsigned i = 0; i < drop; i++) {
        log->bytes -= strlen(log->lines[i].text);
        free(log->lines[i].text);
    }
    memmove(log->lines, log->lines + drop, (log->count - drop) * sizeof *log->lines);
    log->count -= drop;
    log->dropped += drop;
    pager_position(log->pager, &top, &lines);
    if (!pager_at_end(log->pager) && top > drop)
        pager_move_to(log->pager, top - 1 - drop); /* what is read stays where it is */
}

static void keep_line(struct log *log, const struct wire_log_line *line)
{
    struct buffer text = BUFFER_INIT;
    char when[INSTANT_TEXT];
    if (line->time != CLOCK_NEVER)
        buffer_printf(&text, "%s ", instant_format_short(when, line->time, clock_wall()));
    if (*line->unit && !strstr(log->name, line->unit)) /* a file's lines need not say the file's name */
        buffer_printf(&text, "%s: ", line->unit);
    size_t length = strlen(line->text);
    text_clean(&text, line->text, length < LINE_BYTES_MOST ? length : LINE_BYTES_MOST);
    ARRAY_RESERVE(log->lines, log->capacity, log->count + 1);
    log->bytes += text.length;
    buffer_append_text(&text, "");
    log->lines[log->count++] = (struct kept){text.length ? buffer_take(&text) : memory_text(""), line->severity};
    buffer_release(&text);
    if (log->count > LINES_MOST || log->bytes > BYTES_MOST)
        drop_oldest(log);
}

static void take_lines(struct log *log, const char *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        const char *end = memchr(bytes + at, '\n', length - at);
        size_t size = end ? (size_t)(end - bytes) - at : length - at;
        struct arena *arena = arena_new();
        struct wire_log_line line = {0};
        if (size && wire_read_log_line(bytes + at, size, arena, &line, NULL))
            keep_line(log, &line);
        else
            log->unreadable += size > 0;
        arena_free(&arena);
        at += size + 1;
    }
    log->dirty = true;
}

static bool receive_page(struct log *log, const struct client_answer *answer, struct error *error)
{
    struct arena *arena = arena_new(), *old = log->arena;
    struct wire_server_page fresh = {0};
    if (!wire_read_server_page(answer->body, answer->length, arena, &fresh, error)) {
        arena_free(&arena);
        return false;
    }
    log->arena = arena;
    log->page = fresh;
    log->have = true;
    table_refreshed(log->table, &(struct table_source){.owner = log, .total = fresh.log_count, .count = fresh.log_count, .row = fill});
    arena_free(&old);
    return true;
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct log *log = view->state;
    snprintf(log->problem, sizeof log->problem, "%s", answer->error ? answer->error->text : "");
    if (answer->error) {
        log->ended = true;
        *error = *answer->error;
        return false;
    }
    if (slot == SLOT_PAGE)
        return receive_page(log, answer, error);
    if (answer->first)
        forget_lines(log);
    log->have = true;
    log->ended = !answer->more;
    take_lines(log, answer->body, answer->length);
    return true;
}

/* ---- drawing ---- */

static void give_text(struct log *log)
{
    struct buffer text = BUFFER_INIT;
    for (unsigned i = 0; i < log->count; i++) {
        int severity = log->lines[i].severity;
        uint8_t role = severity < 0 ? ROLE_TEXT : severity == SEVERITY_INFO ? ROLE_DIM : (uint8_t)severity_role(severity_letter((enum severity)severity));
        buffer_printf(&text, "\001%c%s\n", 'A' + role, log->lines[i].text);
    }
    pager_set_text(log->pager, buffer_text(&text), text.length, true);
    buffer_release(&text);
    log->dirty = false;
}

static void draw_head(struct log *log, struct view *view, struct surface *surface, struct rect line)
{
    struct buffer text = BUFFER_INIT;
    size_t top, lines;
    bool past = view->host_ops->at(view->host) != CLOCK_NEVER;
    char number[24];
    pager_position(log->pager, &top, &lines);
    bool refused = !log->count && log->problem[0];
    if (!refused)
        buffer_printf(&text, _("%s lines"), count_text(number, log->count));
    if (log->dropped)
        buffer_printf(&text, _(" · %s older ones dropped"), count_text(number, log->dropped));
    if (log->unreadable)
        buffer_printf(&text, _(" · %s unreadable"), count_text(number, log->unreadable));
    if (*log->search)
        buffer_printf(&text, _(" · %zu match"), log->matches);
    buffer_printf(&text, "%s%s", refused ? "" : " · ", past         ? _("of now, not of then")
                                                       : refused    ? _("not to be had")
                                                       : log->ended ? _("it ended")
                                                       : pager_at_end(log->pager) ? _("following") : _("held: G follows"));
    int width = text_width(buffer_text(&text));
    uint8_t role = past || log->ended ? ROLE_WARNING : ROLE_DIM;
    surface_text_cut(surface, line.row, line.column + 1, line.columns - width - 4, ROLE_HEADING, log->name, TEXT_CUT_MIDDLE);
    surface_text(surface, line.row, line.column + line.columns - 1 - width, width, role, buffer_text(&text));
    buffer_release(&text);
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct log *log = view->state;
    struct rect rest = area;
    if (rect_is_empty(area))
        return;
    struct rect head = rect_cut_top(&rest, 1);
    if (!log->name) {
        surface_printf(surface, head.row, head.column + 1, head.columns - 2, ROLE_HEADING, _("logs of %s"), log->id);
        table_set_empty(log->table, log->problem[0] ? log->problem : log->have ? _("no log is offered here") : _("loading ..."),
                        log->have ? _("name them under `servers:` in nocturne.yml") : "");
        table_draw(log->table, surface, rest);
        return;
    }
    if (log->dirty)
        give_text(log);
    draw_head(log, view, surface, head);
    rect_cut_left(&rest, 1);
    pager_draw(log->pager, surface, rest);
    if (!log->count)
        wrap_draw(surface, rest, log->problem[0] ? ROLE_ERROR : ROLE_DIM,
                  log->problem[0] ? log->problem : log->have ? _("nothing is logged yet") : _("loading ..."));
}

/* ---- doing ---- */

static bool is_error(const struct log *log, size_t line)
{
    return line < log->count && log->lines[line].severity >= SEVERITY_MINOR;
}

static enum reaction jump_error(struct log *log, struct view *view, bool forward)
{
    size_t top, lines;
    pager_position(log->pager, &top, &lines);
    for (size_t i = 1; i <= lines; i++) {
        size_t line = forward ? top - 1 + i : top - 1 - i;
        if (line >= lines) /* below zero too */
            break;
        if (!is_error(log, line))
            continue;
        pager_move_to(log->pager, line);
        pager_position(log->pager, &lines, &i);
        if (lines == top) /* the end is in sight already: so is what was looked for */
            view->host_ops->say(view->host, ROLE_HINT, "%s", _("no further error but those in sight"));
        return REACT_HANDLED | REACT_DRAW;
    }
    view->host_ops->say(view->host, ROLE_HINT, "%s", forward ? _("no error after this") : _("no error before this"));
    return REACT_HANDLED;
}

static enum reaction press(struct log *log, const char *name)
{
    struct key_event key;
    return key_parse(name, &key) && pager_key(log->pager, &key) ? REACT_HANDLED | REACT_DRAW : REACT_HANDLED;
}

static enum reaction choose(struct view *view)
{
    struct log *log = view->state;
    const char *name = log->name ? NULL : table_cursor_id(log->table);
    if (name) {
        char *argument = memory_printf("%s %s", log->id, name);
        view->host_ops->open(view->host, "log", argument);
        free(argument);
    }
    return REACT_HANDLED;
}

static enum reaction key(struct view *view, const struct key_event *key)
{
    struct log *log = view->state;
    if (log->name)
        return pager_key(log->pager, key) ? REACT_HANDLED | REACT_DRAW : REACT_IGNORED;
    enum table_answer answer = table_key(log->table, key);
    return answer == TABLE_CHOSEN ? choose(view) : answer == TABLE_IGNORED ? REACT_IGNORED : REACT_HANDLED | REACT_DRAW;
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct log *log = view->state;
    struct key_event motion;
    (void)argument, (void)error;
    if (strcmp(name, "open") == 0)
        return choose(view);
    if (log->name && (strcmp(name, "next-wrong") == 0 || strcmp(name, "previous-wrong") == 0)) {
        bool forward = strcmp(name, "next-wrong") == 0;
        return *log->search ? press(log, forward ? "n" : "N") : jump_error(log, view, forward);
    }
    if (log->name && strcmp(name, "next-error") == 0)
        return jump_error(log, view, true);
    if (log->name && strcmp(name, "previous-error") == 0)
        return jump_error(log, view, false);
    if (log->name && strcmp(name, "wrap") == 0)
        return press(log, "w");
    return motion_key(name, &motion) ? key(view, &motion) : REACT_IGNORED;
}

static bool set_filter(struct view *view, const char *text, bool typing, struct error *error)
{
    struct log *log = view->state;
    char *copy = memory_text(text); /* may be our own */
    (void)typing, (void)error;
    free(log->search);
    log->search = copy;
    if (log->dirty)
        give_text(log);
    log->matches = pager_search(log->pager, copy);
    return true;
}

static const char *filter(struct view *view)
{
    return ((struct log *)view->state)->search;
}

static void crumbs(struct view *view, struct buffer *out)
{
    const struct log *log = view->state;
    site_crumbs(view, out, _("servers"), log->id, _("logs"), log->name ? log->name : "", NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    const struct log *log = view->state;
    if (!log->name) {
        buffer_printf(out, "Enter %s  Esc %s", _("open"), _("back"));
        return;
    }
    buffer_printf(out, "/ %s  n %s  e %s  w %s  G %s  Esc %s", _("search"), *log->search ? _("next match") : _("next error"), _("next error"),
                  pager_wraps(log->pager) ? _("do not wrap") : _("wrap"), _("follow"), _("back"));
}

static void plain(struct view *view, struct buffer *out)
{
    const struct log *log = view->state;
    for (unsigned i = 0; !log->name && i < log->page.log_count; i++)
        buffer_printf(out, "%3u  %s\n", i + 1, log->page.logs[i]);
    for (unsigned i = 0; i < log->count; i++)
        buffer_printf(out, "%c %s\n", log->lines[i].severity < 0 ? ' ' : severity_letter((enum severity)log->lines[i].severity), log->lines[i].text);
    if (log->problem[0])
        buffer_printf(out, "! %s\n", log->problem);
}

static bool pick(struct view *view, unsigned number)
{
    struct log *log = view->state;
    if (log->name || !number || number > log->page.log_count)
        return false;
    table_move_to(log->table, number - 1);
    return true;
}

const struct view_ops log_view = {
    .name = "log",
    .title = N_("Log"),
    .argument = "SERVER [LOG]",
    .help = N_("a server's logs, followed as they grow"),
    .size = sizeof(struct log),
    .open = log_open,
    .close = log_close,
    .wants = wants,
    .receive = receive,
    .draw = draw,
    .key = key,
    .command = command,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .pick = pick,
    .filter = filter,
    .set_filter = set_filter,
    .search_hint = N_("words to look for in the log"),
};
