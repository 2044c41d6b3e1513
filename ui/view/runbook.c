/* One runbook to follow: headings, numbered steps, commands to copy or to run (app/actions_step.c). Where it is missing the page says so
 * and what would put it there; where it lies elsewhere, its address. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/parts.h"
#include "view/runbook.h"
#include "view/view.h"
#include "widget/steps.h"
#include "window/layout.h"

extern const struct view_ops runbook_view;

struct runbook_view {
    char *name, *asset, *alert;    /* "": for nothing in particular */
    bool url, have;
    struct arena *arena;
    struct wire_runbook runbook;
    struct steps steps;
    size_t top, shown;
    int command;                   /* chosen; -1: none */
    char *search;                  /* as typed */
    struct buffer folded;
    bool found;
    bool missing;
    char problem[384];
    const char *target;
};

/* "NAME", "NAME\nASSET" or "NAME\nASSET\nALERT". */
static bool page_open(struct view *view, const char *argument, struct error *error)
{
    struct runbook_view *page = view->state;
    size_t length = strcspn(argument, "\n");
    if (!length)
        return error_set(error, ERROR_INVALID, "%s", _("runbook needs a name: `:runbook gateway`; `:runbooks` lists them"));
    page->name = memory_text_n(argument, length);
    const char *asset = argument[length] ? argument + length + 1 : "", *end = asset + strcspn(asset, "\n");
    page->asset = memory_text_n(asset, (size_t)(end - asset));
    page->alert = memory_text(*end ? end + 1 : "");
    page->url = strncmp(page->name, "http://", 7) == 0 || strncmp(page->name, "https://", 8) == 0;
    page->search = memory_text("");
    page->command = -1;
    return true;
}

static void page_close(struct view *view)
{
    struct runbook_view *page = view->state;
    steps_release(&page->steps);
    arena_free(&page->arena);
    buffer_release(&page->folded);
    free(page->name);
    free(page->asset);
    free(page->alert);
    free(page->search);
}

static void wants(struct view *view, struct view_wants *out)
{
    struct runbook_view *page = view->state;
    struct buffer resource = BUFFER_INIT, path = BUFFER_INIT;
    if (page->url)
        return;
    buffer_append_text(&resource, "/runbooks/");
    client_path_segment(&resource, page->name);
    client_path(&path, buffer_text(&resource), "language", locale_language(), "asset", page->asset, NULL);
    view_want(out, 0, "reload", 1000, buffer_text(&path));
    buffer_release(&resource);
    buffer_release(&path);
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct runbook_view *page = view->state;
    struct arena *arena = arena_new();
    struct wire_runbook runbook = {0};
    (void)slot;
    page->problem[0] = '\0';
    bool good = answer->error ? (*error = *answer->error, false) : wire_read_runbook(answer->body, answer->length, arena, &runbook, error);
    if (!good) {
        snprintf(page->problem, sizeof page->problem, "%s", error->text);
        page->missing = answer->status == 404;
        arena_free(&arena);
        error->text[0] = '\0'; /* the page says it */
        return false;
    }
    steps_release(&page->steps);
    arena_free(&page->arena);
    page->arena = arena;
    page->runbook = runbook;
    page->have = true;
    return true;
}

/* ---- drawing ---- */

static int draw_words(struct surface *surface, struct rect area, int row, uint8_t role, const char *text)
{
    if (row < area.rows)
        surface_text_cut(surface, area.row + row, area.column, area.columns, role, text, TEXT_CUT_END);
    return row + 1;
}

/* Never an empty screen: what is missing, why, and what would put it right. */
static void draw_missing(struct runbook_view *page, struct surface *surface, struct rect area)
{
    int row = 0;
    if (page->url) {
        row = draw_words(surface, area, row, ROLE_HEADING, _("This runbook lies elsewhere:")) + 1;
        row = draw_words(surface, area, row, ROLE_STRONG, page->name) + 1;
        draw_words(surface, area, row, ROLE_DIM, _("y copies the address; nothing is fetched from here"));
        return;
    }
    if (!page->problem[0]) {
        draw_words(surface, area, row, ROLE_DIM, _("loading ..."));
        return;
    }
    char *title = memory_printf(page->missing ? _("The runbook `%s` is missing") : _("The runbook `%s` cannot be shown"), page->name);
    char *remedy = memory_printf(_("Put %s.md into the folder that `runbooks:` names in the daemon's configuration,"), page->name);
    row = draw_words(surface, area, row, ROLE_ERROR, title) + 1;
    if (page->missing) {
        row = draw_words(surface, area, row, ROLE_TEXT, remedy);
        row = draw_words(surface, area, row, ROLE_TEXT, _("and reload it; or name another one at the rule.")) + 1;
    } else {
        row = draw_words(surface, area, row, ROLE_TEXT, page->problem) + 1;
    }
    row = draw_words(surface, area, row, ROLE_DIM, _("`nocturne config check` names every rule whose runbook is missing"));
    draw_words(surface, area, row, ROLE_DIM, _(":runbooks lists those there are"));
    free(title);
    free(remedy);
}

