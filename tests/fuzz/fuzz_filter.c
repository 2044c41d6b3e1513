/* A filter's text: either an error with a column inside it, or a filter whose canonical text is a fixed point. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "model/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *subject_text(const void *subject, const char *field)
{
    (void)subject;
    return strlen(field) % 3 ? "3号楼 Pump 泵房" : NULL;
}

static bool subject_number(const void *subject, const char *field, double *number)
{
    (void)subject;
    *number = 31.2;
    return strlen(field) % 2;
}

static bool subject_has_value(const void *subject, const char *field, const char *pattern)
{
    (void)subject;
    (void)field;
    return text_glob(pattern, "spare");
}

static bool subject_under(const void *subject, const char *id)
{
    (void)subject;
    return id[0] == 'g';
}

static const char *subject_words(const void *subject)
{
    (void)subject;
    return "gw-012 3号泵房网关 pump 创新港 3号楼 b1";
}

static void offer(void *owner, const char *word)
{
    *(size_t *)owner += strlen(word);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct filter_subject_ops ops = {
        .text = subject_text,
        .number = subject_number,
        .has_value = subject_has_value,
        .under = subject_under,
        .words = subject_words,
    };
    const msec now = 1795201920000;
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    struct error error = {0};
    size_t offered = 0;
    filter_complete(text, offer, &offered);
    struct filter *typing = filter_parse(text, FILTER_TYPING, now, &error);
    if (typing)
        filter_match(typing, &ops, NULL);
    struct filter *filter = filter_parse(text, FILTER_STRICT, now, &error);
    int column = filter_error_column(text, now);
    if (!filter) {
        if (column < 1 || (size_t)column > strlen(text) + 1 || error.code != ERROR_INVALID ||
            !text_is_utf8(error.text, strlen(error.text)))
            abort();
    } else {
        if (column || !typing)
            abort();
        bool found = filter_match(filter, &ops, NULL);
        if (found != filter_match(typing, &ops, NULL))
            abort();
        char *canonical = filter_to_text(filter);
        struct filter *back = filter_parse(canonical, FILTER_STRICT, now, &error);
        /* Quotes and groups may lengthen the text past the limit. */
        if (!back && strlen(canonical) <= 65536 && !strstr(error.text, "nested"))
            abort();
        if (back) {
            char *again = filter_to_text(back);
            if (strcmp(canonical, again) || filter_match(back, &ops, NULL) != found)
                abort();
            free(again);
        }
        free(canonical);
        filter_free(&back);
    }
    filter_free(&filter);
    filter_free(&typing);
    free(text);
    return 0;
}
