/* Mail by SMTP (RFC 5321) with STARTTLS or TLS; the message by RFC 5322, 2045 and 2047. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/channel.h"

struct mail {
    char *url, *from, *user, *password;
    long tls;
};

static const char *const tls_choices[] = {"required", "opportunistic", "none", NULL};

static bool check_url(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    if (strncmp(text, "smtp://", 7) != 0 && strncmp(text, "smtps://", 8) != 0)
        return error_set(error, ERROR_INVALID, "expected smtp://HOST[:PORT] or smtps://HOST[:PORT]; got `%.60s`", text);
    if (strchr(text, '@'))
        return error_set(error, ERROR_INVALID, "name and password belong to user: and password:, not into the address");
    return true;
}

static bool check_from(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    if (!strchr(text, '@') || strpbrk(text, "<>\r\n "))
        return error_set(error, ERROR_INVALID, "expected an address such as noc@example.org; got `%.60s`", text);
    return true;
}

static const struct config_key keys[] = {
    {.name = "url", .type = CONFIG_TEXT, .required = true, .check = check_url, .help = "smtp://HOST:PORT or smtps://HOST:PORT"},
    {.name = "from", .type = CONFIG_TEXT, .required = true, .check = check_from, .help = "sender"},
    {.name = "user", .type = CONFIG_TEXT, .help = "to log in as"},
    {.name = "password", .type = CONFIG_ANY, .help = "{file: PATH} of mode 0600, {env: NAME} or {credential: NAME}"},
    {.name = "tls", .type = CONFIG_CHOICE, .choices = tls_choices, .help = "STARTTLS with smtp:// (default required)"},
    TRANSFER_AUTHORITY_KEY,
    TRANSFER_PROXY_KEYS,
    {.name = NULL},
};

static void mail_read(struct channel *channel, const struct config_node *node, struct config_problems *problems)
{
    struct mail *mail = channel->settings = memory_new(sizeof *mail);
    const char *tls = config_text(node, "tls", "required");
    mail->url = memory_text(config_text(node, "url", ""));
    mail->from = memory_text(config_text(node, "from", ""));
    mail->user = memory_text(config_text(node, "user", NULL));
    mail->password = secret_read(channel, node, "password", mail->user != NULL, problems);
    mail->tls = strcmp(tls, "none") == 0 ? CURLUSESSL_NONE : strcmp(tls, "opportunistic") == 0 ? CURLUSESSL_TRY : CURLUSESSL_ALL;
    if (mail->password && mail->tls == CURLUSESSL_NONE && strncmp(mail->url, "smtps:", 6) != 0)
        config_problem(problems, config_get(node, "tls"), "a password is not sent without TLS");
}

static void mail_release(void *settings)
{
    struct mail *mail = settings;
    free(mail->url);
    free(mail->from);
    free(mail->user);
    secret_free(&mail->password);
    free(mail);
}

/* ---- the message ---- */

static void append_base64(struct buffer *out, const char *bytes, size_t length)
{
    size_t size = sodium_base64_encoded_len(length, sodium_base64_VARIANT_ORIGINAL);
    char *text = memory_new(size);
    sodium_bin2base64(text, size, (const unsigned char *)bytes, length, sodium_base64_VARIANT_ORIGINAL);
    buffer_append_text(out, text);
    free(text);
}

/* RFC 2047: encoded words of at most 75 characters, never splitting a UTF-8 character. */
static void append_subject(struct buffer *out, const char *text)
{
    size_t left = strlen(text);
    bool first = true;
    while (left > 0 || first) {
        size_t take = left < 42 ? left : 42;
        while (take < left && take > 0 && ((unsigned char)text[take] & 0xC0) == 0x80)
            take--;
        buffer_append_text(out, first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
        append_base64(out, text, take);
        buffer_append_text(out, "?=");
        text += take;
        left -= take;
        first = false;
    }
}

static void append_body(struct buffer *out, const char *text)
{
    struct buffer lines = BUFFER_INIT;
    for (; *text; text++) {
        if (*text == '\n')
            buffer_append_char(&lines, '\r');
        buffer_append_char(&lines, *text);
    }
    for (size_t at = 0; at < lines.length; at += 57) { /* 76 characters a line */
        append_base64(out, lines.data + at, lines.length - at < 57 ? lines.length - at : 57);
        buffer_append_text(out, "\r\n");
    }
    buffer_release(&lines);
}

static void compose(struct sending *sending, const struct mail *mail)
{
    struct buffer *out = &sending->upload;
    char date[64];
    time_t now = (time_t)(clock_wall() / 1000);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &parts); /* the C locale's names: none is set here */
    const char *host = strchr(mail->from, '@') + 1;
    buffer_printf(out, "Date: %s\r\nFrom: Nocturne <%s>\r\nTo: %s\r\nSubject: ", date, mail->from, sending->to);
    append_subject(out, sending->title);
    buffer_printf(out, "\r\nMessage-ID: <%s@%s>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n", sending->id, host);
    append_body(out, sending->text);
}

