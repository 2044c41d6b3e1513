#include "collect/rest_plan.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

/* ---- filling places ---- */

static void append_escaped(struct buffer *out, const char *text, enum rest_escape escape)
{
    if (escape == REST_URL)
        buffer_append_url(out, text);
    else if (escape == REST_JSON)
        json_append_inside(out, text, strlen(text));
    else
        buffer_append_text(out, text);
}

/* The text of a place; false when the name is none. */
static bool place_text(const struct rest_plan *plan, const struct rest_values *values, const char *name, size_t length,
                       char *room, size_t size, const char **text)
{
    const struct { const char *name; const char *text; } texts[] = {
        {"cursor", values->cursor}, {"id", values->id}, {"address", values->address}, {"user", plan->user},
        {"password", plan->password}, {"token", values->token}, {"refresh", values->refresh},
    };
    const struct { const char *name; unsigned number; } numbers[] = {
        {"page", values->page}, {"offset", values->offset}, {"size", values->size},
    };
    const struct { const char *name; msec time; unsigned form; } times[] = {
        {"since", values->since, 0}, {"since_s", values->since, 1}, {"since_iso", values->since, 2},
        {"now", values->now, 0}, {"now_s", values->now, 1}, {"now_iso", values->now, 2},
    };
    *text = room;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        if (strlen(texts[i].name) == length && memcmp(texts[i].name, name, length) == 0) {
            *text = texts[i].text ? texts[i].text : "";
            return true;
        }
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
        if (strlen(numbers[i].name) == length && memcmp(numbers[i].name, name, length) == 0) {
            snprintf(room, size, "%u", numbers[i].number);
            return true;
        }
    for (size_t i = 0; i < ARRAY_COUNT(times); i++)
        if (strlen(times[i].name) == length && memcmp(times[i].name, name, length) == 0) {
            if (times[i].form == 2)
                instant_format(room, times[i].time);
            else
                snprintf(room, size, "%lld", (long long)(times[i].form ? times[i].time / 1000 : times[i].time));
            return true;
        }
    return false;
}

void rest_fill(const struct rest_plan *plan, const struct rest_values *values, const char *text, enum rest_escape escape,
               struct buffer *out)
{
    char room[INSTANT_TEXT + 16];
    const char *value;
    while (*text) {
        size_t plain = strcspn(text, "{");
        buffer_append(out, text, plain);
        text += plain;
        if (!*text)
            return;
        size_t name = strcspn(text + 1, "{}\"");
        if (text[1 + name] == '}' && place_text(plan, values, text + 1, name, room, sizeof room, &value)) {
            append_escaped(out, value, escape);
            text += name + 2;
        } else {
            buffer_append_char(out, *text++);
        }
    }
}

/* ---- the next page ---- */

void rest_position_begin(struct rest_position *position, const struct rest_plan *plan)
{
    rest_position_release(position);
    *position = (struct rest_position){.page = plan->pages.first};
}

void rest_position_release(struct rest_position *position)
{
    free(position->cursor);
    free(position->url);
    *position = (struct rest_position){0};
}

static uint32_t at(const struct scan *scan, const struct rest_pointer *pointer)
{
    uint32_t token = pointer->given ? scan_at(scan, 0, &pointer->at) : SCAN_NOTHING;
    return token != SCAN_NOTHING && scan->tokens[token].type == SCAN_NULL ? SCAN_NOTHING : token;
}

/* A number, or a text that is one; absent otherwise. */
static double number_at(const struct scan *scan, uint32_t token, double absent)
{
    char text[32];
    double number;
    if (token == SCAN_NOTHING)
        return absent;
    const struct scan_token *found = &scan->tokens[token];
    if (found->type == SCAN_NUMBER && scan_number(scan, token, &number))
        return number;
    if (found->type != SCAN_TEXT || found->length >= sizeof text)
        return absent;
    memcpy(text, scan->bytes + found->start, found->length);
    text[found->length] = '\0';
    return text_number(text, &number) ? number : absent;
}

static char *text_at(const struct scan *scan, uint32_t token)
{
    struct buffer text = BUFFER_INIT;
    if (token == SCAN_NOTHING)
        return NULL;
    const struct scan_token *found = &scan->tokens[token];
    if (found->type == SCAN_TEXT)
        scan_text(scan, token, &text);
    else if (found->type == SCAN_NUMBER)
        buffer_append(&text, scan->bytes + found->start, found->length);
    if (text.length == 0) {
        buffer_release(&text);
        return NULL;
    }
    return buffer_take(&text);
}

static unsigned items_of(const struct scan *scan, const struct rest_pointer *items)
{
    uint32_t list = items->given ? scan_at(scan, 0, &items->at) : 0;
    unsigned count = 0;
    if (list == SCAN_NOTHING || scan->tokens[list].type != SCAN_ARRAY)
        return 0;
    for (uint32_t item = list + 1; item < scan->tokens[list].next; item = scan->tokens[item].next)
        count++;
    return count;
}

