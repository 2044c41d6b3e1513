/* Asking Alertmanager, one request after the other: since when it runs, its silences, its alerts; then what of ours is to
 * be silenced there, and what of it no longer (alertmanager_cover.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/transfer.h"
#include "collect/alertmanager_cover.h"

#define ANSWER_MAX ((size_t)64 << 20)
#define LOOK SPAN_SECOND            /* for silences that begin or end */

enum step { STEP_STATUS, STEP_SILENCES, STEP_ALERTS, STEP_PUSH };

struct alertmanager_pull {
    struct source *source;
    const struct alertmanager_settings *settings;
    struct transfers *transfers;
    uv_timer_t *timer;
    CURL *easy;
    struct curl_slist *headers;
    struct buffer answer;
    char signature[160];
    struct fault_watch watch;
    bool running, again;            /* again: something came up in the middle of a round */
    enum step step;
    msec next;                      /* steady */
    msec asked;                     /* for the alerts, wall */
    msec started;                   /* of Alertmanager, wall; CLOCK_NEVER: not known */
    uint64_t mark;                  /* of our silences */
    struct alertmanager_silences silences;
    struct cover *cover;
    unsigned listed, held, missing;
    bool settling;
};

static void round_next(struct alertmanager_pull *pull);

/* ---- the end of a round ---- */

static void round_release(struct alertmanager_pull *pull)
{
    cover_drop(pull->cover);
    alertmanager_silences_release(&pull->silences);
    buffer_release(&pull->answer);
}

static void round_end(struct alertmanager_pull *pull)
{
    pull->running = false;
    pull->next = clock_steady() + (pull->again ? 0 : pull->settings->interval);
    pull->again = false;
    round_release(pull);
}

static void round_failed(struct alertmanager_pull *pull, enum source_state state, const char *what)
{
    char shown[256], address[160];
    secrets_redact(&pull->settings->secrets, what, strlen(what), shown, sizeof shown);
    fault_url_address(pull->settings->url, address, sizeof address);
    pull->source->failures++;
    source_status(pull->source, state, "asking %s: %s", address, shown);
    round_end(pull);
}

static void round_done(struct alertmanager_pull *pull)
{
    unsigned failed;
    char refusal[120] = "";
    unsigned pushed = cover_tell(pull->cover, &failed, refusal);
    struct buffer text = BUFFER_INIT;
    buffer_printf(&text, COUNTED(pull->listed, N_("%u alert"), N_("%u alerts")), pull->listed);
    if (pull->held)
        buffer_printf(&text, ", " N_("%u silenced or inhibited there"), pull->held);
    if (pushed)
        buffer_printf(&text, ", " N_("%u by us"), pushed);
    if (pull->settling && pull->missing) {
        buffer_append_text(&text, "; ");
        buffer_printf(&text,
                      COUNTED(pull->missing, N_("it started lately: %u waits to be sent again"),
                              N_("it started lately: %u wait to be sent again")),
                      pull->missing);
    }
    if (failed) {
        buffer_append_text(&text, "; ");
        buffer_printf(&text,
                      COUNTED(failed, N_("%u silence refused: %s"),
                              N_("%u silences refused: %s")), failed, refusal);
    }
    source_status(pull->source, failed ? SOURCE_TROUBLED : SOURCE_RUNNING, "%s", buffer_text(&text));
    buffer_release(&text);
    round_end(pull);
}

/* ---- requests ---- */

static size_t answer_arrived(char *bytes, size_t size, size_t count, void *owner)
{
    struct alertmanager_pull *pull = owner;
    size_t length = size * count;
    if (pull->answer.length + length > ANSWER_MAX)
        return 0;
    buffer_append(&pull->answer, bytes, length);
    return length;
}

static void answered(void *owner, CURL *easy, CURLcode result);

static void request(struct alertmanager_pull *pull, const char *method, const char *path, const char *query, const char *body)
{
    const struct alertmanager_settings *settings = pull->settings;
    char *url = memory_printf("%s%s%s", settings->url, path, query);
    CURL *easy = pull->easy;
    curl_easy_reset(easy);
    buffer_clear(&pull->answer);
    transfer_way_set(&settings->way, easy, url, settings->timeout, &pull->watch);
    free(url);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, answer_arrived);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, pull);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, pull->headers);
    transfer_sign_in(easy, settings->user, settings->password, settings->token);
    if (body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
        curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body);
    }
    if (strcmp(method, "DELETE") == 0)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    transfer_start(pull->transfers, easy, answered, pull);
}

/* ---- steps ---- */

