#include "term/locale.h"

#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/phrase.h"
#include "base/text.h"

#define DOMAIN "nocturne"

static const char common[] = "loading ..."; /* a text that every translation has */

#define KEPT 1024 /* texts at hand; a power of two, some times those of one screen */

/* What gettext said, by the text's words (a text may come from a table or from the daemon). A frame asks for sixty and
 * more, and a catalogue's locks and trees made a tenth of it. Of the whole process, as setlocale and the catalogue. */
static struct kept { char *text; const char *translation; /* NULL: the text itself */ } kept[KEPT];
static bool translated; /* there is anything to look up */

/* The language may be another one now. */
static void language_changed(void)
{
    for (size_t i = 0; i < KEPT; i++) {
        free(kept[i].text);
        kept[i] = (struct kept){0};
    }
    textdomain(DOMAIN); /* makes gettext look again */
    translated = gettext(common) != common;
    phrase_language(locale_is_utf8() ? locale_language() : "en");
}

const char *locale_text(const char *text)
{
    if (!translated)
        return text;
    struct kept *slot = &kept[text_hash(TEXT_HASH, text) & (KEPT - 1)];
    if (!slot->text || strcmp(slot->text, text) != 0) {
        const char *translation = gettext(text);
        free(slot->text);
        *slot = (struct kept){memory_text(text), translation == text ? NULL : translation};
    }
    return slot->translation ? slot->translation : text;
}

/* The value that decides the characters, as setlocale ranks them. */
static const char *asked_locale(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        const char *value = getenv(names[i]);
        if (value && value[0])
            return value;
    }
    return "";
}

static bool asks_for_utf8(const char *name)
{
    return strcasestr(name, "utf-8") || strcasestr(name, "utf8");
}

/* "zh_CN.UTF-8" asked for on a machine that never generated it: the characters of C.UTF-8, the texts of zh_CN. */
static void settle_for_utf8(const char *asked)
{
    if (!setlocale(LC_ALL, "C.UTF-8"))
        return;
    char *language = memory_text_n(asked, strcspn(asked, ".@"));
    if (strcmp(language, "C") != 0 && !getenv("LANGUAGE"))
        setenv("LANGUAGE", language, 1);
    free(language);
}

static bool is_folder_of_translations(const char *path)
{
    char *sample = memory_printf("%s/zh_CN/LC_MESSAGES/" DOMAIN ".mo", path);
    bool found = access(sample, R_OK) == 0;
    free(sample);
    return found;
}

static char *translations_folder(void)
{
    const char *told = getenv("NOCTURNE_LOCALEDIR");
    if (told && told[0])
        return memory_text(told);
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    char *slash = length > 0 ? memrchr(path, '/', (size_t)length) : NULL;
    if (slash) {
        *slash = '\0';
        char *beside = memory_printf("%s/locale", path);
        if (is_folder_of_translations(beside))
            return beside;
        free(beside);
    }
    return memory_text(NOCTURNE_PREFIX "/share/locale");
}

void locale_init(void)
{
    const char *asked = asked_locale();
    if (!setlocale(LC_ALL, "") || (!locale_is_utf8() && asks_for_utf8(asked)))
        if (asks_for_utf8(asked))
            settle_for_utf8(asked);
    setlocale(LC_NUMERIC, "C"); /* numbers are read and written with a point everywhere */
    char *folder = translations_folder();
    bindtextdomain(DOMAIN, folder);
    bind_textdomain_codeset(DOMAIN, "UTF-8");
    free(folder);
    language_changed();
}

bool locale_prefer(const char *language)
{
    const char *asked = asked_locale(), *messages = getenv("LC_MESSAGES");
    bool neutral = strncmp(asked, "C.", 2) == 0 && asks_for_utf8(asked); /* says characters, not language */
    if (getenv("LANGUAGE") || (messages && messages[0]) || (asked[0] && !neutral) || !locale_is_utf8())
        return false;
    const char *before = gettext(common);
    setenv("LANGUAGE", language, 1);
    language_changed();
    return strcmp(before, gettext(common)) != 0;
}

const char *locale_language(void)
{
    const char *chosen = getenv("LANGUAGE"), *locale = setlocale(LC_MESSAGES, NULL);
    if (chosen && *chosen)
        return chosen;
    return !locale || strcmp(locale, "POSIX") == 0 || strncmp(locale, "C", strcspn(locale, ".")) == 0 ? "en" : locale;
}

bool locale_is_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}
