/* Requests of channels by libcurl: time limits, verified TLS, a redirect only on the same host, and what an answer
 * means for the delivery. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "engine/notify_private.h"

#define ANSWER_MAX 8192
#define REDIRECTS_MAX 3

static size_t answer_arrived(char *bytes, size_t size, size_t count, void *owner)
{
    struct sending *sending = owner;
    size_t length = size * count, room = ANSWER_MAX - sending->answer.length;
    buffer_append(&sending->answer, bytes, length < room ? length : room); /* the rest is of no use */
    return length;
}

CURL *sending_easy(struct sending *sending, const char *url)
{
    CURL *easy = sending->easy = curl_easy_init();
    transfer_way_set(&sending->channel->way, easy, url, sending->channel->timeout, &sending->watch);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, answer_arrived);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, sending);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L); /* see redirect_follow */
    return easy;
}

void sending_header(struct sending *sending, const char *format, ...)
{
    struct buffer line = BUFFER_INIT;
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&line, format, arguments);
    va_end(arguments);
    if (!strpbrk(buffer_text(&line), "\r\n"))
        sending->headers = curl_slist_append(sending->headers, buffer_text(&line));
    buffer_release(&line);
}

void sending_post(struct sending *sending, const char *url, const char *body, const char *content_type)
{
    CURL *easy = sending_easy(sending, url);
    free(sending->url);
    sending->url = memory_text(url);
    if (body) {
        buffer_append_text(&sending->upload, body);
        sending_header(sending, "Content-Type: %s", content_type);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)sending->upload.length);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, buffer_text(&sending->upload));
    }
    sending_header(sending, "Idempotency-Key: %s", sending->id); /* a receiver that knows it drops what came twice */
    sending_header(sending, "Expect:");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, sending->headers);
}

/* ---- what came of it ---- */

/* True: on its way to the new address, with the same body. Another host gets nothing: what we send may hold secrets. */
static bool redirect_follow(struct sending *sending)
{
    char *where = NULL;
    curl_easy_getinfo(sending->easy, CURLINFO_REDIRECT_URL, &where);
    if (!where || sending->redirects++ >= REDIRECTS_MAX || !transfer_same_place(sending->url, where))
        return false;
    char *url = memory_text(where);
    curl_easy_setopt(sending->easy, CURLOPT_URL, url);
    free(sending->url);
    sending->url = url;
    buffer_clear(&sending->answer);
    sending_go(sending);
    return true;
}

static bool worth_trying_again(long status)
{
    return status >= 500 || status == 408 || status == 425 || status == 429;
}

static void http_ended(struct sending *sending, long status)
{
    char shown[120];
    bool again = false;
    secrets_redact(&sending->channel->secrets, buffer_text(&sending->answer), sending->answer.length, shown, sizeof shown);
    if (status >= 300 && status < 400) {
        if (redirect_follow(sending))
            return;
        sending_detail(sending, "HTTP %ld: a redirect to another host is not followed", status);
        sending_end(sending, OUTCOME_REFUSED);
    } else if (status < 200 || status >= 300) {
        struct error error;
        curl_off_t wait = 0;
        curl_easy_getinfo(sending->easy, CURLINFO_RETRY_AFTER, &wait);
        sending->retry_after = wait > 0 && wait < 3600 ? wait * SPAN_SECOND : 0;
        fault_status(sending->easy, shown, strlen(shown), &error);
        sending_detail(sending, "%s", error.text);
        sending_end(sending, worth_trying_again(status) ? OUTCOME_AGAIN : OUTCOME_REFUSED);
    } else if (sending->channel->ops->judge &&
               !sending->channel->ops->judge(sending, buffer_text(&sending->answer), sending->answer.length, &again)) {
        sending_end(sending, again ? OUTCOME_AGAIN : OUTCOME_REFUSED);
    } else {
        sending_detail(sending, "HTTP %ld %s", status, shown);
        sending_end(sending, OUTCOME_SENT);
    }
}

/* Nobody was reached: the address stands before what went wrong there. */
static void sending_where(struct sending *sending, const struct error *error)
{
    char address[160];
    fault_transfer_address(sending->easy, address, sizeof address);
    sending_detail(sending, "%s: %s", address, error->text);
}

/* Mail: a reply of the 5xx kind is final (RFC 5321 4.2.1), all else may pass. */
static void mail_ended(struct sending *sending, CURLcode result)
{
    if (result == CURLE_OK) {
        sending_detail(sending, "accepted");
        sending_end(sending, OUTCOME_SENT);
        return;
    }
    struct error error;
    bool refused = *sending->said == '5' && result != CURLE_OPERATION_TIMEDOUT;
    fault_mail(&sending->watch, sending->easy, result, sending->said, &error);
    sending_where(sending, &error);
    sending_end(sending, refused ? OUTCOME_REFUSED : OUTCOME_AGAIN);
}

static void ended(void *owner, CURL *easy, CURLcode result)
{
    struct sending *sending = owner;
    struct error error;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (sending->recipients) {
        mail_ended(sending, result);
    } else if (result != CURLE_OK) {
        fault_transfer(&sending->watch, easy, result, &error);
        sending_where(sending, &error);
        sending_end(sending, OUTCOME_AGAIN);
    } else {
        http_ended(sending, status);
    }
}

void sending_go(struct sending *sending)
{
    transfer_start(sending->notify->transfers, sending->easy, ended, sending);
}
