/* A server's logs, read where they lie and told line by line; only those that the configuration offers (R041). */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "api/handlers.h"
#include "api/servers.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/alert.h"
#include "wire/servers.h"

#define LINES_DEFAULT 500
#define LINES_MAX 20000
#define LOG_LINE ((size_t)16 * 1024)
#define READY_MAX ((size_t)8 * MEBIBYTE) /* a reader that follows and does not read is let go */
#define READER_EVERY 2000
#define LOG_PATIENCE (30 * SPAN_SECOND)
#define LOG_BYTES ((size_t)64 * MEBIBYTE)
#define COMMAND_MAX 4096

struct log_stream {
    struct request *request;
    struct hosts *hosts;
    struct hosts_running *running; /* NULL: it has ended */
    uv_timer_t *timer;             /* looks whether somebody still reads */
    struct buffer partial, complaint; /* lines not yet whole */
    struct buffer ready;
    char *unit, *search;
    char zone[8];                  /* the host's: "+08:00"; "" not known */
    msec since;
    bool journal, asleep, ended;
};

/* ---- one line ---- */

static const struct { const char *word; enum severity severity; } words[] = {
    {"emerg", SEVERITY_CRITICAL}, {"panic", SEVERITY_CRITICAL}, {"fatal", SEVERITY_CRITICAL}, {"crit", SEVERITY_CRITICAL},
    {"error", SEVERITY_MAJOR}, {"failed", SEVERITY_MAJOR}, {"failure", SEVERITY_MAJOR}, {"[err]", SEVERITY_MAJOR},
    {"warn", SEVERITY_WARNING}, {"notice", SEVERITY_INFO}, {"info", SEVERITY_INFO},
};

static int severity_suggested(const char *text)
{
    char head[240];
    snprintf(head, sizeof head, "%s", text);
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        if (strcasestr(head, words[i].word))
            return (int)words[i].severity;
    return -1;
}

static int month_of(const char *text)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int month = 0; month < 12; month++)
        if (strncmp(text, names + 3 * month, 3) == 0)
            return month + 1;
    return 0;
}

/* "2026-11-21 06:31:43" as the host means it. */
static void local_time(char *text, size_t size, const char *zone)
{
    text[10] = *zone ? 'T' : ' ';
    if (*zone)
        snprintf(text + strlen(text), size - strlen(text), "%s", zone);
}

/* "2026-11-21T06:31:43[.123][Z|+08:00]", also with blanks and slashes; "Nov 21 06:31:43"; "[21/Nov/2026:06:31:43 +0000]".
 * Without an offset it is the host's ("+08:00"), or the site's where that is not known. CLOCK_NEVER: none of these. */
static msec line_time(const char *line, const char *host_zone, msec now)
{
    char text[48] = "";
    char date[16], month[4], zone[8] = "";
    int year, day, used = 0;
    msec instant;
    const char *bracket = strchr(line, '[');
    line += *line == '[';
    if (sscanf(line, "%4d%*1[-/]%2s%*1[-/]%2d%n", &year, date, &day, &used) == 3 && used == 10) {
        snprintf(text, sizeof text, "%04d-%.2s-%02d%c%.8s", year, date, day, line[10] == 'T' ? 'T' : ' ', line + 11);
        const char *rest = strlen(line) > 19 ? line + 19 : "";
        rest += *rest == '.' || *rest == ',' ? 1 + strspn(rest + 1, "0123456789") : 0;
        if (*rest == 'Z' || ((*rest == '+' || *rest == '-') && strlen(rest) >= 6 && rest[3] == ':')) {
            text[10] = 'T';
            snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s", *rest == 'Z' ? 1 : 6, rest);
        } else {
            local_time(text, sizeof text, host_zone);
        }
    } else if (month_of(line) && sscanf(line + 3, " %2d %8s", &day, date) == 2) {
        time_t seconds = (time_t)(now / SPAN_SECOND);
        struct tm today;
        localtime_r(&seconds, &today);
        year = today.tm_year + 1900 - (month_of(line) > today.tm_mon + 1);
        snprintf(text, sizeof text, "%04d-%02d-%02d %s", year, month_of(line), day, date);
        local_time(text, sizeof text, host_zone);
    } else if (bracket && sscanf(bracket + 1, "%2d/%3s/%4d:%8s %7[+0-9-]", &day, month, &year, date, zone) >= 4 && month_of(month)) {
        snprintf(text, sizeof text, "%04d-%02d-%02d%c%.8s", year, month_of(month), day, strlen(zone) == 5 ? 'T' : ' ', date);
        if (strlen(zone) == 5)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%.3s:%.2s", zone, zone + 3);
    }
    return *text && instant_parse(text, now, &instant, NULL) ? instant : CLOCK_NEVER;
}

