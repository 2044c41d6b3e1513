#include "collect/ssh_shell.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define READ_SIZE 16384
#define STATUS_MAX 8 /* "255\n" and some */
#define HELLO_LIMIT (256u << 10) /* start-up files may talk */

/* ---- marks ---- */

void ssh_frame_begin(struct ssh_frame *frame, const char *mark, size_t limit)
{
    unsigned char random[(SSH_MARK_SIZE - 1) / 2];
    struct buffer noise = frame->noise;
    buffer_release(&frame->text);
    *frame = (struct ssh_frame){.limit = limit, .noise = noise};
    if (mark) {
        snprintf(frame->mark, sizeof frame->mark, "%s", mark);
    } else {
        randombytes_buf(random, sizeof random);
        sodium_bin2hex(frame->mark, sizeof frame->mark, random, sizeof random);
    }
}

void ssh_frame_release(struct ssh_frame *frame)
{
    buffer_release(&frame->text);
    buffer_release(&frame->noise);
}

void ssh_frame_wrap(const struct ssh_frame *frame, const char *script, struct buffer *out)
{
    buffer_printf(out, "echo '<%s>';%s;echo \"</%s> $?\"", frame->mark, script, frame->mark);
}

static void noise_keep(struct ssh_frame *frame, const char *bytes, size_t length)
{
    size_t part = length < SSH_NOISE_MAX ? length : SSH_NOISE_MAX;
    if (frame->noise.length + part > SSH_NOISE_MAX)
        buffer_consume(&frame->noise, frame->noise.length + part - SSH_NOISE_MAX);
    if (part)
        buffer_append(&frame->noise, bytes + length - part, part);
}

/* Before the first mark: keep no more than could begin it. */
static void seek(struct ssh_frame *frame)
{
    char begin[SSH_MARK_SIZE + 3];
    size_t size = (size_t)snprintf(begin, sizeof begin, "<%s>\n", frame->mark);
    char *found = frame->text.length ? memmem(frame->text.data, frame->text.length, begin, size) : NULL;
    size_t drop = found ? (size_t)(found - frame->text.data) : frame->text.length >= size ? frame->text.length - size + 1 : 0;
    if (drop)
        noise_keep(frame, frame->text.data, drop);
    frame->skipped += drop;
    buffer_consume(&frame->text, drop + (found ? size : 0));
    if (found)
        frame->state = SSH_FRAME_INSIDE;
    else if (frame->skipped > frame->limit)
        frame->state = SSH_FRAME_OVER;
}

/* `from`: what was looked through before. */
static void seek_end(struct ssh_frame *frame, size_t from)
{
    char end[SSH_MARK_SIZE + 4];
    size_t size = (size_t)snprintf(end, sizeof end, "</%s> ", frame->mark);
    size_t back = from > size + STATUS_MAX ? from - size - STATUS_MAX : 0; /* the mark, or the number after it, may have been cut */
    char *text = frame->text.data;
    char *found = frame->text.length > back ? memmem(text + back, frame->text.length - back, end, size) : NULL;
    char *rest = found ? found + size : text;
    size_t left = found ? frame->text.length - (size_t)(rest - text) : 0;
    char *line_end = memchr(rest, '\n', left < STATUS_MAX ? left : STATUS_MAX);
    if (!line_end && left >= STATUS_MAX)
        line_end = rest + STATUS_MAX - 1; /* no number that we asked for; but the answer is over */
    if (line_end) {
        frame->status = isdigit((unsigned char)found[size]) ? atoi(found + size) : -1;
        noise_keep(frame, line_end + 1, frame->text.length - (size_t)(line_end + 1 - text));
        frame->text.length = (size_t)(found - text);
        text[frame->text.length] = '\0';
        frame->state = SSH_FRAME_DONE;
    } else if (frame->text.length > frame->limit + size + 16) {
        frame->state = SSH_FRAME_OVER;
    }
}

