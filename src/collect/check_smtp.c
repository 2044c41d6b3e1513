/* A mail server: its banner, EHLO, and STARTTLS with its certificate. No mail is sent. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/check_private.h"
#include "collect/smtp_reply.h"
#include "collect/stream.h"

enum step { STEP_BANNER, STEP_EHLO, STEP_STARTTLS, STEP_HANDSHAKE, STEP_QUIT };

struct smtp {
    struct talk talk;
    char *host, *authority, *hello;
    unsigned port;
    bool tls, wants_starttls;
    double warn_days, critical_days;
    enum step step;
    struct tls *inner;       /* after STARTTLS */
};

static void say(struct check *check, enum step step, const char *missing, const char *words, const char *argument)
{
    struct smtp *smtp = check->state;
    struct buffer out = BUFFER_INIT;
    smtp->step = step;
    buffer_printf(&out, "%s%s%s\r\n", words, argument ? " " : "", argument ? argument : "");
    talk_say(&smtp->talk, missing, buffer_text(&out), out.length);
    buffer_release(&out);
}

static void certificate_judge(struct check *check)
{
    struct smtp *smtp = check->state;
    double days = tls_certificate_days(smtp->inner);
    check_figure(check, "certificate_days", "d", days);
    if (days < smtp->critical_days)
        check_worse(check, HEALTH_CRITICAL, "certificate ends in %.1f d", days);
    else if (days < smtp->warn_days)
        check_worse(check, HEALTH_WARNING, "certificate ends in %.1f d", days);
    else if (!isnan(days))
        check_note(check, "certificate %.0f d", days);
}

static void handshake(struct check *check)
{
    struct smtp *smtp = check->state;
    struct error error;
    struct buffer out = BUFFER_INIT;
    bool done = false;
    tls_input(smtp->inner, buffer_text(&smtp->talk.in), smtp->talk.in.length);
    buffer_clear(&smtp->talk.in);
    bool good = tls_handshake(smtp->inner, &done, &error);
    tls_output(smtp->inner, &out);
    stream_write(smtp->talk.stream, buffer_text(&out), out.length);
    stream_hurry(smtp->talk.stream);
    buffer_release(&out);
    if (!good) {
        check_fail(check, "STARTTLS: %s", error.text);
        return;
    }
    if (!done)
        return;
    check_figure(check, "latency_ms", "ms", check_elapsed(check));
    check_note(check, "STARTTLS in %.0f ms", check_elapsed(check));
    certificate_judge(check);
    check_end(check);
}

static void starttls(struct check *check)
{
    struct smtp *smtp = check->state;
    struct error error;
    /* What was said before the handshake must not be taken for what is said after it. */
    if (smtp->talk.in.length) {
        check_fail(check, "it sends more before the TLS handshake than its answer to STARTTLS");
        return;
    }
    smtp->inner = tls_new(&(struct tls_settings){check->contexts, {.ca = smtp->authority}, smtp->host}, &error);
    if (!smtp->inner) {
        check_fail(check, "%s", error.text);
        return;
    }
    smtp->step = STEP_HANDSHAKE;
    check_phase(check, "TLS handshake after STARTTLS");
    handshake(check);
}

static void after_ehlo(struct check *check, bool offers)
{
    struct smtp *smtp = check->state;
    if (smtp->wants_starttls && !offers) {
        check_fail(check, "it does not offer STARTTLS");
        return;
    }
    if (smtp->wants_starttls) {
        say(check, STEP_STARTTLS, "answer to STARTTLS", "STARTTLS", NULL);
        return;
    }
    check_figure(check, "latency_ms", "ms", check_elapsed(check));
    check_note(check, "EHLO in %.0f ms", check_elapsed(check));
    say(check, STEP_QUIT, "answer to QUIT", "QUIT", NULL);
}

static void reply_taken(struct check *check, const struct smtp_reply *reply)
{
    struct smtp *smtp = check->state;
    static const int expected[] = {[STEP_BANNER] = 220, [STEP_EHLO] = 250, [STEP_STARTTLS] = 220};
    static const char *const names[] = {[STEP_BANNER] = N_("its banner"), [STEP_EHLO] = "EHLO", [STEP_STARTTLS] = "STARTTLS"};
    char text[100];
    text_clean_into(text, sizeof text, reply->text, reply->length);
    if (smtp->step == STEP_QUIT) {
        check_end(check);
        return;
    }
    if (reply->code != expected[smtp->step]) {
        check_fail(check, "%d to %s: %s", reply->code, names[smtp->step], text);
        return;
    }
    bool offers = smtp->step == STEP_EHLO && smtp_offers(buffer_text(&smtp->talk.in), reply->used, "STARTTLS");
    buffer_consume(&smtp->talk.in, reply->used);
    if (smtp->step == STEP_BANNER) {
        check_figure(check, "banner_ms", "ms", check_elapsed(check));
        check_note(check, "220 %s", text);
        say(check, STEP_EHLO, "answer to EHLO", "EHLO", smtp->hello);
    } else if (smtp->step == STEP_EHLO) {
        after_ehlo(check, offers);
    } else {
        starttls(check);
    }
}

