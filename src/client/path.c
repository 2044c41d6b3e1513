#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "client/client.h"

static void append_escaped(struct buffer *out, const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~,:";
    for (; *text; text++)
        if (strchr(plain, *text))
            buffer_append_char(out, *text);
        else
            buffer_printf(out, "%%%02X", (unsigned char)*text);
}

void client_path(struct buffer *out, const char *base, ...)
{
    va_list pairs;
    buffer_append_text(out, base);
    char separator = strchr(base, '?') ? '&' : '?';
    va_start(pairs, base);
    for (const char *name; (name = va_arg(pairs, const char *));) {
        const char *value = va_arg(pairs, const char *);
        if (!value || !*value)
            continue;
        buffer_append_char(out, separator);
        buffer_append_text(out, name);
        buffer_append_char(out, '=');
        append_escaped(out, value);
        separator = '&';
    }
    va_end(pairs);
}

void client_path_segment(struct buffer *out, const char *text)
{
    append_escaped(out, text);
}

char *client_default_socket(void)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    static const char service[] = "/run/nocturne/api.sock";
    if (!runtime || !*runtime)
        return memory_text(service);
    char *own = memory_printf("%s/nocturne/api.sock", runtime);
    if (access(own, F_OK) != 0 && access(service, F_OK) == 0) {
        free(own);
        return memory_text(service);
    }
    return own;
}
