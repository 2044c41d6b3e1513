/* The scanner against json-c: what it accepts, json-c accepts, and both read the same. */
#include <assert.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "collect/scan.h"

/* json-c 0.16 takes a pair such as \ud837\ude58 for a lone surrogate, because it looks at the low 16 bits alone; and it
 * judges bytes beyond ASCII in its own way. */
static bool comparable(const struct scan *scan, const struct buffer *text)
{
    const char *at = buffer_text(text), *end = at + text->length;
    uint32_t code;
    for (; at < end; at += text_decode(at, (size_t)(end - at), &code))
        if (text_decode(at, (size_t)(end - at), &code) && (code & 0xF800) == 0xD800)
            return false;
    return scan->plain;
}

static void compare(const struct scan *scan, uint32_t at, struct json_object *other)
{
    const struct scan_token *token = &scan->tokens[at];
    struct buffer text = BUFFER_INIT;
    double number;
    assert(token->next > at && token->next <= scan->count);
    switch (token->type) {
    case SCAN_NULL:
        assert(other == NULL);
        break;
    case SCAN_TRUE:
    case SCAN_FALSE:
        assert(json_object_is_type(other, json_type_boolean));
        assert(json_object_get_boolean(other) == (token->type == SCAN_TRUE));
        break;
    case SCAN_NOT_FINITE:
        assert(json_object_is_type(other, json_type_double) && !isfinite(json_object_get_double(other)));
        break;
    case SCAN_NUMBER:
        if (!scan_number(scan, at, &number))
            break;
        if (json_object_is_type(other, json_type_double))
            assert(number == json_object_get_double(other));
        else if (fabs(number) < 9e18) /* json-c saturates integers beyond 64 bits */
            assert(number == (double)json_object_get_int64(other));
        break;
    case SCAN_TEXT:
        scan_text(scan, at, &text);
        assert(json_object_is_type(other, json_type_string));
        if (comparable(scan, &text)) {
            assert((size_t)json_object_get_string_len(other) == text.length);
            assert(memcmp(json_object_get_string(other), buffer_text(&text), text.length) == 0);
        }
        assert(scan_text_is(scan, at, buffer_text(&text), text.length));
        break;
    case SCAN_ARRAY: {
        size_t index = 0;
        assert(json_object_is_type(other, json_type_array));
        for (uint32_t item = at + 1; item < token->next; item = scan->tokens[item].next)
            compare(scan, item, json_object_array_get_idx(other, index++));
        assert(index == json_object_array_length(other));
        break;
    }
    case SCAN_OBJECT:
        assert(json_object_is_type(other, json_type_object));
        for (uint32_t key = at + 1; key < token->next; key = scan->tokens[key + 1].next) {
            struct json_object *value;
            buffer_clear(&text);
            scan_text(scan, key, &text);
            if (!comparable(scan, &text) || memchr(buffer_text(&text), '\0', text.length))
                continue; /* names are C strings over there */
            uint32_t last = scan_member(scan, at, buffer_text(&text), text.length);
            assert(last != SCAN_NOTHING && last >= key + 1);
            if (json_object_object_get_ex(other, buffer_text(&text), &value)) {
                if (last == key + 1)
                    compare(scan, last, value);
            } else {
                assert(0);
            }
        }
        break;
    }
    buffer_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scan scan;
    struct error error;
    struct scan_pointer pointer;
    size_t head = size && data[0] < 32 && data[0] < size ? data[0] : 0; /* a few bytes may be a pointer */
    char text[40] = "";
    if (head) {
        memcpy(text, data + 1, head - 1);
        data += head;
        size -= head;
    }
    scan_init(&scan);
    if (scan_read(&scan, (const char *)data, size, &error)) {
        struct json_tokener *tokener = json_tokener_new_ex(64);
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
        struct json_object *other = json_tokener_parse_ex(tokener, (const char *)data, (int)size);
        if (json_tokener_get_error(tokener) == json_tokener_continue) /* a bare number may go on for ever */
            other = json_tokener_parse_ex(tokener, "", 1);
        assert(json_tokener_get_error(tokener) == json_tokener_success);
        compare(&scan, 0, other);
        json_object_put(other);
        json_tokener_free(tokener);
        if (scan_pointer_parse(&pointer, text, NULL)) {
            uint32_t at = scan_at(&scan, 0, &pointer);
            assert(at == SCAN_NOTHING || at < scan.count);
            scan_pointer_release(&pointer);
        }
    }
    scan_release(&scan);
    return 0;
}
