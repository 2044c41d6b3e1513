#include "command/keymap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

struct keymap {
    struct binding *bindings;
    size_t count, capacity;
};

static void bind_key(struct keymap *keymap, const char *view, size_t view_length, const struct key_event *key,
                     const struct command *command, const char *argument)
{
    ARRAY_RESERVE(keymap->bindings, keymap->capacity, keymap->count + 1);
    struct binding *binding = &keymap->bindings[keymap->count];
    memset(binding, 0, sizeof *binding);
    snprintf(binding->view, sizeof binding->view, "%.*s", (int)view_length, view);
    binding->key = *key;
    binding->command = command; /* NULL: unbound here */
    binding->argument = memory_text(argument);
    binding->order = (unsigned)keymap->count++;
}

struct keymap *keymap_new(void)
{
    struct keymap *keymap = memory_new(sizeof *keymap);
    for (unsigned i = 0; i < command_count; i++) {
        const char *views = commands[i].views, *view;
        size_t view_length;
        while ((view = command_next_word(&views, &view_length))) {
            const char *keys = commands[i].keys, *name;
            size_t length;
            while ((name = command_next_word(&keys, &length))) {
                char text[24];
                struct key_event key;
                snprintf(text, sizeof text, "%.*s", (int)length, name);
                if (key_parse(text, &key)) /* a unit test pins that each default key is one */
                    bind_key(keymap, view, view_length, &key, &commands[i], "");
            }
        }
    }
    return keymap;
}

void keymap_free(struct keymap **pointer)
{
    struct keymap *keymap = *pointer;
    if (!keymap)
        return;
    for (size_t i = 0; i < keymap->count; i++)
        free(keymap->bindings[i].argument);
    free(keymap->bindings);
    free(keymap);
    *pointer = NULL;
}

const struct binding *keymap_find(const struct keymap *keymap, const char *view, const struct key_event *key)
{
    const struct binding *general = NULL;
    for (size_t i = keymap->count; i-- > 0;) {
        const struct binding *binding = &keymap->bindings[i];
        if (!key_equal(&binding->key, key))
            continue;
        if (strcmp(binding->view, view) == 0)
            return binding->command ? binding : NULL;
        if (!general && strcmp(binding->view, "*") == 0)
            general = binding;
    }
    return general && general->command ? general : NULL;
}

unsigned keymap_keys(const struct keymap *keymap, const struct command *command, const char *view, struct buffer *out)
{
    unsigned count = 0;
    for (size_t i = 0; i < keymap->count; i++) {
        const struct binding *binding = &keymap->bindings[i];
        if (binding->command != command || (binding->argument && *binding->argument))
            continue;
        if (view && strcmp(binding->view, "*") != 0 && strcmp(binding->view, view) != 0)
            continue;
        if (keymap_find(keymap, view ? view : binding->view, &binding->key) != binding)
            continue; /* taken by another */
        bool told = false; /* one key in several views is told once */
        for (size_t k = 0; k < i && !told; k++)
            told = keymap->bindings[k].command == command && key_equal(&keymap->bindings[k].key, &binding->key);
        if (told && !view)
            continue;
        char name[24];
        key_name(&binding->key, name);
        if (count++)
            buffer_append_char(out, ' ');
        buffer_append_text(out, name);
    }
    return count;
}

/* ---- the file ---- */

struct words { const char *word[4]; size_t length[4]; unsigned count; const char *rest; };

/* Up to four words; `rest` is where the fourth begins. */
static void split(const char *line, size_t length, struct words *words)
{
    const char *end = line + length;
    memset(words, 0, sizeof *words);
    words->rest = end;
    while (words->count < 4) {
        while (line < end && (*line == ' ' || *line == '\t'))
            line++;
        if (line == end || (*line == '#' && words->count == 0))
            return;
        const char *start = line;
        while (line < end && *line != ' ' && *line != '\t')
            line++;
        if (words->count == 3)
            words->rest = start;
        words->word[words->count] = start;
        words->length[words->count++] = (size_t)(line - start);
    }
}

