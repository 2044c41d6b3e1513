#include "base/text.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/memory.h"
#include "base/plain_locale.h"

#define CODE_LAST 0x10FFFFu
#define CODE_REPLACEMENT 0xFFFDu
#define PAGE_CODES 256u
#define WIDTH_AMBIGUOUS 3 /* 1, or 2 once text_ambiguous_wide says so */

static pthread_once_t plain_once = PTHREAD_ONCE_INIT;
static locale_t plain_shared;

static void plain_open(void)
{
    plain_shared = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
}

locale_t plain_locale(void)
{
    pthread_once(&plain_once, plain_open);
    return plain_shared;
}

size_t text_decode(const char *bytes, size_t length, uint32_t *code)
{
    const unsigned char *b = (const unsigned char *)bytes;
    if (b[0] < 0x80) {
        *code = b[0];
        return 1;
    }
    if (b[0] >= 0xC2 && b[0] < 0xE0 && length >= 2 && (b[1] & 0xC0) == 0x80) {
        *code = (b[0] & 0x1Fu) << 6 | (b[1] & 0x3Fu);
        return 2;
    }
    if (b[0] >= 0xE0 && b[0] < 0xF0 && length >= 3 && (b[1] & 0xC0) == 0x80 && (b[2] & 0xC0) == 0x80) {
        uint32_t value = (b[0] & 0x0Fu) << 12 | (b[1] & 0x3Fu) << 6 | (b[2] & 0x3Fu);
        if (value >= 0x800 && (value < 0xD800 || value > 0xDFFF)) {
            *code = value;
            return 3;
        }
    }
    if (b[0] >= 0xF0 && b[0] < 0xF5 && length >= 4 && (b[1] & 0xC0) == 0x80 && (b[2] & 0xC0) == 0x80 &&
        (b[3] & 0xC0) == 0x80) {
        uint32_t value =
            (b[0] & 0x07u) << 18 | (b[1] & 0x3Fu) << 12 | (b[2] & 0x3Fu) << 6 | (b[3] & 0x3Fu);
        if (value >= 0x10000 && value <= CODE_LAST) {
            *code = value;
            return 4;
        }
    }
    *code = CODE_REPLACEMENT;
    return 1;
}

size_t text_encode(uint32_t code, char out[4])
{
    if (code > CODE_LAST || (code >= 0xD800 && code <= 0xDFFF))
        code = CODE_REPLACEMENT;
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

bool text_is_utf8(const char *bytes, size_t length)
{
    size_t at = 0;
    while (at < length) {
        uint64_t eight;
        if (length - at >= sizeof eight) {
            memcpy(&eight, bytes + at, sizeof eight);
            if (!(eight & 0x8080808080808080u)) {
                at += sizeof eight;
                continue;
            }
        }
        uint32_t code;
        size_t used = text_decode(bytes + at, length - at, &code);
        if (used == 1 && code == CODE_REPLACEMENT)
            return false;
        at += used;
    }
    return true;
}

/* -- columns ------------------------------------------------------------------------------------------- */

static const struct code_range {
    uint32_t first, last;
} ambiguous[] = {
#define X(first, last) {first, last},
#include "base/ambiguous.def"
#undef X
};

static _Atomic bool ambiguous_wide;
/* Widths of 256 codes a page, made when first asked for: a screen meets few of the 4,352 pages. */
static _Atomic(unsigned char *) width_pages[(CODE_LAST + 1) / PAGE_CODES];

void text_ambiguous_wide(bool wide)
{
    ambiguous_wide = wide;
}

static bool code_ambiguous(uint32_t code)
{
    size_t low = 0, high = ARRAY_COUNT(ambiguous);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code > ambiguous[middle].last)
            low = middle + 1;
        else if (code < ambiguous[middle].first)
            high = middle;
        else
            return true;
    }
    return false;
}

