/* Whatever arrives from a keyboard, in whatever pieces, at whatever times: events are valid, memory is bounded, and
 * waiting always ends. */
#include <stdlib.h>
#include <string.h>

#include "term/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct decoder *decoder = decoder_new();
    struct key_event key, again;
    size_t at = 0, given = 0, raw;
    msec now = 1000;
    while (at < size) {
        size_t piece = data[at] % 17, later = data[at] / 17;
        at++;
        if (piece > size - at)
            piece = size - at;
        decoder_push(decoder, (const char *)data + at, piece, now);
        at += piece;
        given += piece;
        while (decoder_next(decoder, now, &key)) {
            char name[24];
            key_name(&key, name);
            decoder_raw(decoder, &raw);
            if (strlen(name) > 23 || raw > given)
                abort();
            if (key.special < KEY_MOUSE_ && key_parse(name, &again) && !key_equal(&key, &again) && key.code >= 0x20)
                if (!(key.control && key.code >= 'A' && key.code <= 'Z'))
                    abort(); /* a name means its key */
        }
        now += (msec)(later * later * 4);
    }
    int wait = decoder_timeout(decoder, now);
    for (int i = 0; wait >= 0 && i < 10000; i++) {
        now += wait;
        while (decoder_next(decoder, now, &key))
            ;
        wait = decoder_timeout(decoder, now);
    }
    if (wait >= 0)
        abort(); /* would wait for ever */
    decoder_free(&decoder);
    return 0;
}