static struct json_object *answer_json(struct alertmanager_pull *pull)
{
    struct error error;
    struct json_object *object = json_parse(buffer_text(&pull->answer), pull->answer.length, 0, &error);
    if (!object) {
        source_bad(pull->source, buffer_text(&pull->answer), pull->answer.length, "the answer is not JSON: %s", error.text);
        round_failed(pull, SOURCE_TROUBLED, "the answer is not Alertmanager's: not JSON");
    }
    return object;
}

static void wrong_answer(struct alertmanager_pull *pull, const char *what)
{
    source_bad(pull->source, buffer_text(&pull->answer), pull->answer.length, "%s", what);
    round_failed(pull, SOURCE_TROUBLED, what);
}

static bool status_arrived(struct alertmanager_pull *pull, struct json_object *answer)
{
    bool good = json_object_is_type(answer, json_type_object) && json_get(answer, "versionInfo");
    if (good)
        pull->started = json_get_instant(answer, "uptime");
    else
        wrong_answer(pull, "the answer is not Alertmanager's status");
    return good;
}

static bool silences_arrived(struct alertmanager_pull *pull, struct json_object *answer)
{
    struct error error;
    alertmanager_silences_release(&pull->silences);
    bool good = alertmanager_silences_read(&pull->silences, answer, pull->signature, &error);
    if (!good)
        wrong_answer(pull, error.text);
    return good;
}

static void report_all(struct alertmanager_pull *pull, struct json_object *answer)
{
    const struct alarm_sink *sink = &pull->source->alarms;
    struct alertmanager_alert alert = {0};
    for (size_t i = 0; i < json_object_array_length(answer); i++) {
        struct json_object *each = json_object_array_get_idx(answer, i);
        struct error error;
        if (!alertmanager_alert_read(&alert, pull->settings, sink, each, NULL, &pull->silences, &error)) {
            const char *sample = each ? json_object_to_json_string(each) : "null";
            source_bad(pull->source, sample, strlen(sample), "%s", error.text);
            continue;
        }
        alert.alarm.asked = pull->asked;
        pull->listed++;
        pull->held += alert.alarm.held != NULL;
        sink->ops->report(sink->owner, pull->source, &alert.alarm);
        cover_alert(pull->cover, &alert, each);
    }
    alertmanager_alert_release(&alert);
}

/* Its silences that are none of ours, for people here. */
static void tell_there(struct alertmanager_pull *pull)
{
    const struct alarm_sink *sink = &pull->source->alarms;
    struct alarm_there *rows = memory_new_array(pull->silences.count + 1, sizeof *rows);
    unsigned count = 0;
    for (unsigned i = 0; i < pull->silences.count; i++) {
        const struct alertmanager_silence *row = &pull->silences.row[i];
        if (!row->ours[0])
            rows[count++] = (struct alarm_there){.id = row->id, .what = row->matchers, .why = row->comment, .by = row->by,
                                                 .starts = row->starts, .ends = row->ends, .active = !row->pending, .alerts = row->alerts};
    }
    sink->ops->silences_there(sink->owner, pull->source, rows, count);
    free(rows);
}

static bool alerts_arrived(struct alertmanager_pull *pull, struct json_object *answer)
{
    struct source *source = pull->source;
    const struct alarm_sink *sink = &source->alarms;
    if (!json_object_is_type(answer, json_type_array)) {
        wrong_answer(pull, "expected a list of alerts");
        return false;
    }
    pull->listed = pull->held = 0;
    pull->mark = sink->ops->silences_mark(sink->owner, pull->source);
    uint64_t bad = source->bad;
    msec age = pull->started == CLOCK_NEVER ? 0 : clock_wall() - pull->started;
    pull->settling = age < pull->settings->settle;
    cover_begin(pull->cover, &pull->silences);
    sink->ops->list_begin(sink->owner, source);
    report_all(pull, answer);
    /* With something in it that could not be read, nobody knows what is missing. */
    pull->missing = sink->ops->list_end(sink->owner, source, !pull->settling && source->bad == bad,
                                        N_("Alertmanager lists it no more"));
    source->messages++;
    source->readings += pull->listed;
    source->last_heard = clock_wall();
    tell_there(pull);
    cover_end(pull->cover);
    return true;
}

static bool take_answer(struct alertmanager_pull *pull)
{
    static bool (*const takes[])(struct alertmanager_pull *, struct json_object *) = {
        [STEP_STATUS] = status_arrived, [STEP_SILENCES] = silences_arrived, [STEP_ALERTS] = alerts_arrived};
    struct json_object *answer = answer_json(pull);
    bool good = answer && takes[pull->step](pull, answer);
    json_object_put(answer);
    if (good)
        pull->step++;
    return good;
}

