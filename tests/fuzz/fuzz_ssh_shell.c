/* What a remote shell says, in pieces of any size: whatever it is, an answer is exactly what stands between the marks, and
 * what is kept is bounded. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collect/ssh_shell.h"

#define MARK "00112233445566778899aabbccddeeff"
#define LIMIT 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input with \1 and \2 as the marks, so that the fuzzer needs not guess them. */
static void spell(const uint8_t *data, size_t size, struct buffer *said)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] == 1)
            buffer_append_text(said, "<" MARK ">\n");
        else if (data[i] == 2)
            buffer_append_text(said, "</" MARK "> 0\n");
        else
            buffer_append(said, data + i, 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ssh_frame frame = {0}, whole = {0};
    struct buffer said = BUFFER_INIT;
    if (size < 1)
        return 0;
    size_t step = 1 + data[0] % 61;
    spell(data + 1, size - 1, &said);
    ssh_frame_begin(&frame, MARK, LIMIT);
    ssh_frame_begin(&whole, MARK, LIMIT);
    for (size_t at = 0; at < said.length; at += step)
        ssh_frame_feed(&frame, said.data + at, said.length - at < step ? said.length - at : step);
    if (said.length)
        ssh_frame_feed(&whole, said.data, said.length);
    if (frame.noise.length > SSH_NOISE_MAX || frame.text.length > LIMIT + 128 + step)
        abort();
    /* In one piece or in many, an answer is the same. */
    if (frame.state == SSH_FRAME_DONE && whole.state == SSH_FRAME_DONE &&
        (frame.text.length != whole.text.length || memcmp(buffer_text(&frame.text), buffer_text(&whole.text), frame.text.length) != 0))
        abort();
    if (frame.state == SSH_FRAME_INSIDE && whole.state == SSH_FRAME_DONE)
        abort();
    ssh_frame_release(&frame);
    ssh_frame_release(&whole);
    buffer_release(&said);
    return 0;
}