static uint64_t hash_of(const char *body, size_t length)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)body[i]) * 0x100000001B3u;
    return hash;
}

/* Resolves `found` against the url that was asked; the token travels with it, so the host must stay. */
static char *url_on_same_host(const char *asked, const char *found, struct error *error)
{
    CURLU *to = curl_url();
    char *whole = NULL, *url = NULL;
    if (curl_url_set(to, CURLUPART_URL, asked, 0) == CURLUE_OK && curl_url_set(to, CURLUPART_URL, found, 0) == CURLUE_OK &&
        curl_url_get(to, CURLUPART_URL, &whole, 0) == CURLUE_OK && transfer_same_place(asked, whole))
        url = memory_text(whole);
    curl_free(whole);
    curl_url_cleanup(to);
    if (!url)
        error_set(error, ERROR_DENIED, "the next page is at another host, which is not asked: %.120s", found);
    return url;
}

/* By a cursor or url in the answer. */
static enum rest_next advance_by_next(struct rest_position *position, const char *asked, char *found, struct error *error)
{
    if (!found)
        return REST_DONE;
    bool is_url = strncmp(found, "http://", 7) == 0 || strncmp(found, "https://", 8) == 0 || *found == '/' || *found == '?';
    char *next = is_url ? url_on_same_host(asked, found, error) : memory_text(found);
    free(found);
    if (!next)
        return REST_WRONG;
    char **kept = is_url ? &position->url : &position->cursor;
    if (*kept && strcmp(*kept, next) == 0) {
        error_set(error, ERROR_INVALID, "the next page is this one again: %.80s", next);
        free(next);
        return REST_WRONG;
    }
    free(*kept);
    *kept = next;
    return REST_NEXT;
}

enum rest_next rest_position_advance(struct rest_position *position, const struct rest_plan *plan, struct scan *scan,
                                     const char *asked, const char *body, size_t length, struct error *error)
{
    const struct rest_pages *pages = &plan->pages;
    if (!pages->given || !scan_read(scan, body, length, NULL))
        return REST_DONE;
    unsigned items = items_of(scan, &plan->items);
    uint32_t more = at(scan, &pages->more);
    uint64_t seen = hash_of(body, length);
    bool again = position->taken > 0 && seen == position->seen;
    position->seen = seen;
    position->taken++;
    position->page++;
    position->offset += items;
    enum rest_next next = REST_NEXT;
    if (pages->next.given)
        next = advance_by_next(position, asked, text_at(scan, at(scan, &pages->next)), error);
    else if (pages->more.given)
        next = more != SCAN_NOTHING && scan->tokens[more].type == SCAN_TRUE ? REST_NEXT : REST_DONE;
    else if (pages->count.given)
        next = position->taken < number_at(scan, at(scan, &pages->count), 0) ? REST_NEXT : REST_DONE;
    else if (pages->total.given)
        next = items && position->offset < number_at(scan, at(scan, &pages->total), 0) ? REST_NEXT : REST_DONE;
    else if (items == 0 || items < pages->size)
        next = REST_DONE;
    if (next == REST_NEXT && again) {
        error_set(error, ERROR_INVALID, "page %u is the same as the one before: does the platform know `{page}` where it stands?",
                  position->taken);
        return REST_WRONG;
    }
    if (next == REST_NEXT && position->taken >= pages->limit) {
        error_set(error, ERROR_FULL, "more than %u pages: raise `pages.limit` or ask for larger ones", pages->limit);
        return REST_WRONG;
    }
    return next;
}

/* ---- a login's answer ---- */

void rest_session_release(struct rest_session *session)
{
    secret_free(&session->token);
    secret_free(&session->refresh);
    *session = (struct rest_session){0};
}

/* Never shown, should it come back in an answer; the one before it is of no use to anybody any more. */
static void token_hide(struct rest_plan *plan, const char *token)
{
    struct secrets *secrets = &plan->secrets;
    if (plan->token_hidden)
        secret_free(&secrets->text[--secrets->count]);
    unsigned before = secrets->count;
    secrets_add(secrets, token);
    plan->token_hidden = secrets->count > before;
}

bool rest_session_read(struct rest_session *session, struct rest_plan *plan, const char *body, size_t length, msec now,
                       struct error *error)
{
    const struct rest_login *login = &plan->login;
    struct scan scan;
    scan_init(&scan);
    rest_session_release(session);
    bool good = scan_read(&scan, body, length, NULL);
    if (good)
        session->token = text_at(&scan, at(&scan, &login->token));
    if (session->token) {
        double seconds = number_at(&scan, at(&scan, &login->expires), 0);
        session->refresh = text_at(&scan, at(&scan, &login->refresh_token));
        session->ends = seconds > 0 && seconds < 1e9 ? now + (msec)(seconds * 1000 * 0.9) : login->lifetime ? now + login->lifetime : 0;
        token_hide(plan, session->token);
    }
    scan_release(&scan);
    return session->token || error_set(error, ERROR_INVALID, good ? N_("the login's answer has no token where `login.token` points")
                                                                  : N_("the login's answer is not JSON"));
}
