#include "daemon/explain.h"

#include <stdio.h>
#include <string.h>

#define ROSTER_LINES 8u

/* The length of the first line of `text`, and in *next where the second begins. */
static int first_line(const char *text, const char **next)
{
    size_t length = strcspn(text, "\n");
    *next = text + length + (text[length] == '\n');
    return (int)length;
}

void lines_print(const char *text)
{
    for (const char *line = text, *next; *line; line = next) {
        int length = first_line(line, &next);
        fprintf(stderr, "%.*s\n", length, line);
    }
}

void lines_log(enum log_level level, const char *text)
{
    for (const char *line = text, *next; *line; line = next) {
        int length = first_line(line, &next);
        log_line(level, "%.*s", length, line);
    }
}

struct ledger_change *ledgers_read(const struct settings *settings, struct fleet *fleet, struct buffer *refused)
{
    char *const *paths;
    size_t count = settings_ledgers(settings, &paths);
    struct ledger_change *change = ledger_change_new(fleet);
    for (size_t i = 0; i < count; i++) {
        struct error error;
        if (!ledger_change_add_file(change, paths[i], &error))
            buffer_printf(refused, "%s\n", error.text);
    }
    ledger_change_close(change, false);
    return change;
}

void roster_lines(const struct roster *roster, struct buffer *out)
{
    struct buffer findings = BUFFER_INIT;
    unsigned count = roster ? roster_findings(roster, clock_wall(), ROSTER_LINES, &findings) : 0;
    for (const char *line = buffer_text(&findings), *next; *line; line = next) {
        int length = first_line(line, &next);
        buffer_printf(out, "shifts: %.*s\n", length, line);
    }
    if (count > ROSTER_LINES)
        buffer_printf(out, "shifts: and %u more in the coming week\n", count - ROSTER_LINES);
    buffer_release(&findings);
}

/* Of a configuration that can be used: what there is to say of it, and how much of that is wrong. */
static unsigned check_settings(struct settings *settings)
{
    const struct site *site = settings_site(settings);
    const struct config_problems *remarks = settings_remarks(settings);
    const struct settings_source *sources;
    size_t source_count = settings_sources(settings, &sources);
    struct buffer refused = BUFFER_INIT, roster = BUFFER_INIT;
    struct ledger_summary summary;
    lines_print(buffer_text(&remarks->text));
    struct ledger_change *change = ledgers_read(settings, NULL, &refused);
    ledger_change_summary(change, &summary);
    lines_print(buffer_text(&refused));
    lines_print(summary.problems);
    unsigned wrong = summary.rejected + summary.warnings + (refused.length > 0) + remarks->count;
    roster_lines(site->roster, &roster);
    lines_print(buffer_text(&roster)); /* to be looked at; a site may leave hours to nobody on purpose */
    if (!wrong)
        printf("%s: good: %zu source%s, %u ledger row%s, %zu contracted population%s\n",
               site->config_path[0] ? site->config_path : "no configuration", source_count, COUNTED(source_count, "", "s"),
               summary.rows, COUNTED(summary.rows, "", "s"), site->population_count, COUNTED(site->population_count, "", "s"));
    ledger_change_free(&change);
    buffer_release(&refused);
    buffer_release(&roster);
    return wrong;
}

int explain_run(const struct options *options)
{
    struct config_problems problems;
    struct site_counters counters = {.reloaded = CLOCK_NEVER};
    config_problems_init(&problems);
    struct settings *settings = settings_load(options, clock_wall(), &counters, &problems);
    lines_print(buffer_text(&problems.text));
    unsigned wrong = problems.count + (settings ? check_settings(settings) : 0);
    if (wrong)
        fprintf(stderr, "%u mistake%s\n", wrong, COUNTED(wrong, "", "s"));
    settings_free(&settings);
    config_problems_release(&problems);
    return wrong ? 2 : 0;
}