/* The great blocks only: for a C library without C.UTF-8. */
static int code_width_roughly(uint32_t code)
{
    static const struct code_range wide[] = {
        {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xA960, 0xA97C},
        {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
        {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
    };
    if ((code >= 0x0300 && code <= 0x036F) || (code >= 0x200B && code <= 0x200F))
        return 0;
    for (size_t i = 0; i < ARRAY_COUNT(wide); i++)
        if (code >= wide[i].first && code <= wide[i].last)
            return 2;
    return 1;
}

static unsigned char *width_page_make(uint32_t page)
{
    unsigned char *widths = memory_new(PAGE_CODES);
    locale_t plain = plain_locale(), before = (locale_t)0;
    if (plain)
        before = uselocale(plain);
    for (uint32_t i = 0; i < PAGE_CODES; i++) {
        uint32_t code = page * PAGE_CODES + i;
        int width = plain ? wcwidth((wchar_t)code) : code_width_roughly(code);
        if (code < 0x20 || (code >= 0x7F && code < 0xA0))
            width = 0;
        else if (width < 0) /* unassigned: terminals draw one box */
            width = 1;
        widths[i] = width == 1 && code_ambiguous(code) ? WIDTH_AMBIGUOUS : (unsigned char)width;
    }
    if (plain)
        uselocale(before);
    unsigned char *none = NULL;
    if (!atomic_compare_exchange_strong(&width_pages[page], &none, widths)) {
        free(widths); /* another thread was first */
        return none;
    }
    return widths;
}

int text_code_width(uint32_t code)
{
    if (code >= 0x20 && code < 0x7F)
        return 1;
    if (code > CODE_LAST)
        code = CODE_REPLACEMENT;
    unsigned char *page = atomic_load_explicit(&width_pages[code / PAGE_CODES], memory_order_acquire);
    if (!page)
        page = width_page_make(code / PAGE_CODES);
    int width = page[code % PAGE_CODES];
    return width == WIDTH_AMBIGUOUS ? 1 + ambiguous_wide : width;
}

int text_width_n(const char *bytes, size_t length)
{
    int width = 0;
    for (size_t at = 0; at < length;) {
        unsigned char byte = (unsigned char)bytes[at];
        if (byte < 0x80) {
            width += byte >= 0x20 && byte < 0x7F;
            at++;
            continue;
        }
        uint32_t code;
        at += text_decode(bytes + at, length - at, &code);
        width += text_code_width(code);
    }
    return width;
}

int text_width(const char *text)
{
    return text_width_n(text, strlen(text));
}

/* -- fitting ------------------------------------------------------------------------------------------- */

static void append_valid(struct buffer *out, const char *bytes, size_t length)
{
    if (text_is_utf8(bytes, length)) {
        buffer_append(out, bytes, length);
        return;
    }
    for (size_t at = 0; at < length;) {
        uint32_t code;
        char encoded[4];
        at += text_decode(bytes + at, length - at, &code);
        buffer_append(out, encoded, text_encode(code, encoded));
    }
}

/* How many bytes of the front take at most `columns`, with the marks that combine with the last of them. */
static size_t front_bytes(const char *bytes, size_t length, int columns, int *used)
{
    size_t at = 0;
    *used = 0;
    while (at < length) {
        uint32_t code;
        size_t step = text_decode(bytes + at, length - at, &code);
        int width = text_code_width(code);
        if (*used + width > columns)
            break;
        *used += width;
        at += step;
    }
    return at;
}

/* Where the last part begins that takes at most `columns` and does not begin with a combining mark. */
static size_t back_start(const char *bytes, size_t length, int total, int columns, int *used)
{
    size_t at = 0;
    while (at < length) {
        uint32_t code;
        size_t step = text_decode(bytes + at, length - at, &code);
        int width = text_code_width(code);
        if (total <= columns && width > 0)
            break;
        total -= width;
        at += step;
    }
    *used = total;
    return at;
}

int text_fit(struct buffer *out, const char *text, int columns, enum text_cut cut, bool ascii)
{
    size_t length = strlen(text);
    int width = text_width_n(text, length);
    if (width <= columns) {
        append_valid(out, text, length);
        return width;
    }
    if (columns <= 0)
        return 0;
    const char *mark = "…";
    int mark_width = text_code_width(0x2026);
    if (ascii || mark_width > columns) {
        mark = "~";
        mark_width = 1;
    }
    int room = columns - mark_width, front = 0, back = 0;
    size_t front_end = 0, back_at = length;
    if (cut == TEXT_CUT_END)
        front_end = front_bytes(text, length, room, &front);
    else if (cut == TEXT_CUT_MIDDLE)
        front_end = front_bytes(text, length, (room + 1) / 2, &front);
    if (cut != TEXT_CUT_END)
        back_at = back_start(text, length, width, room - front, &back);
    append_valid(out, text, front_end);
    buffer_append_text(out, mark);
    append_valid(out, text + back_at, length - back_at);
    return front + mark_width + back;
}

uint64_t text_hash(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return (hash ^ 0xff) * 0x100000001b3u;
}
