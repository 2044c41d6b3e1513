#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "term/theme.h"
#include "term/theme_files.h"

#define THEME_BYTES 65536 /* more is no theme */

const struct theme_file theme_files[] = {
#include "themes.inc"
    {NULL, NULL},
};

/* Folders with themes, the person's own first; each is the caller's to free. NULL when there is none. */
static char *theme_folder(unsigned which)
{
    const char *configuration = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    switch (which) {
    case 0:
        if (configuration && configuration[0] == '/')
            return memory_printf("%s/nocturne/themes", configuration);
        return home && home[0] == '/' ? memory_printf("%s/.config/nocturne/themes", home) : NULL;
    case 1:
        return memory_text(NOCTURNE_PREFIX "/share/nocturne/themes");
    default:
        return NULL;
    }
}

#define THEME_FOLDERS 2

static struct theme *load_file(FILE *file, const char *path, struct error *error)
{
    char *text = memory_new(THEME_BYTES + 1);
    size_t length = fread(text, 1, THEME_BYTES + 1, file);
    struct theme *theme = NULL;
    if (ferror(file))
        error_set(error, ERROR_INVALID, "%s: %s", path, strerror(errno));
    else if (length > THEME_BYTES)
        error_set(error, ERROR_INVALID, "%s: larger than %d bytes: this is no theme", path, THEME_BYTES);
    else
        theme = theme_parse(path, text, length, error);
    free(text);
    return theme;
}

static struct theme *load_found(const char *name, bool *found, struct error *error)
{
    struct theme *theme = NULL;
    *found = false;
    for (unsigned i = 0; i < THEME_FOLDERS && !*found; i++) {
        char *folder = theme_folder(i);
        if (!folder)
            continue;
        char *path = memory_printf("%s/%s.theme", folder, name);
        FILE *file = fopen(path, "re");
        if (file) {
            *found = true;
            theme = load_file(file, path, error);
            fclose(file);
        }
        free(path);
        free(folder);
    }
    return theme;
}

struct theme *theme_load(const char *name, struct error *error)
{
    if (!name || !name[0])
        name = "night";
    if (strchr(name, '/')) {
        FILE *file = fopen(name, "re");
        if (!file) {
            error_set(error, ERROR_NOT_FOUND, "%s: %s", name, strerror(errno));
            return NULL;
        }
        struct theme *theme = load_file(file, name, error);
        fclose(file);
        return theme;
    }
    bool found;
    struct theme *theme = load_found(name, &found, error);
    if (found)
        return theme;
    for (const struct theme_file *file = theme_files; file->name; file++)
        if (strcmp(file->name, name) == 0)
            return theme_parse(name, file->text, strlen(file->text), error);
    struct buffer names = BUFFER_INIT;
    theme_list(&names);
    for (size_t i = 0; i < names.length; i++)
        if (names.data[i] == '\n')
            names.data[i] = i + 1 < names.length ? ' ' : '\0';
    error_set(error, ERROR_NOT_FOUND, "no theme is called \"%.40s\"; there are: %s", name, buffer_text(&names));
    buffer_release(&names);
    return NULL;
}

static bool listed(const struct buffer *out, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = buffer_text(out); *line; line = strchr(line, '\n') + 1)
        if (strncmp(line, name, length) == 0 && line[length] == '\n')
            return true;
    return false;
}

void theme_list(struct buffer *out)
{
    for (const struct theme_file *file = theme_files; file->name; file++)
        buffer_printf(out, "%s\n", file->name);
    for (unsigned i = 0; i < THEME_FOLDERS; i++) {
        char *folder = theme_folder(i);
        DIR *entries = folder ? opendir(folder) : NULL;
        struct dirent *entry;
        while (entries && (entry = readdir(entries))) {
            char *suffix = strrchr(entry->d_name, '.');
            if (!suffix || suffix == entry->d_name || strcmp(suffix, ".theme") != 0)
                continue;
            *suffix = '\0';
            if (!listed(out, entry->d_name))
                buffer_printf(out, "%s\n", entry->d_name);
        }
        if (entries)
            closedir(entries);
        free(folder);
    }
}
