/* Any text is either refused with a line or gives an expression that can be asked. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/expression.h"

static bool metric(const void *subject, const char *name, double *value)
{
    (void)subject;
    *value = (double)strlen(name) - 3;
    return name[0] != 'x';
}
static bool window(const void *subject, const char *name, msec span, double *oldest, double *newest, double *smallest,
                   double *largest, msec *covered)
{
    (void)subject, (void)name;
    *oldest = 1, *newest = 2, *smallest = 0, *largest = 3, *covered = span / 2;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct expression_asker asker = {.metric = metric, .window = window};
    char *text = memory_text_n((const char *)data, size);
    struct error error = {0};
    struct expression *expression = expression_parse(text, &error);
    if (!expression && error.text[0] == '\0')
        abort();
    if (expression) {
        double value, threshold;
        expression_truth(expression, &asker, NULL);
        expression_sides(expression, &asker, NULL, &value, &threshold);
        expression_free(&expression);
    }
    free(text);
    return 0;
}
