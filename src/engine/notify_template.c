/* {words} in addresses, bodies and arguments of channels. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "engine/channel.h"

static const char *const words[] = {"to", "title", "text", "id", "json"};

static const char *word_value(const struct sending *sending, size_t word)
{
    const char *const values[] = {sending->to, sending->title, sending->text, sending->id, sending->json};
    return values[word];
}

/* The number of the word at `at` ("{to}...") or -1; *used gets its length. */
static int word_at(const char *at, size_t *used)
{
    for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
        size_t length = strlen(words[i]);
        if (strncmp(at + 1, words[i], length) == 0 && at[length + 1] == '}') {
            *used = length + 2;
            return (int)i;
        }
    }
    return -1;
}

void template_expand(struct buffer *out, const char *template, enum template_style style, const struct sending *sending)
{
    while (*template) {
        size_t used = 1;
        int word = *template == '{' ? word_at(template, &used) : -1;
        if (word < 0)
            buffer_append_char(out, *template);
        else if (style == TEMPLATE_URL)
            buffer_append_url(out, word_value(sending, (size_t)word));
        else if (style == TEMPLATE_JSON && strcmp(words[word], "json") != 0)
            json_append_inside(out, word_value(sending, (size_t)word), strlen(word_value(sending, (size_t)word)));
        else
            buffer_append_text(out, word_value(sending, (size_t)word));
        template += used;
    }
}

bool template_check(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    for (const char *at = strchr(text, '{'); at; at = strchr(at + 1, '{')) {
        size_t used, length = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_");
        if (length && at[length + 1] == '}' && word_at(at, &used) < 0)
            return error_set(error, ERROR_INVALID, "nothing is called {%.*s}: there are {to}, {title}, {text}, {id} and {json}",
                             (int)length, at + 1);
    }
    return true;
}
