/* What the checks that talk over TCP share. */
#include "collect/check_private.h"
#include "collect/stream.h"

#define HEARD_MAX ((size_t)1 << 20)

static void on_opened(void *owner)
{
    struct talk *talk = owner;
    struct check *check = talk->check;
    check_phase(check, "answer");
    stream_hurry(talk->stream);
    talk->opened(check);
}

static void on_readable(void *owner)
{
    struct talk *talk = owner;
    struct check *check = talk->check;
    char bytes[16384];
    size_t got, all = 0;
    while (talk->stream && all < HEARD_MAX && (got = stream_read(talk->stream, bytes, sizeof bytes)) > 0) {
        buffer_append(&talk->in, bytes, got);
        all += got;
    }
    if (talk->in.length > HEARD_MAX) {
        check_fail(check, "it sends without end: over %zu bytes that answer nothing", HEARD_MAX);
        return;
    }
    if (!all)
        return;
    stream_hurry(talk->stream);
    talk->heard(check);
}

static void on_failed(void *owner, const char *why)
{
    struct talk *talk = owner;
    bool asked = !talk->check->stuck && talk->check->phase[0];
    check_fail(talk->check, asked ? "%s; " N_("there was no %s") : "%s%s", why, asked ? talk->check->phase : "");
}

static const char *how_far(struct check *check);

void talk_open(struct talk *talk, struct check *check, const char *host, unsigned port, const struct tls_settings *tls,
               void (*opened)(struct check *check), void (*heard)(struct check *check))
{
    talk_open_to(talk, check, &(struct stream_settings){.host = host, .port = port, .tls = tls}, opened, heard);
}

void talk_open_to(struct talk *talk, struct check *check, const struct stream_settings *settings,
                  void (*opened)(struct check *check), void (*heard)(struct check *check))
{
    static const struct stream_ops ops = {.opened = on_opened, .readable = on_readable, .failed = on_failed};
    struct error error;
    *talk = (struct talk){.check = check, .opened = opened, .heard = heard};
    check_phase(check, "connection");
    check->talk = talk;
    check->stuck = how_far;
    talk->stream = stream_new(check->loop, settings, &ops, talk, &error);
    if (!talk->stream)
        check_fail(check, "%s", error.text);
}

static const char *how_far(struct check *check)
{
    return stream_missing(check->talk->stream);
}

void talk_say(struct talk *talk, const char *missing, const void *bytes, size_t length)
{
    check_phase(talk->check, missing);
    stream_write(talk->stream, bytes, length);
    stream_hurry(talk->stream);
}

void talk_close(struct talk *talk)
{
    stream_free(&talk->stream);
    buffer_release(&talk->in);
}
