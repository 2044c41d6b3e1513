/* A configuration file: problems that are whole lines, never a crash, and reads that agree with the check. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {"mqtt", "icmp", NULL};
static const struct config_key source_keys[] = {
    {.name = "name", .type = CONFIG_TEXT, .required = true, .help = "what screens call it"},
    {.name = "type", .type = CONFIG_CHOICE, .choices = types},
    {.name = "interval", .type = CONFIG_SPAN, .minimum = 1000, .maximum = 3600000},
    {.name = "port", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 65535},
    {.name = "weight", .type = CONFIG_NUMBER},
    {.name = "enabled", .type = CONFIG_BOOL},
    {.name = "topics", .type = CONFIG_TEXT_LIST},
    {NULL},
};
static const struct config_key keys[] = {
    {.name = "site", .type = CONFIG_MAP, .keys = source_keys},
    {.name = "sources", .type = CONFIG_LIST, .keys = source_keys},
    {.name = "store", .type = CONFIG_PATH},
    {.name = "any", .type = CONFIG_ANY},
    {NULL},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config_problems problems;
    config_problems_init(&problems);
    struct config *config = config_new();
    /* Twice, so that merging runs over what it made itself; in two halves, for a truncated one. */
    bool done = config_load_text(config, "first.yml", (const char *)data, size, &problems) &&
                config_load_text(config, "again.yml", (const char *)data, size, &problems);
    config_load_text(config, "half.yml", (const char *)data, size / 2, &problems);
    if (!done && !problems.count)
        abort();
    unsigned before = problems.count;
    const struct config_node *root = config_root(config);
    if (config_check(root, keys, &problems) != (problems.count == before))
        abort();
    const struct config_node *sources = config_get(root, "sources");
    for (size_t i = 0; i < config_count(sources); i++) {
        const struct config_node *source = config_at(sources, i);
        int64_t port = config_integer(source, "port", 1);
        msec interval = config_span(source, "interval", 1000);
        config_text(source, "name", "");
        config_number(source, "weight", 0);
        config_bool(source, "enabled", true);
        if (problems.count == 0 && (port < 1 || port > 65535 || interval < 1000 || interval > 3600000))
            abort();
    }
    const char *text = buffer_text(&problems.text);
    if (!text_is_utf8(text, problems.text.length) || (problems.text.length && text[problems.text.length - 1] != '\n'))
        abort();
    config_free(&config);
    config_problems_release(&problems);
    return 0;
}