enum ssh_frame_state ssh_frame_feed(struct ssh_frame *frame, const char *bytes, size_t length)
{
    if (length == 0 || frame->state == SSH_FRAME_OVER)
        return frame->state;
    if (frame->state == SSH_FRAME_DONE) {
        noise_keep(frame, bytes, length);
        return frame->state;
    }
    size_t from = frame->text.length;
    buffer_append(&frame->text, bytes, length);
    if (frame->state == SSH_FRAME_BEFORE) {
        seek(frame);
        from = 0;
    }
    if (frame->state == SSH_FRAME_INSIDE)
        seek_end(frame, from);
    return frame->state;
}

/* ---- the shell ---- */

struct ssh_shell {
    const struct ssh_shell_ops *ops;
    void *owner;
    struct ssh_channel *channel;
    struct ssh_frame frame;
    struct buffer out;           /* not yet taken by the channel */
    char complaint[160];         /* the last of its standard error, as it came */
    size_t complaint_length;
    unsigned defined;            /* bits: scripts it knows */
    bool ready, asking;
};

static void shell_flush(struct ssh_shell *shell)
{
    while (shell->out.length > 0) {
        size_t sent = ssh_channel_write(shell->channel, shell->out.data, shell->out.length);
        if (sent == 0)
            return;
        buffer_consume(&shell->out, sent);
    }
    buffer_release(&shell->out);
}

void ssh_shell_noise(const struct ssh_shell *shell, char *out, size_t size)
{
    const struct ssh_frame *frame = &shell->frame;
    struct buffer said = BUFFER_INIT;
    if (shell->complaint_length) {
        buffer_append(&said, shell->complaint, shell->complaint_length);
    } else {
        buffer_append(&said, buffer_text(&frame->noise), frame->noise.length);
        if (frame->state == SSH_FRAME_BEFORE)
            buffer_append(&said, buffer_text(&frame->text), frame->text.length);
    }
    while (said.length > 0 && strchr("\r\n ", said.data[said.length - 1]))
        said.length--;
    size_t skip = said.length >= size ? said.length - size + 1 : 0; /* its last words */
    text_clean_into(out, size, buffer_text(&said) + skip, said.length - skip);
    buffer_release(&said);
}

static void shell_failed(struct ssh_shell *shell, const struct ssh_failure *failure)
{
    bool half = shell->asking && shell->ready && shell->frame.state == SSH_FRAME_INSIDE && shell->frame.text.length > 0;
    const struct ssh_shell_ops *ops = shell->ops;
    void *owner = shell->owner;
    shell->asking = false;
    if (half)
        ops->answered(owner, shell->frame.text.data, shell->frame.text.length, -1, false);
    ops->failed(owner, failure);
}

static void shell_over(struct ssh_shell *shell)
{
    struct ssh_failure failure = {.trouble = SSH_TROUBLE_PROTOCOL, .phase = SSH_ANSWER};
    snprintf(failure.text, sizeof failure.text, N_("its shell says more than %zu KiB in one answer"), shell->frame.limit >> 10);
    shell->ops->failed(shell->owner, &failure);
}

static void shell_ended(struct ssh_shell *shell, int exit_code)
{
    struct ssh_failure failure = {.trouble = SSH_TROUBLE_NETWORK, .phase = shell->ready ? SSH_ANSWER : SSH_CHANNEL};
    char noise[160];
    ssh_shell_noise(shell, noise, sizeof noise);
    failure.trouble = shell->ready ? SSH_TROUBLE_NETWORK : SSH_TROUBLE_REFUSED;
    snprintf(failure.text, sizeof failure.text, N_("its shell ended with %d %s%s%s"), exit_code,
             shell->asking && shell->ready ? N_("in the middle of an answer") : N_("before it answered"), *noise ? ": " : "", noise);
    shell_failed(shell, &failure);
}

