#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Keep `text` one line of whole UTF-8 characters after vsnprintf may have cut it. */
static void error_tidy(char *text, bool cut)
{
    size_t length = strlen(text);
    if (cut) {
        size_t start = length;
        while (start > 0 && length - start < 4 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
            start--;
        if (start > 0 && (unsigned char)text[start - 1] >= 0xC0) {
            unsigned char lead = (unsigned char)text[start - 1];
            size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
            if (length - (start - 1) < need)
                text[start - 1] = '\0';
        }
    }
    for (char *at = text; *at; at++)
        if (*at == '\n' || *at == '\r')
            *at = ' ';
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
    error_tidy(text, wanted >= (int)sizeof text);
    error->code = code;
    memcpy(error->text, text, strlen(text) + 1);
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
    error_tidy(text, cut);
    memcpy(error->text, text, strlen(text) + 1);
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