static void clamp(struct runbook_view *page)
{
    size_t last = page->steps.count > page->shown ? page->steps.count - page->shown : 0;
    if (page->top > last)
        page->top = last;
}

static void draw_headline(struct runbook_view *page, struct surface *surface, struct rect line)
{
    char right[80];
    snprintf(right, sizeof right, "%s", page->runbook.shipped ? _("shipped") : _("of this site"));
    if (page->steps.count > page->shown)
        snprintf(right, sizeof right, _("%zu-%zu of %zu"), page->top + 1, page->top + page->shown, page->steps.count);
    int tail = text_width(right);
    struct buffer text = BUFFER_INIT;
    buffer_append_text(&text, page->runbook.title);
    if (*page->runbook.asset)
        buffer_printf(&text, " · %s", page->runbook.asset);
    if (*page->search)
        buffer_printf(&text, "  /%s%s", page->search, page->found ? "" : _(" (not found)"));
    surface_text_cut(surface, line.row, line.column, line.columns - tail - 2, ROLE_STRONG, buffer_text(&text), TEXT_CUT_END);
    surface_text(surface, line.row, line.column + line.columns - 1 - tail, tail, ROLE_DIM, right);
    buffer_release(&text);
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct runbook_view *page = view->state;
    struct rect rest = area;
    if (rect_is_empty(area))
        return;
    rect_cut_left(&rest, 1);
    if (!page->have) {
        draw_missing(page, surface, rest);
        return;
    }
    struct rect head = rect_cut_top(&rest, 1);
    if (page->steps.columns != (rest.columns - 2 < 100 ? rest.columns - 2 : 100))
        steps_layout(&page->steps, &page->runbook, rest.columns - 2, false, surface->ascii);
    surface_rule(surface, rest.row, rest.column, rest.columns - 1);
    rect_cut_top(&rest, 1);
    page->shown = rest.rows > 0 ? (size_t)rest.rows : 0;
    clamp(page);
    draw_headline(page, surface, head);
    steps_draw(&page->steps, surface, rest, page->top, page->command, buffer_text(&page->folded));
}

/* ---- doing ---- */

static void show_line(struct runbook_view *page, size_t line)
{
    if (line < page->top || line >= page->top + page->shown)
        page->top = line > page->shown / 3 ? line - page->shown / 3 : 0;
    clamp(page);
}

static void scroll(struct runbook_view *page, long rows)
{
    if (rows < 0)
        page->top -= (size_t)-rows < page->top ? (size_t)-rows : page->top;
    else
        page->top += (size_t)rows;
    clamp(page);
}

static void choose(struct view *view, int step)
{
    struct runbook_view *page = view->state;
    int count = (int)page->steps.command_count;
    if (!count) {
        view->host_ops->say(view->host, ROLE_HINT, "%s", _("no step here carries a command"));
        return;
    }
    page->command = page->command < 0 ? (step > 0 ? 0 : count - 1) : (page->command + step + count) % count;
    show_line(page, steps_of_command(&page->steps, page->command));
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct runbook_view *page = view->state;
    long shown = page->shown > 1 ? (long)page->shown : 1;
    const struct { const char *name; long rows; } moves[] = {
        {"down", 1}, {"up", -1}, {"page-down", shown - 1}, {"page-up", 1 - shown}, {"half-down", shown / 2}, {"half-up", -shown / 2},
        {"top", -1000000}, {"bottom", 1000000}};
    (void)argument, (void)error;
    for (unsigned i = 0; i < ARRAY_COUNT(moves); i++)
        if (strcmp(name, moves[i].name) == 0) {
            scroll(page, moves[i].rows);
            return REACT_HANDLED | REACT_DRAW;
        }
    if (strcmp(name, "next-wrong") == 0 || strcmp(name, "previous-wrong") == 0)
        choose(view, strcmp(name, "next-wrong") == 0 ? 1 : -1);
    else if (strcmp(name, "back") == 0 && page->command >= 0)
        page->command = -1;
    else
        return REACT_IGNORED;
    return REACT_HANDLED | REACT_DRAW;
}

