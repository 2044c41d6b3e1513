/* Prints the reference part of nocturne.yml(5) from the tables that check the configuration, so that the manual and
 * the checks cannot differ. Run by the build: describe TEMPLATE. In the template a line @KEYS@, @SOURCES@, @CHANNELS@,
 * @APPLICATIONS@, @CHECKS@ or @RULES@ stands for a list. */
#include <stdio.h>
#include <string.h>

#include "collect/check.h"
#include "collect/collector.h"
#include "daemon/settings.h"
#include "engine/applications.h"
#include "engine/channel.h"
#include "model/rule.h"

static const char *const type_names[] = {
    [CONFIG_TEXT] = "text", [CONFIG_INTEGER] = "integer", [CONFIG_NUMBER] = "number", [CONFIG_BOOL] = "true or false",
    [CONFIG_SPAN] = "span", [CONFIG_CHOICE] = "one of", [CONFIG_PATH] = "path", [CONFIG_FILTER] = "filter",
    [CONFIG_TEXT_LIST] = "text, or a list", [CONFIG_LIST] = "list", [CONFIG_MAP] = "mapping", [CONFIG_ANY] = "",
};

/* A line of mdoc must not begin with a dot or quote, and backslashes are escapes. */
static void print_text(const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", stdout);
    for (; *text; text++)
        if (*text == '\\')
            fputs("\\e", stdout);
        else
            putchar(*text);
}

static void print_keys(const struct config_key *keys)
{
    printf(".Bl -tag -width Ds -compact\n");
    for (; keys->name; keys++) {
        printf(".It Cm %s", keys->name);
        if (type_names[keys->type][0])
            printf(" Pq Sy %s", type_names[keys->type]);
        putchar('\n');
        for (const char *const *choice = keys->choices; keys->type == CONFIG_CHOICE && choice && *choice; choice++)
            printf(".Cm %s%s\n", *choice, choice[1] ? " ," : " .");
        print_text(keys->required ? "Required. " : "");
        print_text(keys->help ? keys->help : "");
        putchar('\n');
        if (keys->keys)
            print_keys(keys->keys);
    }
    printf(".El\n");
}

static void print_sources(void)
{
    for (const struct collector_ops *const *ops = collector_all(); *ops; ops++) {
        printf(".Ss type: %s\n", (*ops)->type);
        print_text((*ops)->help);
        putchar('\n');
        if ((*ops)->keys && (*ops)->keys->name)
            print_keys((*ops)->keys);
    }
}

static void print_channels(void)
{
    for (const struct channel_ops *const *ops = channel_ops_all; *ops; ops++) {
        printf(".Ss type: %s\n", (*ops)->type);
        print_text((*ops)->help);
        putchar('\n');
        print_keys((*ops)->keys);
    }
    printf(".Ss every channel\n");
    print_keys(channel_keys);
}

static void print_checks(void)
{
    print_keys(check_keys);
    for (const struct check_ops *const *ops = check_all(); *ops; ops++) {
        printf(".Ss check type: %s\n", (*ops)->type);
        print_text((*ops)->help);
        putchar('\n');
        if ((*ops)->limits)
            printf("Limits for figures of which the configuration says none:\n");
        for (const char *const *limit = (*ops)->limits; limit && *limit; limit++) {
            print_text(*limit);
            printf("%s\n", limit[1] ? "," : ".");
        }
        print_keys((*ops)->keys);
    }
}

int main(int count, char **arguments)
{
    char line[1024];
    FILE *template = count == 2 ? fopen(arguments[1], "r") : NULL;
    if (!template) {
        fprintf(stderr, "usage: describe TEMPLATE\n");
        return 2;
    }
    while (fgets(line, sizeof line, template)) {
        if (strcmp(line, "@KEYS@\n") == 0)
            print_keys(settings_keys);
        else if (strcmp(line, "@SOURCES@\n") == 0)
            print_sources();
        else if (strcmp(line, "@CHANNELS@\n") == 0)
            print_channels();
        else if (strcmp(line, "@APPLICATIONS@\n") == 0)
            print_keys(application_keys);
        else if (strcmp(line, "@CHECKS@\n") == 0)
            print_checks();
        else if (strcmp(line, "@RULES@\n") == 0)
            print_keys(rule_keys);
        else
            fputs(line, stdout);
    }
    fclose(template);
    return 0;
}