static bool is_wanted(const struct log_stream *stream, const struct wire_log_line *line)
{
    if (stream->search && !strcasestr(line->text, stream->search))
        return false;
    return stream->since == CLOCK_NEVER || line->time == CLOCK_NEVER || line->time >= stream->since;
}

static void give(struct log_stream *stream, struct wire_log_line *line)
{
    struct buffer clean = BUFFER_INIT;
    text_clean(&clean, line->text, strlen(line->text));
    line->text = buffer_text(&clean);
    if (is_wanted(stream, line)) {
        struct json_writer writer;
        json_start(&writer, &stream->ready);
        wire_write_log_line(&writer, line);
        buffer_append_char(&stream->ready, '\n');
    }
    buffer_release(&clean);
}

/* A message that is not text travels as numbers. */
static const char *journal_message(struct json_object *object, char out[LOG_LINE])
{
    struct json_object *message = json_get(object, "MESSAGE");
    if (!message || !json_object_is_type(message, json_type_array))
        return json_get_text(object, "MESSAGE", "");
    size_t length = json_object_array_length(message), used = 0;
    for (size_t i = 0; i < length && used + 1 < LOG_LINE; i++)
        out[used++] = (char)json_object_get_int(json_object_array_get_idx(message, i));
    out[used] = '\0';
    return out;
}

static void give_journal(struct log_stream *stream, const char *text, size_t length)
{
    static const enum severity by_priority[] = {SEVERITY_CRITICAL, SEVERITY_CRITICAL, SEVERITY_CRITICAL, SEVERITY_MAJOR,
                                                SEVERITY_WARNING, SEVERITY_INFO, SEVERITY_INFO, SEVERITY_INFO};
    struct json_object *object = json_parse(text, length, 0, NULL);
    char scratch[LOG_LINE];
    if (!object)
        return; /* cut in half, or a remark of journalctl */
    const char *priority = json_get_text(object, "PRIORITY", ""), *unit = json_get_text(object, "_SYSTEMD_UNIT", stream->unit);
    long long micros = strtoll(json_get_text(object, "__REALTIME_TIMESTAMP", "0"), NULL, 10);
    struct wire_log_line line = {.time = micros > 0 ? micros / 1000 : CLOCK_NEVER, .unit = unit, .text = journal_message(object, scratch)};
    line.severity = priority[0] >= '0' && priority[0] <= '7' && !priority[1] ? (int)by_priority[priority[0] - '0'] : severity_suggested(line.text);
    give(stream, &line);
    json_object_put(object);
}

static void give_line(struct log_stream *stream, char *text, size_t length, bool complaint)
{
    if (length && text[length - 1] == '\r')
        length--;
    if (stream->journal && !complaint) {
        give_journal(stream, text, length);
        return;
    }
    length = length < LOG_LINE ? length : LOG_LINE;
    char *line = memory_text_n(text, length);
    for (size_t i = 0; i < length; i++)
        if (!line[i])
            line[i] = ' ';
    give(stream, &(struct wire_log_line){.time = complaint ? CLOCK_NEVER : line_time(line, stream->zone, clock_wall()), .unit = stream->unit, .text = line,
                                         .severity = complaint ? (int)SEVERITY_MAJOR : severity_suggested(line)});
    free(line);
}