static size_t give(char *bytes, size_t size, size_t count, void *owner)
{
    struct sending *sending = owner;
    size_t room = size * count, left = sending->upload.length - sending->uploaded, take = left < room ? left : room;
    if (take)
        memcpy(bytes, sending->upload.data + sending->uploaded, take);
    sending->uploaded += take;
    return take;
}

/* A line of what the server says. A refusal is kept: libcurl says QUIT after it, whose answer would hide it. */
static size_t reply_arrived(char *bytes, size_t size, size_t count, void *owner)
{
    struct sending *sending = owner;
    size_t length = size * count;
    if (length && (*bytes == '4' || *bytes == '5'))
        text_clean_into(sending->said, sizeof sending->said, bytes, length - (length && bytes[length - 1] == '\n'));
    return length;
}

/* ---- the end of the connection ----
 *
 * libcurl says QUIT and waits for the answer in the middle of everything, two minutes long. Nobody needs that answer: once
 * QUIT is out, there is nothing more to read from the socket. */

static int socket_made(void *owner, curl_socket_t descriptor, curlsocktype purpose)
{
    struct sending *sending = owner;
    (void)purpose;
    for (size_t i = 0; i < ARRAY_COUNT(sending->sockets); i++)
        if (sending->sockets[i] < 0) {
            sending->sockets[i] = descriptor;
            break;
        }
    return CURL_SOCKOPT_OK;
}

static int socket_close(void *owner, curl_socket_t descriptor)
{
    struct sending *sending = owner;
    for (size_t i = 0; i < ARRAY_COUNT(sending->sockets); i++)
        if (sending->sockets[i] == descriptor)
            sending->sockets[i] = -1;
    return close(descriptor);
}

static int line_passed(CURL *easy, curl_infotype type, char *bytes, size_t length, void *owner)
{
    const struct sending *sending = owner;
    (void)easy;
    if (type != CURLINFO_HEADER_OUT || length != 6 || memcmp(bytes, "QUIT\r\n", 6) != 0)
        return 0;
    for (size_t i = 0; i < ARRAY_COUNT(sending->sockets); i++)
        if (sending->sockets[i] >= 0)
            shutdown(sending->sockets[i], SHUT_RD);
    return 0;
}

static void watch_the_end(struct sending *sending)
{
    CURL *easy = sending->easy;
    for (size_t i = 0; i < ARRAY_COUNT(sending->sockets); i++)
        sending->sockets[i] = -1;
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, socket_made);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, sending);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, socket_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, sending);
    curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, line_passed);
    curl_easy_setopt(easy, CURLOPT_DEBUGDATA, sending);
    curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L); /* else the debug function is not called */
}

static bool add_recipients(struct sending *sending)
{
    char *list = memory_text(sending->to), *rest = list, *one;
    while ((one = strsep(&rest, ", ")))
        if (*one && strchr(one, '@') && !strpbrk(one, "<>\r\n"))
            sending->recipients = curl_slist_append(sending->recipients, one);
    free(list);
    return sending->recipients != NULL && !strpbrk(sending->to, "\r\n");
}

static bool mail_start(struct sending *sending, struct error *error)
{
    const struct mail *mail = sending->channel->settings;
    if (!add_recipients(sending))
        return error_set(error, ERROR_INVALID, "expected mail addresses; got `%.60s`", sending->to);
    compose(sending, mail);
    CURL *easy = sending_easy(sending, mail->url);
    /* A kept connection would be reused by a channel that trusts other authorities: STARTTLS is not part of its key. */
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, mail->from);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, sending->recipients);
    curl_easy_setopt(easy, CURLOPT_USE_SSL, mail->tls);
    transfer_sign_in(easy, mail->user, mail->password, NULL);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, reply_arrived);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, sending);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(easy, CURLOPT_READDATA, sending);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    watch_the_end(sending);
    sending_go(sending);
    return true;
}

const struct channel_ops channel_mail = {
    .type = "mail", .help = "Mail by SMTP", .keys = keys, .wants_address = true, .example = "wang@example.org",
    .read = mail_read, .release = mail_release, .start = mail_start,
};
