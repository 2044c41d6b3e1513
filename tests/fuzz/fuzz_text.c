/* Every text function over bytes from outside: what comes out is clean, fits, and is stable. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
    if (!right)
        abort();
}

static void check_clean(const char *bytes, size_t size)
{
    struct buffer once = BUFFER_INIT, twice = BUFFER_INIT;
    bool same = text_clean(&once, bytes, size);
    check(text_is_utf8(buffer_text(&once), once.length));
    check(same == (once.length == size && !memcmp(buffer_text(&once), bytes, size)));
    check(text_clean(&twice, buffer_text(&once), once.length));
    for (size_t i = 0; i < once.length; i++)
        check((unsigned char)once.data[i] >= 0x20 && once.data[i] != 0x7F);
    char small[9];
    text_clean_into(small, sizeof small, bytes, size);
    check(text_is_utf8(small, strlen(small)));
    buffer_release(&once);
    buffer_release(&twice);
}

static void check_fit(const char *text, int columns)
{
    for (int mode = 0; mode < 12; mode++) {
        struct buffer out = BUFFER_INIT;
        text_ambiguous_wide(mode & 1);
        int used = text_fit(&out, text, columns, (enum text_cut)(mode / 4), mode & 2);
        check(used == text_width(buffer_text(&out)) && (used <= columns || used == 0));
        check(text_is_utf8(buffer_text(&out), out.length));
        buffer_release(&out);
    }
    text_ambiguous_wide(false);
}

static void check_fold(const char *text, const char *other)
{
    struct buffer once = BUFFER_INIT, twice = BUFFER_INIT;
    text_fold(&once, text, strlen(text));
    text_fold(&twice, buffer_text(&once), once.length);
    check(!strcmp(buffer_text(&once), buffer_text(&twice)));
    check(!text_compare_folded(text, buffer_text(&once)));
    int forth = text_compare_natural(text, other), back = text_compare_natural(other, text);
    check((forth > 0) == (back < 0) && (forth < 0) == (back > 0));
    if (!strchr(text, '*') && !strstr(text, "\xEF\xBC\x8A"))
        check(text_glob(text, text) && text_glob("*", text));
    text_glob(text, other);
    buffer_release(&once);
    buffer_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    check_clean(text, size);
    check_fit(text, size ? data[0] % 40 : 3);
    check_fold(text, text + strlen(text) / 2);
    double number, back;
    if (text_number(text, &number)) {
        char out[64];
        check(text_format_number(out, sizeof out, number) < 24);
        check(text_number(out, &back));
    }
    struct buffer converted = BUFFER_INIT;
    if (text_from_gb18030(&converted, text, size, NULL))
        check(text_is_utf8(buffer_text(&converted), converted.length));
    else
        check(converted.length == 0);
    buffer_release(&converted);
    free(text);
    return 0;
}
