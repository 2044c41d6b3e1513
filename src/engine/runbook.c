#include "engine/runbook.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "engine/runbook_text.h"

#define NAME_MOST 60
#define LANGUAGE_MOST 8

/* Generated from src/profiles/runbooks/ by mk/runbooks.mk: {"gateway.zh.md", "text"}, ... */
static const struct { const char *file, *text; } shipped[] = {
#include "runbooks.inc"
};

struct entry { char *name, *language, *text; size_t length; bool shipped; };
struct runbooks { struct entry *entries; size_t count, capacity, bytes; };

bool runbook_name_is_good(const char *name)
{
    size_t length = strlen(name);
    if (!length || length > NAME_MOST || *name == '-' || !text_is_utf8(name, length))
        return false;
    char clean[NAME_MOST + 1];
    if (!text_clean_into(clean, sizeof clean, name, length))
        return false;
    for (const unsigned char *at = (const unsigned char *)name; *at; at++)
        if (*at < 0x80 && !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", *at))
            return false;
    return true;
}

bool runbook_is_url(const char *name)
{
    return strncmp(name, "http://", 7) == 0 || strncmp(name, "https://", 8) == 0;
}

/* "gateway.zh.md" into name and language. False: not a runbook's file name. */
static bool split_name(const char *file, char name[NAME_MOST + 1], char language[LANGUAGE_MOST + 1])
{
    size_t length = strlen(file);
    if (length < 4 || strcmp(file + length - 3, ".md") != 0)
        return false;
    length -= 3;
    const char *dot = memchr(file, '.', length);
    size_t stem = dot ? (size_t)(dot - file) : length, rest = dot ? length - stem - 1 : 0;
    if (stem > NAME_MOST || rest > LANGUAGE_MOST || (dot && (!rest || strspn(dot + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") < rest)))
        return false;
    memcpy(name, file, stem);
    name[stem] = '\0';
    memcpy(language, dot ? dot + 1 : "", rest);
    language[rest] = '\0';
    return runbook_name_is_good(name);
}

static void add(struct runbooks *runbooks, const char *name, const char *language, char *text, size_t length, bool own)
{
    ARRAY_RESERVE(runbooks->entries, runbooks->capacity, runbooks->count + 1);
    runbooks->entries[runbooks->count++] =
        (struct entry){.name = memory_text(name), .language = memory_text(language), .text = text, .length = length, .shipped = !own};
    runbooks->bytes += own ? length : 0;
}

/* ---- a site's own ---- */

/* No link is followed and no path is built: what is read lies in this folder. */
static char *read_file(int folder, const char *file, size_t *length, const char **why)
{
    struct stat status;
    int fd = openat(folder, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    *why = errno == ELOOP ? N_("is a link: put the file itself there") : N_("cannot be read");
    if (fd < 0)
        return NULL;
    char *text = NULL;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        *why = N_("is not a file");
    } else if (status.st_size > RUNBOOK_BYTES_MOST) {
        *why = N_("is longer than 64 KiB: nobody follows that at night");
    } else {
        text = memory_new((size_t)status.st_size + 1);
        ssize_t got, all = 0;
        while (all < status.st_size && (got = read(fd, text + all, (size_t)(status.st_size - all))) > 0)
            all += got;
        *length = (size_t)all;
    }
    close(fd);
    return text;
}

static void take_file(struct runbooks *runbooks, int folder, const char *file, struct buffer *remarks)
{
    char name[NAME_MOST + 1], language[LANGUAGE_MOST + 1];
    const char *why = NULL;
    size_t length = 0;
    if (!split_name(file, name, language)) {
        buffer_printf(remarks, "%s: left out: a runbook is called NAME.md or NAME.zh.md, of letters, digits, - and _\n", file);
        return;
    }
    char *text = read_file(folder, file, &length, &why);
    if (text && (runbooks->count == RUNBOOKS_MOST || runbooks->bytes + length > RUNBOOKS_BYTES_MOST))
        why = N_("is more than all runbooks may be: 500 files, 8 MiB");
    else if (text && memchr(text, '\0', length))
        why = N_("is not a text");
    else if (text) {
        add(runbooks, name, language, text, length, true);
        return;
    }
    buffer_printf(remarks, "%s: left out: %s\n", file, why);
    free(text);
}

static int is_markdown(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 3 && strcmp(entry->d_name + length - 3, ".md") == 0;
}

static bool take_folder(struct runbooks *runbooks, const char *path, struct buffer *remarks)
{
    struct dirent **names;
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), count = folder < 0 ? -1 : scandirat(folder, ".", &names, is_markdown, alphasort);
    for (int i = 0; i < count; i++) {
        struct buffer clean = BUFFER_INIT;
        text_clean(&clean, names[i]->d_name, strlen(names[i]->d_name));
        if (strcmp(buffer_text(&clean), names[i]->d_name) == 0)
            take_file(runbooks, folder, names[i]->d_name, remarks);
        else
            buffer_printf(remarks, "%s: left out: a strange name\n", buffer_text(&clean));
        buffer_release(&clean);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    if (folder >= 0)
        close(folder);
    return count >= 0;
}

/* ---- all of them ---- */

static int compare(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    return order ? order : strcmp(a->language, b->language);
}

bool runbooks_load(struct runbooks **out, const char *folder, struct buffer *remarks)
{
    struct runbooks *runbooks = memory_new(sizeof *runbooks);
    bool good = !folder || take_folder(runbooks, folder, remarks);
    size_t own = runbooks->count;
    for (size_t i = 0; i < ARRAY_COUNT(shipped); i++) {
        char name[NAME_MOST + 1], language[LANGUAGE_MOST + 1];
        bool replaced = !split_name(shipped[i].file, name, language);
        for (size_t at = 0; !replaced && at < own; at++)
            replaced = strcmp(runbooks->entries[at].name, name) == 0;
        if (!replaced)
            add(runbooks, name, language, memory_text(shipped[i].text), strlen(shipped[i].text), false);
    }
    qsort(runbooks->entries, runbooks->count, sizeof *runbooks->entries, compare);
    *out = runbooks;
    return good;
}

struct runbooks *runbooks_of(const struct runbook *list, size_t count)
{
    struct runbooks *runbooks = memory_new(sizeof *runbooks);
    for (size_t i = 0; i < count; i++)
        if (runbook_name_is_good(list[i].name))
            add(runbooks, list[i].name, list[i].language, memory_text_n(list[i].text, list[i].length), list[i].length, !list[i].shipped);
    if (runbooks->count)
        qsort(runbooks->entries, runbooks->count, sizeof *runbooks->entries, compare);
    return runbooks;
}

void runbooks_free(struct runbooks **pointer)
{
    struct runbooks *runbooks = *pointer;
    if (!runbooks)
        return;
    for (size_t i = 0; i < runbooks->count; i++) {
        free(runbooks->entries[i].name);
        free(runbooks->entries[i].language);
        free(runbooks->entries[i].text);
    }
    free(runbooks->entries);
    free(runbooks);
    *pointer = NULL;
}

bool runbooks_at(const struct runbooks *runbooks, size_t index, struct runbook *runbook)
{
    if (!runbooks || index >= runbooks->count)
        return false;
    const struct entry *entry = &runbooks->entries[index];
    *runbook = (struct runbook){entry->name, entry->language, entry->text, entry->length, entry->shipped};
    return true;
}

/* How well a language serves a reader; 0 is worst. */
static int fitness(const char *language, const char *wanted)
{
    size_t stem = strcspn(wanted, "_.-@");
    if (*language && strcmp(language, wanted) == 0)
        return 4;
    if (*language && strlen(language) == stem && strncmp(language, wanted, stem) == 0)
        return 3;
    return !*language ? 2 : strcmp(language, "en") == 0;
}

bool runbooks_find(const struct runbooks *runbooks, const char *name, const char *language, struct runbook *runbook)
{
    struct runbook each;
    int best = -1;
    for (size_t i = 0; runbooks_at(runbooks, i, &each); i++) {
        int fits = strcmp(each.name, name) == 0 ? fitness(each.language, language) : -1;
        if (fits > best) {
            *runbook = each;
            best = fits;
        }
    }
    return best >= 0;
}

bool runbooks_have(const struct runbooks *runbooks, const char *name)
{
    struct runbook ignored;
    return runbooks_find(runbooks, name, "", &ignored);
}