static bool word_is(const struct words *words, unsigned index, const char *text)
{
    return index < words->count && words->length[index] == strlen(text) &&
           memcmp(words->word[index], text, words->length[index]) == 0;
}

static bool view_known(const char *view, size_t length)
{
    char name[32];
    snprintf(name, sizeof name, "%.*s", (int)length, view);
    if (strcmp(name, "*") == 0)
        return true;
    for (unsigned i = 0; i < command_count; i++)
        if (command_word_in(commands[i].views, name))
            return true;
    return false;
}

static bool parse_line(struct keymap *keymap, const char *line, size_t length, struct error *error)
{
    struct words words;
    split(line, length, &words);
    if (!words.count)
        return true;
    bool unbind = word_is(&words, 0, "unbind");
    if (!unbind && !word_is(&words, 0, "bind"))
        return error_set(error, ERROR_INVALID, "expected `bind VIEW KEY COMMAND` or `unbind VIEW KEY`, got `%.*s`",
                         (int)words.length[0], words.word[0]);
    if (words.count < (unbind ? 3u : 4u))
        return error_set(error, ERROR_INVALID, unbind ? "expected `unbind VIEW KEY`" : "expected `bind VIEW KEY COMMAND`");
    if (!view_known(words.word[1], words.length[1]))
        return error_set(error, ERROR_INVALID, "no view `%.*s`: see `nocturne --help`, or * for all",
                         (int)words.length[1], words.word[1]);
    char name[24];
    struct key_event key;
    snprintf(name, sizeof name, "%.*s", (int)words.length[2], words.word[2]);
    if (!key_parse(name, &key))
        return error_set(error, ERROR_INVALID, "no key `%.*s`: expected one like j, C-d, F5, Space, Enter",
                         (int)words.length[2], words.word[2]);
    if (unbind) {
        bind_key(keymap, words.word[1], words.length[1], &key, NULL, "");
        return true;
    }
    const struct command *command = command_find(words.word[3], words.length[3]);
    if (!command || !*command->views)
        return error_set(error, ERROR_INVALID, "no command `%.*s` in the console", (int)words.length[3], words.word[3]);
    const char *argument = words.word[3] + words.length[3], *end = line + length;
    while (argument < end && (*argument == ' ' || *argument == '\t'))
        argument++;
    char *copy = memory_text_n(argument, (size_t)(end - argument));
    bind_key(keymap, words.word[1], words.length[1], &key, command, copy);
    free(copy);
    return true;
}

bool keymap_parse(struct keymap *keymap, const char *file, const char *text, size_t length, struct error *error)
{
    const char *end = text + length;
    for (unsigned number = 1; text < end; number++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline ? newline : end;
        size_t line = (size_t)(stop - text);
        if (line && text[line - 1] == '\r')
            line--;
        if (!parse_line(keymap, text, line, error))
            return error_prefix(error, "%s:%u", file, number);
        text = newline ? newline + 1 : end;
    }
    return true;
}

bool keymap_load(struct keymap *keymap, const char *path, struct error *error)
{
    struct buffer text = BUFFER_INIT;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return errno == ENOENT || error_set(error, ERROR_INVALID, "%s: %s", path, strerror(errno));
    char bytes[4096];
    ssize_t length;
    while ((length = read(file, bytes, sizeof bytes)) > 0 && text.length < 1u << 20)
        buffer_append(&text, bytes, (size_t)length);
    close(file);
    bool good = keymap_parse(keymap, path, buffer_text(&text), text.length, error);
    buffer_release(&text);
    return good;
}

char *keymap_default_path(void)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (config && *config)
        return memory_printf("%s/nocturne/keys", config);
    return home && *home ? memory_printf("%s/.config/nocturne/keys", home) : NULL;
}