/* ---- the stream ---- */

static void end_early(struct log_stream *stream)
{
    if (stream->running)
        hosts_cancel(stream->hosts, stream->running);
    stream->running = NULL;
    stream->ended = true;
}

/* A quiet log writes nothing, so a reader that left would not be missed. */
static void look_for_reader(uv_timer_t *timer)
{
    struct log_stream *stream = timer->data;
    char byte;
    const struct peer *peer = stream->request->peer;
    if (stream->ended || (peer && recv(peer->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0))
        return;
    end_early(stream);
    stream_wake(stream->request, &stream->asleep);
}

static void log_output(void *owner, const char *bytes, size_t length, bool error_stream)
{
    struct log_stream *stream = owner;
    struct buffer *partial = error_stream ? &stream->complaint : &stream->partial;
    buffer_append(partial, bytes, length);
    size_t done = 0;
    for (char *end; (end = memchr(partial->data + done, '\n', partial->length - done));) {
        give_line(stream, partial->data + done, (size_t)(end - partial->data) - done, error_stream);
        done = (size_t)(end - partial->data) + 1;
    }
    buffer_consume(partial, done);
    if (partial->length > MEBIBYTE) {
        give_line(stream, partial->data, partial->length, error_stream); /* one line without an end */
        buffer_clear(partial);
    }
    if (stream->ready.length > READY_MAX)
        end_early(stream);
    stream_wake(stream->request, &stream->asleep);
}

static void log_done(void *owner, int exit_code, const struct error *error)
{
    struct log_stream *stream = owner;
    (void)exit_code;
    stream->running = NULL;
    stream->ended = true;
    if (stream->partial.length)
        give_line(stream, stream->partial.data, stream->partial.length, false);
    if (stream->complaint.length)
        give_line(stream, stream->complaint.data, stream->complaint.length, true);
    stream->partial.length = stream->complaint.length = 0;
    if (error) {
        char text[sizeof error->text];
        snprintf(text, sizeof text, "%s", error->text);
        give_line(stream, text, strlen(text), true);
    }
    stream_wake(stream->request, &stream->asleep);
}

static enum produced produce_log(struct request *request)
{
    struct log_stream *stream = request->state;
    if (stream->ready.length) {
        buffer_append(&request->answer, stream->ready.data, stream->ready.length);
        buffer_clear(&stream->ready);
        return PRODUCED_MORE;
    }
    if (stream->ended)
        return PRODUCED_END;
    stream->asleep = true;
    return PRODUCED_WAIT;
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void log_release(void *state)
{
    struct log_stream *stream = state;
    end_early(stream);
    if (stream->timer)
        uv_close((uv_handle_t *)stream->timer, free_handle);
    buffer_release(&stream->partial);
    buffer_release(&stream->complaint);
    buffer_release(&stream->ready);
    free(stream->unit);
    free(stream->search);
    free(stream);
}

/* ---- the question ---- */

static bool is_offered(const struct hosts_expectation *expected, const char *log)
{
    for (unsigned i = 0; i < expected->log_count; i++) {
        const char *offered = expected->logs[i];
        bool pattern = strncmp(offered, "journal:", 8) == 0 && strchr(offered, '*');
        if (strcmp(offered, log) == 0 || (pattern && strncmp(log, "journal:", 8) == 0 && text_glob(offered, log)))
            return true;
    }
    return false;
}

struct question { const char *log, *search; uint32_t lines; bool follow; msec since; };

static bool make_command(const struct question *question, char out[COMMAND_MAX], struct error *error)
{
    bool journal = strncmp(question->log, "journal:", 8) == 0, search = question->search && *question->search && !question->follow;
    char lines[16], since[24], template[300];
    snprintf(lines, sizeof lines, "%u", question->lines);
    snprintf(since, sizeof since, "%lld", question->since == CLOCK_NEVER ? 0ll : (long long)(question->since / SPAN_SECOND));
    const char *from = question->since == CLOCK_NEVER ? "" : " --since=@{since}";
    const char *count = search ? (journal ? "20000" : "200000") : "{lines}", *sift = search ? " | grep -iF -e {search} | tail -n {lines}" : "";
    if (journal)
        snprintf(template, sizeof template, "%sjournalctl -q --no-pager -o json -u {unit} -n %s%s%s%s", search ? "" : "exec ", count, from,
                 question->follow ? " -f" : "", sift);
    else
        snprintf(template, sizeof template, "%stail -n %s%s -- {path}%s", search ? "" : "exec ", count, question->follow ? " -F" : "", sift);
    const struct hosts_argument arguments[] = {
        {"lines", lines}, {"since", since}, {journal ? "unit" : "path", strchr(question->log, ':') + 1},
        {"search", search ? question->search : "x"}};
    return hosts_command(template, arguments, ARRAY_COUNT(arguments), out, COMMAND_MAX, error);
}

static bool read_question(struct request *request, struct question *question, struct error *error)
{
    const struct target *target = &request->target;
    *question = (struct question){.log = target_get(target, "log"), .search = target_get(target, "search"), .lines = LINES_DEFAULT,
                                  .since = CLOCK_NEVER};
    if (!question->log)
        return error_set(error, ERROR_INVALID, "log: which? such as journal:nginx or file:/var/log/syslog");
    return target_count(target, "lines", LINES_MAX, &question->lines, error) && target_flag(target, "follow", &question->follow, error) &&
           target_instant(target, "since", request->now, &question->since, error);
}

static void begin_log(struct request *request, uint32_t asset, const struct question *question)
{
    char command[COMMAND_MAX];
    struct error error;
    if (!make_command(question, command, &error)) {
        request_fail(request, &error);
        return;
    }
    struct log_stream *stream = memory_new(sizeof *stream);
    stream->request = request;
    stream->hosts = request->api->hosts;
    stream->journal = strncmp(question->log, "journal:", 8) == 0;
    stream->unit = memory_text(strchr(question->log, ':') + 1);
    stream->search = question->search && *question->search ? memory_text(question->search) : NULL;
    stream->since = question->since;
    const struct host *host = hosts_find(stream->hosts, asset);
    snprintf(stream->zone, sizeof stream->zone, "%s", host ? host_fact(host, "zone") : "");
    request->state = stream;
    request->release_state = log_release;
    struct host_run run = {.command = command, .timeout = question->follow ? 0 : LOG_PATIENCE,
                           .output_limit = question->follow ? 0 : LOG_BYTES, .output = log_output, .done = log_done, .owner = stream};
    stream->running = hosts_run(stream->hosts, asset, &run, &error);
    if (!stream->running) {
        request_fail(request, &error);
        return;
    }
    if (question->follow) {
        stream->timer = memory_new(sizeof *stream->timer);
        uv_timer_init(request->api->loop, stream->timer);
        stream->timer->data = stream;
        uv_timer_start(stream->timer, look_for_reader, READER_EVERY, READER_EVERY);
    }
    request->produce = produce_log;
    request->close = true;
    request->content_type = "application/x-ndjson";
    request_finish(request, 200);
}

void get_server_logs(struct request *request)
{
    uint32_t asset;
    struct question question;
    struct hosts_expectation expected;
    struct error error;
    if (!server_of(request, &asset))
        return;
    if (!read_question(request, &question, &error)) {
        request_fail(request, &error);
        return;
    }
    hosts_expected(request->api->hosts, asset, &expected);
    if (!is_offered(&expected, question.log))
        request_refuse(request, 422, ERROR_INVALID, "`%.120s` is not among the logs that `servers:` of the configuration offers for %s",
                       question.log, request->id);
    else
        begin_log(request, asset, &question);
}
