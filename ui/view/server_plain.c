/* The server page as numbered lines. */
#include <math.h>

#include "base/memory.h"
#include "term/locale.h"
#include "view/parts.h"
#include "view/server.h"

#define ROWS_MOST 40u

static void print_row(struct server_page *page, enum section section, unsigned index, struct buffer *out)
{
    const struct section_ops *ops = server_sections[section];
    struct table_row row = {0};
    ops->fill(page, index, &row);
    for (unsigned i = 0; i < ops->column_count; i++) {
        const char *text = row.cells[i].text;
        if (!text || !*text || !*ops->columns[i].title)
            continue;
        buffer_printf(out, "  %s %s", _(ops->columns[i].title), text);
    }
    for (unsigned i = 0; i < ops->column_count; i++) /* remarks have no title */
        if (row.cells[i].text && *row.cells[i].text && !*ops->columns[i].title && ops->columns[i].weight)
            buffer_printf(out, "  %s", row.cells[i].text);
    buffer_append_char(out, '\n');
}

static void print_head(struct server_page *page, struct view *view, struct buffer *out)
{
    const struct wire_server *server = server_row(page);
    const struct host *host = page->host;
    char one[FIGURE_TEXT], two[FIGURE_TEXT], three[FIGURE_TEXT], four[FIGURE_TEXT], age[SPAN_TEXT];
    buffer_printf(out, "%s  %s  %s  %s  %s\n", page->id, health_word(server->health), server->name, server->place, server->system);
    if (*server->evidence)
        buffer_printf(out, "  %s\n", server->evidence);
    buffer_printf(out, "  cpu %s %%  %s %s %%  %s %s %% %s  %s %s\n", percent_text(one, server->cpu), _("memory"),
                  percent_text(two, server->memory), _("disk"), percent_text(three, server->disk), server->disk_mount, _("load"),
                  number_text(four, server->load1));
    if (host)
        buffer_printf(out, "  %s %s  %s %s\n", _("uptime"), days_text(one, host->uptime), _("data age"),
                      age_text(age, host->taken, view->host_ops->now(view->host)));
    else
        buffer_printf(out, "  %s\n", page->past ? _("nothing was stored of it then") : _("it has not answered yet"));
}

void server_plain(struct view *view, struct buffer *out)
{
    struct server_page *page = view->state;
    if (!page->have) {
        buffer_printf(out, "%s\n", page->problem);
        return;
    }
    print_head(page, view, out);
    for (unsigned i = 0; i < SECTION_COUNT; i++)
        for (unsigned row = 0; i != page->section && row < page->sections[i].count && page->sections[i].wrong; row++)
            if (server_sections[i]->wrong(page, page->sections[i].rows[row].index)) {
                buffer_printf(out, "  ! %s:", _(server_sections[i]->title));
                print_row(page, (enum section)i, page->sections[i].rows[row].index, out);
            }
    const struct section_state *state = &page->sections[page->section];
    buffer_printf(out, "%s %u\n", _(server_sections[page->section]->title), state->count);
    for (unsigned row = 0; row < state->count && row < ROWS_MOST; row++) {
        buffer_printf(out, "%3u", row + 1);
        print_row(page, page->section, state->rows[row].index, out);
    }
}