static enum reaction key(struct view *view, const struct key_event *event)
{
    if (event->special == KEY_MOUSE_ && (event->mouse == MOUSE_WHEEL_UP || event->mouse == MOUSE_WHEEL_DOWN)) {
        scroll(view->state, event->mouse == MOUSE_WHEEL_UP ? -3 : 3);
        return REACT_HANDLED | REACT_DRAW;
    }
    if (event->special == KEY_CHAR && event->code == ' ' && !event->control && !event->alt)
        return command(view, "page-down", "", NULL);
    return REACT_IGNORED;
}

/* What `y` copies: the chosen command, else the address. */
static void targets(struct view *view, struct view_targets *out)
{
    struct runbook_view *page = view->state;
    page->target = page->url ? page->name : page->have && page->command >= 0 ? page->steps.commands[page->command] : NULL;
    *out = (struct view_targets){.ids = &page->target, .count = page->target != NULL, .resource = "commands"};
}

bool runbook_chosen(struct view *view, struct runbook_choice *out)
{
    const struct runbook_view *page = view->state;
    if (view->ops != &runbook_view || !page->have || page->command < 0 || page->command >= (int)page->steps.command_count)
        return false;
    *out = (struct runbook_choice){.name = page->name, .command = page->steps.commands[page->command],
                                   .asset = page->runbook.asset, .alert = page->alert,
                                   .on_host = page->steps.on_host[page->command], .shipped = page->runbook.shipped};
    return true;
}

static void crumbs(struct view *view, struct buffer *out)
{
    struct runbook_view *page = view->state;
    site_crumbs(view, out, _("runbooks"), page->name, page->asset, NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    struct runbook_view *page = view->state;
    if (page->steps.command_count)
        buffer_printf(out, "n %s  ", _("next command"));
    if (page->url || page->command >= 0)
        buffer_printf(out, "y %s  ", _("copy"));
    if (page->have && page->command >= 0 && !page->runbook.shipped && !view->host_ops->read_only(view->host))
        buffer_printf(out, "X %s  ", _("run it"));
    buffer_printf(out, "/ %s  Esc %s", _("search"), _("back"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct runbook_view *page = view->state;
    struct steps steps = {0};
    if (!page->have) {
        buffer_printf(out, "%s\n", page->url ? page->name : page->problem);
        return;
    }
    steps_layout(&steps, &page->runbook, 80, true, true);
    for (size_t i = 0; i < steps.count; i++)
        buffer_printf(out, "%*s%s\n", steps.lines[i].indent, "", steps.lines[i].text);
    steps_release(&steps);
}

static const char *filter(struct view *view)
{
    return ((struct runbook_view *)view->state)->search;
}

static bool set_filter(struct view *view, const char *text, bool typing, struct error *error)
{
    struct runbook_view *page = view->state;
    char *copy = memory_text(text);
    (void)typing, (void)error;
    free(page->search);
    page->search = copy;
    buffer_clear(&page->folded);
    text_fold(&page->folded, copy, strlen(copy));
    page->found = true;
    if (!*copy || !page->have)
        return true;
    size_t line = steps_find(&page->steps, page->top, buffer_text(&page->folded));
    if (line == page->steps.count)
        line = steps_find(&page->steps, 0, buffer_text(&page->folded));
    page->found = line < page->steps.count;
    if (page->found)
        show_line(page, line);
    return true;
}

const struct view_ops runbook_view = {
    .name = "runbook",
    .title = N_("Runbook"),
    .argument = "NAME",
    .help = N_("what to do, step by step"),
    .size = sizeof(struct runbook_view),
    .open = page_open,
    .close = page_close,
    .wants = wants,
    .receive = receive,
    .draw = draw,
    .key = key,
    .command = command,
    .targets = targets,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .filter = filter,
    .set_filter = set_filter,
};
