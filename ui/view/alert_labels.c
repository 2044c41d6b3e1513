/* What came with an alert from elsewhere: its labels in one line of the head, and all of them, annotations and links too,
 * in a pane of the page, where each value can be copied. */
#include <string.h>

#include "base/memory.h"
#include "model/labels.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/parts.h"
#include "widget/wrap.h"
#include "window/layout.h"

#define NAME_MOST 24
#define HEAD_LABEL 12

unsigned alert_labels_count(const struct wire_alert *alert)
{
    const char *at = alert->labels;
    struct label label = {0};
    unsigned count = 0;
    while (label_next(&at, &label))
        count++;
    label_release(&label);
    return count;
}

bool alert_label_value(const struct wire_alert *alert, unsigned index, struct buffer *out)
{
    const char *at = alert->labels;
    struct label label = {0};
    bool found = false;
    while (!found && label_next(&at, &label))
        found = index-- == 0;
    if (found)
        buffer_append_text(out, buffer_text(&label.value));
    label_release(&label);
    return found;
}

/* "alertname=DiskFull severity=page": labels only, the annotations stand in the pane. */
static void labels_line(const struct wire_alert *alert, struct buffer *out)
{
    const char *at = alert->labels;
    struct label label = {0};
    while (label_next(&at, &label) && !label.annotation)
        buffer_printf(out, "%s%s=%s", out->length ? "  " : "", buffer_text(&label.name), buffer_text(&label.value));
    label_release(&label);
}

void alert_draw_label_line(const struct wire_alert *alert, struct surface *surface, struct rect *area)
{
    struct buffer text = BUFFER_INIT;
    struct rect room = {area->row, area->column + HEAD_LABEL + 1, area->rows >= 8 ? 2 : 1, area->columns - HEAD_LABEL - 2};
    labels_line(alert, &text);
    if (text.length && area->rows >= room.rows) {
        surface_text(surface, area->row, area->column, HEAD_LABEL, ROLE_DIM, _("labels"));
        rect_cut_top(area, wrap_draw(surface, room, ROLE_TEXT, buffer_text(&text)));
    }
    buffer_release(&text);
}

/* Rows that a value takes beside its name. */
static int value_rows(const struct label *label, int columns)
{
    int rows = wrap_count(buffer_text(&label->value), columns);
    return rows > 4 ? 4 : rows < 1 ? 1 : rows;
}

static bool is_link(const char *text)
{
    return strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
}

/* The first that is drawn, so that the cursor's is still in sight. */
static unsigned first_shown(const struct wire_alert *alert, unsigned cursor, int rows, int columns)
{
    unsigned first = 0;
    for (bool fits = false; !fits && first < cursor; first += !fits) {
        const char *at = alert->labels;
        struct label label = {0};
        int used = 0;
        for (unsigned i = 0; i <= cursor && label_next(&at, &label); i++)
            used += i >= first ? value_rows(&label, columns) : 0;
        label_release(&label);
        fits = used <= rows;
    }
    return first;
}

static void draw_one(struct surface *surface, struct rect *area, const struct label *label, int name, bool here)
{
    const char *value = buffer_text(&label->value);
    struct rect room = {area->row, area->column + name + 2, value_rows(label, area->columns - name - 2), area->columns - name - 2};
    if (room.rows > area->rows)
        room.rows = area->rows;
    if (here)
        surface_put(surface, area->row, area->column - 1, ROLE_CURSOR, glyph_code(GLYPH_CURSOR_BAR, surface->ascii));
    surface_text_cut(surface, area->row, area->column, name, label->annotation ? ROLE_DIM : ROLE_TEXT, buffer_text(&label->name),
                     TEXT_CUT_MIDDLE);
    wrap_draw(surface, room, here ? ROLE_STRONG : is_link(value) ? ROLE_HEADING : ROLE_TEXT, value);
    rect_cut_top(area, room.rows);
}

void alert_draw_labels(const struct wire_alert *alert, struct surface *surface, struct rect area, unsigned cursor, bool focused)
{
    const char *at = alert->labels;
    struct label label = {0};
    unsigned left_out = labels_left_out(at), count = alert_labels_count(alert);
    if (area.rows < 2 || !*alert->labels)
        return;
    struct rect head = rect_cut_top(&area, 1);
    int used = surface_text(surface, head.row, head.column, head.columns, ROLE_HEADING, _("labels and annotations")) + 2;
    if (left_out)
        surface_printf(surface, head.row, head.column + used, head.columns - used, ROLE_WARNING, _("%u more were too many or too long to keep"),
                       left_out);
    int name = NAME_MOST < area.columns / 3 ? NAME_MOST : area.columns / 3;
    unsigned first = first_shown(alert, cursor < count ? cursor : 0, area.rows, area.columns - name - 2);
    for (unsigned i = 0; area.rows > 0 && label_next(&at, &label); i++)
        if (i >= first)
            draw_one(surface, &area, &label, name, focused && i == cursor);
    label_release(&label);
}

void alert_labels_plain(const struct wire_alert *alert, struct buffer *out)
{
    const char *at = alert->labels;
    struct label label = {0};
    unsigned left_out = labels_left_out(at);
    while (label_next(&at, &label))
        buffer_printf(out, "  %s %s=%s\n", label.annotation ? _("annotation") : _("label"), buffer_text(&label.name), buffer_text(&label.value));
    if (left_out) {
        buffer_append_text(out, "  ");
        buffer_printf(out, _("%u more were too many or too long to keep"), left_out);
        buffer_append_char(out, '\n');
    }
    label_release(&label);
}
