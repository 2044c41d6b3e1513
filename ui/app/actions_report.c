/* `x` in the capacity view: the expansion report (R043) as a document, of what the view shows. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/internal.h"
#include "base/memory.h"
#include "term/locale.h"
#include "view/parts.h"

static const struct { char key; const char *format, *label; } formats[] = {
    {'t', "txt", N_("text")}, {'m', "md", "Markdown"}, {'c', "csv", "CSV"}, {'x', "xlsx", N_("spreadsheet (xlsx)")}};

static char *report_name(const char *format)
{
    char *name = app_dated_name("capacity"), *dot = strrchr(name, '.');
    char *full = memory_printf("%.*s.%s", (int)(dot ? dot - name : 0), name, format);
    free(name);
    return full;
}

static void fetch(struct app *app, const char *format, const char *filter, char *file)
{
    struct buffer path = BUFFER_INIT;
    char to[INSTANT_TEXT] = "";
    if (app->at != CLOCK_NEVER)
        instant_format(to, app->at);
    client_path(&path, "/reports/capacity", "format", format, "filter", filter, "to", to, "language", locale_language(), NULL);
    app_say(app, ROLE_HINT, "%s", _("making the report ..."));
    app_carry_away(app, buffer_text(&path), file, false);
    buffer_release(&path);
}

static void chosen(struct app *app, int choice, void *owner)
{
    char *filter = owner;
    for (unsigned i = 0; i < ARRAY_COUNT(formats); i++)
        if (choice == formats[i].key)
            fetch(app, formats[i].format, filter, report_name(formats[i].format));
    free(filter);
}

/* The list's filter, or the one server that a page is about. */
static char *filter_here(struct view *view)
{
    const char *filter = view->ops->filter ? view->ops->filter(view) : NULL;
    struct view_targets targets = {0};
    struct buffer text = BUFFER_INIT;
    if (view->ops->filter)
        return memory_text(filter ? filter : "");
    view->ops->targets(view, &targets);
    filter_value(&text, "id", targets.count ? targets.ids[0] : "");
    return buffer_take(&text);
}

bool app_export_report(struct app *app, const char *file, struct error *error)
{
    struct dialog_choice choices[ARRAY_COUNT(formats)];
    struct view *view = app_view(app);
    char *filter = filter_here(view);
    const char *dot = strrchr(file, '.');
    if (*file) {
        unsigned i = 0;
        while (i < ARRAY_COUNT(formats) && (!dot || strcmp(dot + 1, formats[i].format) != 0))
            i++;
        if (i < ARRAY_COUNT(formats))
            fetch(app, formats[i].format, filter, memory_text(file));
        free(filter);
        return i < ARRAY_COUNT(formats) || error_set(error, ERROR_INVALID, "%s", _("export: a report's file ends in .txt, .md, .csv or .xlsx"));
    }
    for (unsigned i = 0; i < ARRAY_COUNT(formats); i++)
        choices[i] = (struct dialog_choice){formats[i].key, _(formats[i].label), ROLE_TEXT};
    char *text = *filter ? memory_printf(_("Of what `%s` matches, from the readings of the last 30 days; into a file here."), filter)
                         : memory_text(_("Of every server, from the readings of the last 30 days; into a file here."));
    app_ask(app, &(struct dialog_options){.title = _("Capacity and expansion report"), .text = text, .choices = choices,
                                          .choice_count = ARRAY_COUNT(formats)}, chosen, filter);
    free(text);
    return true;
}
