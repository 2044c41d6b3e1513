/* `x` in the views of capacity and security: the expansion report (R043), or the security report of the last 31 days with or
 * without every breach (R361, R362), as a document, of what the view shows. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/internal.h"
#include "base/memory.h"
#include "term/locale.h"
#include "view/parts.h"

static const struct { char key; const char *format, *label; } formats[] = {
    {'t', "txt", N_("text")}, {'m', "md", "Markdown"}, {'c', "csv", "CSV"}, {'x', "xlsx", N_("spreadsheet (xlsx)")}};

/* What is asked for once its format is known; filter NULL: the report takes none. */
struct report_wish { const char *name; char *filter; };

static void wish_free(struct report_wish *wish)
{
    free(wish->filter);
    free(wish);
}

static char *report_name(const char *report, const char *format)
{
    char *name = app_dated_name(report), *dot = strrchr(name, '.');
    char *full = memory_printf("%.*s.%s", (int)(dot ? dot - name : 0), name, format);
    free(name);
    return full;
}

static void fetch(struct app *app, const char *format, const struct report_wish *wish, char *file)
{
    struct buffer resource = BUFFER_INIT, path = BUFFER_INIT;
    char to[INSTANT_TEXT] = "";
    if (app->at != CLOCK_NEVER)
        instant_format(to, app->at);
    buffer_printf(&resource, "/reports/%s", wish->name);
    client_path(&path, buffer_text(&resource), "format", format, "filter", wish->filter, "to", to, "language", locale_language(), NULL);
    app_say(app, ROLE_HINT, "%s", _("making the report ..."));
    app_carry_away(app, buffer_text(&path), file, false);
    buffer_release(&resource);
    buffer_release(&path);
}

static void chosen(struct app *app, int choice, void *owner)
{
    struct report_wish *wish = owner;
    for (unsigned i = 0; i < ARRAY_COUNT(formats); i++)
        if (choice == formats[i].key)
            fetch(app, formats[i].format, wish, report_name(wish->name, formats[i].format));
    wish_free(wish);
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

/* The whole as counts; of one control or its breaches, every one of them. */
static struct report_wish *wish_here(struct view *view)
{
    const char *name = view->ops->name;
    struct report_wish *wish = memory_new(sizeof *wish);
    bool trace = strcmp(name, "control") == 0 || strcmp(name, "breaches") == 0;
    wish->name = trace ? "security-trace" : strcmp(name, "security") == 0 ? "security" : "capacity";
    wish->filter = strcmp(wish->name, "capacity") == 0 ? filter_here(view) : NULL;
    return wish;
}

static char *question(const struct report_wish *wish)
{
    if (!wish->filter)
        return memory_text(strcmp(wish->name, "security") == 0 ? _("What each layer, measure and control counted in the last 31 days; into a file here.")
                                                               : _("Every breach of the last 31 days with its layers and measures; into a file here."));
    return *wish->filter ? memory_printf(_("Of what `%s` matches, from the readings of the last 30 days; into a file here."), wish->filter)
                         : memory_text(_("Of every server, from the readings of the last 30 days; into a file here."));
}

bool app_export_report(struct app *app, const char *file, struct error *error)
{
    struct dialog_choice choices[ARRAY_COUNT(formats)];
    struct report_wish *wish = wish_here(app_view(app));
    const char *dot = strrchr(file, '.');
    if (*file) {
        unsigned i = 0;
        while (i < ARRAY_COUNT(formats) && (!dot || strcmp(dot + 1, formats[i].format) != 0))
            i++;
        if (i < ARRAY_COUNT(formats))
            fetch(app, formats[i].format, wish, memory_text(file));
        wish_free(wish);
        return i < ARRAY_COUNT(formats) || error_set(error, ERROR_INVALID, "%s", _("export: a report's file ends in .txt, .md, .csv or .xlsx"));
    }
    for (unsigned i = 0; i < ARRAY_COUNT(formats); i++)
        choices[i] = (struct dialog_choice){formats[i].key, _(formats[i].label), ROLE_TEXT};
    char *text = question(wish);
    app_ask(app, &(struct dialog_options){.title = wish->filter ? _("Capacity and expansion report") : _("Security report"), .text = text,
                                          .choices = choices, .choice_count = ARRAY_COUNT(formats)}, chosen, wish);
    free(text);
    return true;
}