static void answer_done(struct ssh_shell *shell)
{
    struct ssh_frame *frame = &shell->frame;
    shell->asking = false;
    if (!shell->ready) {
        shell->ready = true;
        buffer_release(&frame->text);
        buffer_release(&frame->noise);
        shell->ops->ready(shell->owner);
        return;
    }
    struct buffer text = frame->text; /* its owner may ask again at once */
    if (frame->noise.length > 0) {
        buffer_append(&frame->noise, buffer_text(&text), text.length);
        buffer_release(&text);
        text = frame->noise;
    }
    frame->noise = frame->text = (struct buffer)BUFFER_INIT;
    shell->ops->answered(shell->owner, buffer_text(&text), text.length, frame->status, true);
    buffer_release(&text);
}

static void keep_complaint(struct ssh_shell *shell, const char *bytes, size_t length)
{
    size_t part = length < sizeof shell->complaint ? length : sizeof shell->complaint;
    memcpy(shell->complaint, bytes + length - part, part);
    shell->complaint_length = part;
}

static void shell_readable(void *owner)
{
    struct ssh_shell *shell = owner;
    char bytes[READ_SIZE];
    size_t got;
    int exit_code;
    shell_flush(shell);
    while ((got = ssh_channel_read(shell->channel, SSH_ERRORS, bytes, sizeof bytes)) > 0)
        keep_complaint(shell, bytes, got);
    enum ssh_frame_state state = shell->frame.state;
    while ((got = ssh_channel_read(shell->channel, SSH_OUTPUT, bytes, sizeof bytes)) > 0)
        if (state != SSH_FRAME_OVER)
            state = ssh_frame_feed(&shell->frame, bytes, got);
    if (shell->asking && state == SSH_FRAME_DONE)
        answer_done(shell);
    else if (shell->asking && state == SSH_FRAME_OVER)
        shell_over(shell);
    else if (ssh_channel_ended(shell->channel, &exit_code))
        shell_ended(shell, exit_code);
}

static void ask(struct ssh_shell *shell, const char *call, size_t limit)
{
    ssh_frame_begin(&shell->frame, NULL, limit);
    ssh_frame_wrap(&shell->frame, call, &shell->out);
    buffer_append_char(&shell->out, '\n');
    shell->asking = true;
    shell_flush(shell);
}

static void shell_opened(void *owner)
{
    struct ssh_shell *shell = owner;
    buffer_append_text(&shell->out,
                       "LC_ALL=C;LANG=C;PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin;export LC_ALL LANG PATH;unset ENV\n");
    ask(shell, ":", HELLO_LIMIT);
}

static void channel_failed(void *owner, const struct ssh_failure *failure)
{
    shell_failed(owner, failure);
}

struct ssh_shell *ssh_shell_new(struct ssh_session *session, const struct ssh_shell_ops *ops, void *owner)
{
    static const struct ssh_channel_ops channel = {
        .opened = shell_opened, .readable = shell_readable, .failed = channel_failed};
    struct ssh_shell *shell = memory_new(sizeof *shell);
    shell->ops = ops;
    shell->owner = owner;
    shell->channel = ssh_channel_exec(session, "exec /bin/sh", &channel, shell);
    return shell;
}

void ssh_shell_free(struct ssh_shell **shell)
{
    if (!*shell)
        return;
    ssh_channel_close(&(*shell)->channel);
    ssh_frame_release(&(*shell)->frame);
    buffer_release(&(*shell)->out);
    free(*shell);
    *shell = NULL;
}

void ssh_shell_ask(struct ssh_shell *shell, unsigned number, const struct buffer *script, const char *before, size_t limit)
{
    struct buffer call = BUFFER_INIT;
    if (!(shell->defined & 1u << number)) {
        shell->defined |= 1u << number;
        buffer_printf(&shell->out, "nocturne_%u() {\n%s\n}\n", number, buffer_text(script));
    }
    buffer_printf(&call, "%snocturne_%u </dev/null 2>/dev/null", before, number);
    shell->complaint_length = 0;
    ask(shell, buffer_text(&call), limit);
    buffer_release(&call);
}
