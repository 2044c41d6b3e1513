/* Any text said by the shipped book, and any format with any translation of it: what is not known comes back as it was, and
 * what comes back is what a book without kept translations says. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/phrase.h"

static void say(struct phrasebook *book, const char *text)
{
    struct buffer once = BUFFER_INIT, again = BUFFER_INIT;
    bool known = phrasebook_say(book, &once, text);
    phrasebook_say(book, &again, text);
    if (strcmp(buffer_text(&once), buffer_text(&again)) != 0 || (!known && strcmp(buffer_text(&once), text) != 0))
        abort();
    buffer_release(&once);
    buffer_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct phrasebook *shipped;
    if (!shipped)
        shipped = phrasebook_new("zh_CN");
    char *text = memory_text_n((const char *)data, size);
    say(shipped, text);
    /* Lines: format, translation, format, translation, ..., text. */
    struct phrase_pair pairs[8];
    size_t count = 0;
    char *line = text, *end;
    while (count < 8 && (end = strchr(line, '\n'))) {
        *end = '\0';
        pairs[count].format = line;
        line = end + 1;
        if (!(end = strchr(line, '\n')))
            break;
        *end = '\0';
        pairs[count++].translation = line;
        line = end + 1;
    }
    struct phrasebook *own = phrasebook_of(pairs, count);
    say(own, line);
    phrasebook_free(&own);
    free(text);
    return 0;
}
