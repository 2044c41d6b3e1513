/* `notify:` from any text, and what receivers may answer: read, checked, freed; details cleaned and redacted. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/channel.h"
#include "engine/notify.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void redact(const char *text, size_t size)
{
    struct secrets secrets = {0};
    char out[64];
    char key[9] = "";
    memcpy(key, text, size < 8 ? size : 8);
    secrets_add(&secrets, key);
    secrets_redact(&secrets, text, size, out, sizeof out);
    bool plain = text_is_utf8(key, strlen(key)) && !strchr(key, '*'); /* the mark is made of stars */
    if (secrets.count && plain && strstr(out, key))
        abort();
    secrets_release(&secrets);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct config_problems problems;
    struct config *config = config_new();
    struct sending sending = {.to = "1\"", .title = "a&b", .text = "\n", .json = "{}", .id = "N"};
    struct buffer out = BUFFER_INIT;
    char *text = malloc(size + 1);
    memcpy(text, bytes, size);
    text[size] = '\0';
    config_problems_init(&problems);
    if (config_load_text(config, "fuzz.yml", text, size, &problems) && config_check(config_root(config), notify_keys, &problems)) {
        struct notify_plan *plan = notify_plan_read(config_root(config), "site", "zh_CN", &problems);
        notify_plan_free(&plan);
    }
    for (int style = TEMPLATE_PLAIN; style <= TEMPLATE_JSON; style++)
        template_expand(&out, text, (enum template_style)style, &sending);
    template_check(NULL, text, NULL);
    redact(text, size);
    buffer_release(&out);
    config_problems_release(&problems);
    config_free(&config);
    free(text);
    return 0;
}
