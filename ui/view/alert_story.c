/* What happened to an alert, told in as many lines as it takes: texts of people and machines are wrapped, not cut. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/parts.h"
#include "widget/wrap.h"
#include "window/layout.h"

#define WHO_MOST 14
#define VERB_MOST 18
#define ROOM_LEAST 20 /* columns beside the verb, below which a text begins on the next line */

const char *alert_verb_word(const char *verb)
{
    static const char *const words[] = {
        N_("raised"), N_("reopened"), N_("cleared"), N_("closed"), N_("worse"), N_("better"), N_("acknowledged"),
        N_("unacknowledged"), N_("assigned"), N_("noted"), N_("shelved"), N_("unshelved"), N_("re-ranked"), N_("ticketed"),
        N_("folded"), N_("unfolded"), N_("flapping"), N_("steady"), N_("suppressed"), N_("unsuppressed"), N_("reminded"),
        N_("silenced"), N_("unsilenced"), N_("restored"),
    };
    for (unsigned i = 0; i < ARRAY_COUNT(words); i++)
        if (strcmp(words[i], verb) == 0)
            return _(words[i]);
    return verb;
}

/* Lines one after another, of which those from `skip` on are drawn as far as the area goes; without a surface they are
 * counted. */
struct pen {
    struct surface *surface;
    struct rect area;
    unsigned line, skip;
};

/* Where the pen's line is on the surface; -1: not in sight. */
static int pen_row(const struct pen *pen)
{
    bool seen = pen->surface && pen->line >= pen->skip && pen->line - pen->skip < (unsigned)pen->area.rows;
    return seen ? pen->area.row + (int)(pen->line - pen->skip) : -1;
}

/* A word on the pen's line; returns the column after it. */
static int pen_word(const struct pen *pen, int column, int most, uint8_t role, const char *text, enum text_cut cut)
{
    int width = text_width(text), row = pen_row(pen);
    if (row >= 0)
        surface_text_cut(pen->surface, row, pen->area.column + column, most, role, text, cut);
    return column + (width < most ? width : most);
}

/* A text from `column` on, its further lines from `indent` on; the pen stands on its last line. */
static void pen_text(struct pen *pen, int column, int indent, uint8_t role, const char *text)
{
    for (const char *at = text; *at;) {
        size_t skip, length = strcspn(at, "\n"), used = wrap_line(at, length, pen->area.columns - column, &skip);
        if (pen_row(pen) >= 0) {
            struct buffer line = BUFFER_INIT;
            buffer_append(&line, at, used);
            pen_word(pen, column, pen->area.columns - column, role, buffer_text(&line), TEXT_CUT_END);
            buffer_release(&line);
        }
        at += used + skip;
        at += used + skip == length && *at == '\n';
        column = indent;
        pen->line += *at != '\0';
    }
}

/* A person's line stands out from a machine's; what does not fit goes on under the actor. */
static void pen_event(struct pen *pen, const struct wire_alert_event *event, msec now)
{
    char when[INSTANT_TEXT];
    bool person = strchr(event->actor, ':') != NULL;
    const char *actor = strncmp(event->actor, "user:", 5) == 0 ? event->actor + 5 : event->actor;
    int indent = pen_word(pen, 0, 12, ROLE_DIM, instant_format_short(when, event->time, now), TEXT_CUT_END) + 2;
    int column = pen_word(pen, indent, WHO_MOST, person ? ROLE_STRONG : ROLE_DIM, actor, TEXT_CUT_MIDDLE) + 2;
    column = pen_word(pen, column, VERB_MOST, person ? ROLE_TEXT : ROLE_DIM, alert_verb_word(event->verb), TEXT_CUT_END) + 2;
    if (*event->text && pen->area.columns - column < ROOM_LEAST && text_width(event->text) > pen->area.columns - column) {
        pen->line++;
        column = indent;
    }
    pen_text(pen, column, indent, ROLE_TEXT, event->text);
    pen->line++;
}

static unsigned write_timeline(const struct alert_detail *detail, struct surface *surface, struct rect area, unsigned skip, msec now)
{
    struct pen pen = {.surface = surface, .area = area, .skip = skip};
    for (unsigned i = 0; i < detail->page.timeline_count; i++)
        pen_event(&pen, &detail->page.timeline[i], now);
    return pen.line;
}

unsigned alert_timeline_lines(const struct alert_detail *detail, struct view *view, int columns)
{
    return write_timeline(detail, NULL, (struct rect){.columns = columns}, 0, view->host_ops->now(view->host));
}

void alert_draw_timeline(struct alert_detail *detail, struct view *view, struct surface *surface, struct rect *area, int rows, unsigned *back)
{
    unsigned lines = alert_timeline_lines(detail, view, area->columns), room = rows > 1 ? (unsigned)rows - 1 : 0;
    unsigned most = lines > room ? lines - room : 0;
    if (rows < 2 || !lines || area->rows < rows)
        return;
    if (*back > most)
        *back = most;
    struct rect head = rect_cut_top(area, 1), body = rect_cut_top(area, (int)(lines < room ? lines : room));
    int used = surface_text(surface, head.row, head.column, head.columns, ROLE_HEADING, _("timeline")) + 2;
    unsigned above = most - *back;
    if (above)
        used += surface_printf(surface, head.row, head.column + used, head.columns - used, ROLE_DIM, _("%u lines above"), above) + 2;
    if (*back)
        surface_printf(surface, head.row, head.column + used, head.columns - used, ROLE_DIM, _("%u lines below"), *back);
    write_timeline(detail, surface, body, above, view->host_ops->now(view->host));
    rect_cut_top(area, 1);
}

/* ---- before ---- */

void similar_text(struct buffer *out, const struct wire_similar *similar, msec now)
{
    char when[INSTANT_TEXT], span[SPAN_TEXT];
    if (similar->raised_at != CLOCK_NEVER)
        buffer_append_text(out, instant_format_short(when, similar->raised_at, now));
    if (*similar->fixed_by)
        buffer_printf(out, " %s", similar->fixed_by);
    if (similar->cleared_at != CLOCK_NEVER && similar->raised_at != CLOCK_NEVER && similar->cleared_at > similar->raised_at)
        buffer_printf(out, " %s", span_format_short(span, similar->cleared_at - similar->raised_at));
}

void alert_draw_similar(struct alert_detail *detail, struct view *view, struct surface *surface, struct rect *area)
{
    const struct wire_alert_page *page = &detail->page;
    if (area->rows < 1)
        return;
    surface_text(surface, area->row, area->column, area->columns, ROLE_HEADING,
                 page->similar_count ? _("before, and what helped") : _("nothing like it in 30 days"));
    rect_cut_top(area, 1);
    for (unsigned i = 0; i < page->similar_count && area->rows > 0; i++, rect_cut_top(area, 1)) {
        struct buffer text = BUFFER_INIT;
        similar_text(&text, &page->similar[i], view->host_ops->now(view->host));
        int used = surface_text(surface, area->row, area->column, 18, ROLE_DIM, page->similar[i].id) + 2;
        surface_text_cut(surface, area->row, area->column + used, area->columns - used, ROLE_TEXT, buffer_text(&text), TEXT_CUT_END);
        buffer_release(&text);
    }
    rect_cut_top(area, 1);
}
