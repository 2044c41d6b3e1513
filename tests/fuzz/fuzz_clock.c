/* Times and spans as people write them: what is taken reads back from its own formatted text. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    setenv("TZ", "America/St_Johns", 1);
    tzset();
    return 0;
}

static void check(bool right)
{
    if (!right)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    msec now = 1795201920000, instant, span, back;
    struct error error = {0};
    if (instant_parse(text, now, &instant, &error)) {
        char out[INSTANT_TEXT];
        check(*instant_format(out, instant) && instant_parse(out, now, &back, NULL) && back == instant);
        check(strlen(instant_format_short(out, instant, now)) <= 11);
        msec start = instant_day_start(instant);
        check(start <= instant && instant - start < 26 * SPAN_HOUR && instant_day(start) == instant_day(instant));
    } else {
        check(error.code == ERROR_INVALID && error.text[0]);
    }
    if (span_parse(text, &span, &error)) {
        char out[SPAN_TEXT];
        check(span >= 0 && span_parse(span_format(out, span), &back, NULL) && back == span);
        check(strlen(span_format_short(out, span)) <= 5);
    }
    if (size >= sizeof span) {
        char out[INSTANT_TEXT];
        memcpy(&span, data, sizeof span);
        check(strlen(span_format(out, span)) < SPAN_TEXT && strlen(span_format_short(out, span)) <= 5);
        instant_format(out, span);
        instant_format_short(out, span, now);
        instant_day_start(span);
        instant_day(span);
    }
    free(text);
    return 0;
}