static void answered(void *owner, CURL *easy, CURLcode result)
{
    struct alertmanager_pull *pull = owner;
    long status = 0;
    char what[256];
    struct error error;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    pull->source->bytes += pull->answer.length;
    pull->source->checks++;
    if (result != CURLE_OK) {
        bool large = result == CURLE_WRITE_ERROR;
        if (!large)
            fault_transfer(&pull->watch, easy, result, &error);
        round_failed(pull, SOURCE_DOWN, large ? N_("the answer is larger than 64 MiB") : error.text);
        return;
    }
    snprintf(what, sizeof what, "HTTP %ld %.200s", status, status == 200 ? "" : buffer_text(&pull->answer));
    if (pull->step == STEP_PUSH) {
        cover_answered(pull->cover, status, what);
    } else if (status != 200) {
        fault_status(easy, buffer_text(&pull->answer), pull->answer.length, &error);
        round_failed(pull, SOURCE_TROUBLED, error.text);
        return;
    } else if (!take_answer(pull)) {
        return;
    }
    round_next(pull);
}

static void round_next(struct alertmanager_pull *pull)
{
    switch (pull->step) {
    case STEP_STATUS:
        request(pull, "GET", "/api/v2/status", "", NULL);
        break;
    case STEP_SILENCES:
        request(pull, "GET", "/api/v2/silences", "", NULL);
        break;
    case STEP_ALERTS:
        pull->asked = clock_wall();
        request(pull, "GET", "/api/v2/alerts", pull->settings->query, NULL);
        break;
    case STEP_PUSH: {
        struct cover_change change;
        if (!cover_change(pull->cover, &change)) {
            round_done(pull);
            return;
        }
        char *path = change.body ? memory_text("/api/v2/silences") : memory_printf("/api/v2/silence/%s", change.id);
        request(pull, change.body ? "POST" : "DELETE", path, "", change.body);
        free(path);
        break;
    }
    }
}

static void due(uv_timer_t *timer)
{
    struct alertmanager_pull *pull = timer->data;
    const struct alarm_sink *sink = &pull->source->alarms;
    if (!pull || pull->running)
        return;
    bool pushes = pull->settings->push_silences || pull->settings->push_acknowledgements;
    bool moved = pushes && sink->ops->silences_mark(sink->owner, pull->source) != pull->mark;
    if (clock_steady() < pull->next && !moved)
        return;
    pull->running = true;
    pull->mark = sink->ops->silences_mark(sink->owner, pull->source);
    pull->step = STEP_STATUS;
    round_next(pull);
}

/* ---- begin and end ---- */

struct alertmanager_pull *alertmanager_pull_new(struct source *source, const struct alertmanager_settings *settings)
{
    struct alertmanager_pull *pull = memory_new(sizeof *pull);
    char host[65] = "host";
    pull->source = source;
    pull->settings = settings;
    pull->started = CLOCK_NEVER;
    gethostname(host, sizeof host - 1);
    snprintf(pull->signature, sizeof pull->signature, "nocturne@%s/%s", host, source->name);
    pull->cover = cover_new(source, settings, pull->signature);
    pull->transfers = transfers_new(source->loop, 1);
    pull->easy = curl_easy_init();
    pull->headers = curl_slist_append(curl_slist_append(NULL, "Content-Type: application/json"), "Expect:");
    pull->timer = memory_new(sizeof *pull->timer);
    uv_timer_init(source->loop, pull->timer);
    pull->timer->data = pull;
    msec look = settings->interval < LOOK ? settings->interval : LOOK;
    uv_timer_start(pull->timer, due, 0, (uint64_t)look);
    source_status(source, SOURCE_STARTING, "asking");
    return pull;
}

void alertmanager_pull_soon(struct alertmanager_pull *pull)
{
    pull->next = clock_steady();
    pull->again = pull->running;
}

void alertmanager_pull_end(struct alertmanager_pull *pull, const char *id)
{
    cover_want_end(pull->cover, id);
    alertmanager_pull_soon(pull);
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

void alertmanager_pull_free(struct alertmanager_pull **slot)
{
    struct alertmanager_pull *pull = *slot;
    if (!pull)
        return;
    *slot = NULL;
    if (pull->running)
        transfer_cancel(pull->transfers, pull->easy);
    transfers_free(&pull->transfers);
    curl_easy_cleanup(pull->easy);
    curl_slist_free_all(pull->headers);
    uv_close((uv_handle_t *)pull->timer, free_handle);
    round_release(pull);
    cover_free(&pull->cover);
    free(pull);
}
