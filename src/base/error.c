#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/phrase.h"
#include "base/text.h"

/* Drop a character that vsnprintf cut in two at the end of its array. */
static void drop_half_character(char *text)
{
    size_t length = strlen(text), start = length;
    while (start > 0 && length - start < 3 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start > 0 && (unsigned char)text[start - 1] >= 0xC0 && !text_is_utf8(text + start - 1, length - start + 1))
        text[start - 1] = '\0';
}

/* Errors quote what others sent: the line is made safe to draw, and valid UTF-8. In a process with a reader of its own,
 * the console, it is in that language, whether it was made here or came from the daemon. */
static void error_fill(struct error *error, char *text, bool cut)
{
    if (cut)
        drop_half_character(text);
    text_clean_into(error->text, sizeof error->text, text, strlen(text));
    phrase_say_into(error->text, sizeof error->text);
}

bool error_set(struct error *error, enum error_code code, const char *format, ...)
{
    if (!error)
        return false;
    /* The arguments may point into error->text. */
    char text[sizeof error->text];
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    error->code = code;
    error_fill(error, text, wanted >= (int)sizeof text);
    return false;
}

bool error_prefix(struct error *error, const char *format, ...)
{
    if (!error)
        return false;
    char text[sizeof error->text];
    va_list arguments;
    va_start(arguments, format);
    int used = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (used < 0)
        used = 0;
    bool cut = used >= (int)sizeof text;
    if (!cut)
        cut = snprintf(text + used, sizeof text - (size_t)used, ": %s", error->text) >=
              (int)sizeof text - used;
    error_fill(error, text, cut);
    return false;
}

void error_clear(struct error *error)
{
    if (!error)
        return;
    error->code = ERROR_NONE;
    error->text[0] = '\0';
}

const char *error_code_name(enum error_code code)
{
    static const char *const names[] = {
        [ERROR_NONE] = "none",
        [ERROR_INVALID] = "invalid",
        [ERROR_NOT_FOUND] = "not-found",
        [ERROR_CONFLICT] = "conflict",
        [ERROR_DENIED] = "denied",
        [ERROR_UNAVAILABLE] = "unavailable",
        [ERROR_TIMEOUT] = "timeout",
        [ERROR_FULL] = "full",
        [ERROR_TOO_NEW] = "too-new",
        [ERROR_CORRUPT] = "corrupt",
        [ERROR_INTERNAL] = "internal",
    };
    if ((unsigned)code >= sizeof names / sizeof *names)
        return "internal";
    return names[code];
}