static void smtp_heard(struct check *check)
{
    struct smtp *smtp = check->state;
    if (smtp->step == STEP_HANDSHAKE) {
        handshake(check);
        return;
    }
    struct smtp_reply reply = smtp_reply_read(buffer_text(&smtp->talk.in), smtp->talk.in.length);
    if (reply.kind == SMTP_BROKEN)
        check_fail(check, "what answers there does not speak SMTP");
    else if (reply.kind == SMTP_REPLY)
        reply_taken(check, &reply);
}

static void smtp_opened(struct check *check)
{
    check_phase(check, "banner");
}

static void smtp_begin(struct check *check)
{
    struct smtp *smtp = check->state;
    struct tls_settings tls = {check->contexts, {.ca = smtp->authority}, smtp->host};
    smtp->step = STEP_BANNER;
    talk_open(&smtp->talk, check, smtp->host, smtp->port, smtp->tls ? &tls : NULL, smtp_opened, smtp_heard);
}

static void smtp_stop(struct check *check)
{
    struct smtp *smtp = check->state;
    if (!smtp)
        return;
    tls_free(&smtp->inner);
    talk_close(&smtp->talk);
}

static void smtp_close(struct check *check)
{
    struct smtp *smtp = check->state;
    free(smtp->host);
    free(smtp->authority);
    free(smtp->hello);
    free(smtp);
}

static bool smtp_open(struct check *check, const struct config_node *node, struct error *error)
{
    struct smtp *smtp = check->state = memory_new(sizeof *smtp);
    char own[256] = "localhost";
    (void)error;
    gethostname(own, sizeof own - 1);
    smtp->tls = config_bool(node, "tls", false);
    smtp->host = check_host_of(node, smtp->tls ? 465 : 25, &smtp->port);
    smtp->wants_starttls = config_bool(node, "starttls", false);
    smtp->authority = memory_text(config_text(node, "authority", NULL));
    smtp->hello = memory_text(config_text(node, "hello", own));
    smtp->warn_days = config_number(node, "certificate_warning_days", 30);
    smtp->critical_days = config_number(node, "certificate_critical_days", 7);
    return true;
}

static bool check_hello(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    bool good = *text != '\0';
    for (const char *at = text; *at; at++)
        good = good && (unsigned char)*at > ' ' && (unsigned char)*at < 127;
    return good || error_set(error, ERROR_INVALID, "expected a host name; got `%s`", text);
}

static const struct config_key smtp_keys[] = {
    {.name = "address", .type = CONFIG_TEXT, .check = check_address_valid, .help = "HOST or HOST:PORT (default port 25, with tls 465); without it the check waits"},
    {.name = "hello", .type = CONFIG_TEXT, .check = check_hello, .help = "the name given with EHLO (default: this host's)"},
    {.name = "starttls", .type = CONFIG_BOOL, .help = "it must offer STARTTLS, and its certificate must be good (default false)"},
    {.name = "tls", .type = CONFIG_BOOL, .help = "TLS from the first byte, the certificate checked (default false)"},
    {.name = "authority", .type = CONFIG_PATH, .help = "PEM file of the authorities to trust (default: the system's)"},
    {.name = "certificate_warning_days", .type = CONFIG_NUMBER, .maximum = 3650, .help = "default 30"},
    {.name = "certificate_critical_days", .type = CONFIG_NUMBER, .maximum = 3650, .help = "default 7"},
    {.name = NULL},
};

static void smtp_protection(const struct config_node *node, struct protection *protection)
{
    protection_of_address(protection, config_text(node, "address", ""), "smtp",
                          config_bool(node, "tls", false) || config_bool(node, "starttls", false), true);
}

const struct check_ops check_smtp = {
    .type = "smtp",
    .help = "A mail server: banner, EHLO, STARTTLS and its certificate; no mail is sent",
    .keys = smtp_keys,
    .protection = smtp_protection,
    .address = "address",
    .open = smtp_open,
    .begin = smtp_begin,
    .stop = smtp_stop,
    .close = smtp_close,
};
