#include <string.h>

#include "base/memory.h"
#include "command/actions.h"
#include "command/command.h"
#include "term/locale.h"

const struct command commands[] = {
#define COMMAND(...) {__VA_ARGS__},
#include "command/commands.def"
#undef COMMAND
};
const unsigned command_count = ARRAY_COUNT(commands);

const char *command_next_word(const char **list, size_t *length)
{
    const char *at = *list;
    if (!at)
        return NULL;
    at += strspn(at, " ");
    *length = strcspn(at, " ");
    *list = at + *length;
    return *length ? at : NULL;
}

static bool word_in(const char *list, const char *word, size_t length)
{
    size_t have;
    for (const char *at; (at = command_next_word(&list, &have));)
        if (have == length && memcmp(at, word, length) == 0)
            return true;
    return false;
}

bool command_word_in(const char *list, const char *word)
{
    return word_in(list, word, strlen(word));
}

const struct command *command_find(const char *name, size_t length)
{
    for (unsigned i = 0; i < command_count; i++)
        if ((strlen(commands[i].name) == length && memcmp(commands[i].name, name, length) == 0) ||
            word_in(commands[i].aliases, name, length))
            return &commands[i];
    return NULL;
}

bool command_in_view(const struct command *command, const char *view)
{
    return strcmp(command->views, "*") == 0 || command_word_in(command->views, view);
}
