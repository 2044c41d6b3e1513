/* A view without the console round it: its answers given by hand, its drawing taken as text. And one server to show:
 * a database machine with a full disk, a port nobody expects and a failed unit. */
#ifndef UNIT_UI_VIEW_HOSTED_H
#define UNIT_UI_VIEW_HOSTED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "term/locale.h"
#include "term/theme.h"
#include "view/view.h"

#define HOSTED_NOW ((msec)1795239252000) /* 2026-11-21 03:34:12 UTC */

struct hosted {
    struct view view;
    struct surface surface;
    msec at;
    char opened[200], commanded[200], said[400], replaced[200];
    struct buffer out;
};

static inline void hosted_open_(void *host, const char *view, const char *argument)
{
    snprintf(((struct hosted *)host)->opened, sizeof ((struct hosted *)host)->opened, "%s %s", view, argument);
}
static inline void hosted_command_(void *host, const char *line)
{
    snprintf(((struct hosted *)host)->commanded, sizeof ((struct hosted *)host)->commanded, "%s", line);
}
static inline void hosted_replace_(void *host, const char *view, const char *argument)
{
    snprintf(((struct hosted *)host)->replaced, sizeof ((struct hosted *)host)->replaced, "%s %s", view, argument);
}
static inline void __attribute__((format(printf, 3, 4))) hosted_say_(void *host, uint8_t role, const char *format, ...)
{
    va_list arguments;
    (void)role;
    va_start(arguments, format);
    vsnprintf(((struct hosted *)host)->said, sizeof ((struct hosted *)host)->said, format, arguments);
    va_end(arguments);
}
static inline msec hosted_at_(void *host) { return ((struct hosted *)host)->at; }
static inline msec hosted_now_(void *host)
{
    return ((struct hosted *)host)->at == CLOCK_NEVER ? HOSTED_NOW : ((struct hosted *)host)->at;
}
static inline bool hosted_no_(void *host) { (void)host; return false; }
static inline const struct wire_overview *hosted_overview_(void *host) { (void)host; return NULL; }

static inline unsigned hosted_commands_(void *host, const char *view, struct help_row **rows)
{
    (void)host, (void)view;
    *rows = memory_new_array(1, sizeof **rows);
    return 0;
}

static const struct view_host_ops hosted_ops = {
    .open = hosted_open_, .command = hosted_command_, .say = hosted_say_, .at = hosted_at_, .now = hosted_now_,
    .read_only = hosted_no_, .overview = hosted_overview_, .stale = hosted_no_, .commands = hosted_commands_, .replace = hosted_replace_};

static inline struct hosted *hosted_new(const struct view_ops *ops, const char *argument, int rows, int columns)
{
    struct hosted *hosted = memory_new(sizeof *hosted);
    struct error error = {0};
    hosted->at = CLOCK_NEVER;
    hosted->view = (struct view){.ops = ops, .state = memory_new(ops->size), .host_ops = &hosted_ops, .host = hosted};
    surface_init(&hosted->surface, rows, columns, false);
    hosted->view.area = (struct rect){0, 0, rows, columns};
    assert_true(ops->open(&hosted->view, argument, &error));
    return hosted;
}

static inline void hosted_free(struct hosted *hosted)
{
    hosted->view.ops->close(&hosted->view);
    free(hosted->view.state);
    surface_release(&hosted->surface);
    buffer_release(&hosted->out);
    free(hosted);
}

static inline void hosted_answer(struct hosted *hosted, unsigned slot, const char *body, size_t length)
{
    struct client_answer answer = {.status = 200, .body = body, .length = length, .first = true};
    struct error error = {0};
    if (!hosted->view.ops->receive(&hosted->view, slot, &answer, &error))
        fail_msg("not taken: %s", error.text);
}

static inline const char *hosted_draw(struct hosted *hosted)
{
    surface_clear(&hosted->surface);
    hosted->view.ops->draw(&hosted->view, &hosted->surface, hosted->view.area);
    buffer_clear(&hosted->out);
    surface_print(&hosted->surface, &hosted->out, NULL);
    if (getenv("SHOW_SCREENS"))
        printf("%s================\n", buffer_text(&hosted->out));
    return buffer_text(&hosted->out);
}

/* The language of what is drawn from now on: "zh_CN", or "en". */
static inline void hosted_language(const char *language)
{
    setenv("NOCTURNE_LOCALEDIR", TRANSLATIONS_FOLDER, 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("LANGUAGE", language, 1);
    locale_init();
    locale_prefer(language);
}

/* Compare the drawing with tests/screen/golden/NAME.txt; UPDATE_GOLDEN=1 writes it anew. */
static inline void hosted_golden(struct hosted *hosted, const char *name)
{
    char path[400], kept[65536];
    const char *drawn = hosted_draw(hosted);
    snprintf(path, sizeof path, GOLDEN_FOLDER "/%s.txt", name);
    FILE *file = fopen(path, getenv("UPDATE_GOLDEN") ? "w" : "r");
    if (!file)
        fail_msg("no %s: UPDATE_GOLDEN=1 makes it", path);
    if (getenv("UPDATE_GOLDEN")) {
        fputs(drawn, file);
        fclose(file);
        return;
    }
    size_t length = fread(kept, 1, sizeof kept - 1, file);
    kept[length] = '\0';
    fclose(file);
    if (strcmp(kept, drawn) != 0) {
        print_message("# -- golden %s --\n%s# -- drawn --\n%s", name, kept, drawn);
        fail_msg("another drawing than %s", path);
    }
}

static inline const char *hosted_plain(struct hosted *hosted)
{
    buffer_clear(&hosted->out);
    hosted->view.ops->plain(&hosted->view, &hosted->out);
    return buffer_text(&hosted->out);
}

static inline enum reaction hosted_command(struct hosted *hosted, const char *name, const char *argument)
{
    struct error error = {0};
    return hosted->view.ops->command(&hosted->view, name, argument, &error);
}

/* What it asks for in a slot; "" for nothing. */
static inline const char *hosted_want(struct hosted *hosted, unsigned slot)
{
    static struct view_wants wants;
    wants.count = 0;
    hosted->view.ops->wants(&hosted->view, &wants);
    for (unsigned i = 0; i < wants.count; i++)
        if (wants.want[i].slot == slot)
            return buffer_text(&wants.want[i].path);
    return "";
}

/* ---- the server ---- */

static inline struct host *hosted_server(void)
{
    struct host_builder *builder = host_builder_new();
    struct host *figures = host_builder_figures(builder);
    const double gib = 1024.0 * 1024 * 1024;
    figures->cost = 38;
    figures->uptime = 212.4 * 86400;
    figures->cpu = 37;
    figures->user = 28;
    figures->system = 6;
    figures->iowait = 3;
    figures->steal = 0;
    figures->load1 = 2.1;
    figures->load5 = 1.8;
    figures->load15 = 1.7;
    figures->online_cores = 8;
    figures->memory_total = 64 * gib;
    figures->memory_used = 38.9 * gib;
    figures->memory_available = 25.1 * gib;
    figures->swap_total = 0;
    figures->swap_used = 0;
    figures->pressure_cpu = 0.5;
    figures->pressure_io = 4;
    figures->pressure_memory = 0;
    figures->oom_kills = 0;
    figures->tcp_sockets = 260;
    figures->tcp_established = 212;
    figures->tcp_time_wait = 31;
    figures->in_rate = 41e6 / 8;
    figures->out_rate = 12e6 / 8;
    figures->failed_logins = 3;
    figures->security_updates = 2;
    figures->time_offset = 0.004;
    figures->tasks = 4;
    figures->failed_units = 1;
    for (unsigned i = 0; i < 8; i++)
        host_builder_core(builder, &(struct host_core){i, 20 + 5 * i, 15 + 4 * i, 4, 1, 0});
    host_builder_disk(builder, &(struct host_disk){"/", "/dev/vda1", "ext4", 40 * gib, 18 * gib, 20 * gib, 47, 12, 1e5, 2e5, 4, 0.6, false, false});
    host_builder_disk(builder, &(struct host_disk){"/data", "/dev/vdb", "xfs", 2048 * gib, 1986 * gib, 62 * gib, 97, 4, 3e6, 9e6, 61, 4.2, false, false});
    host_builder_disk(builder, &(struct host_disk){"/mnt/backup", "nas:/backup", "nfs4", NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, false, true});
    host_builder_interface(builder, &(struct host_interface){"eth0", 41e6 / 8, 12e6 / 8, 1e9, 0, 0, true, false});
    host_builder_interface(builder, &(struct host_interface){"lo", 1e3, 1e3, NAN, 0, 0, true, true});
    host_builder_port(builder, &(struct host_port){HOST_TCP, 22, "0.0.0.0", "sshd", "root", 640, 1});
    host_builder_port(builder, &(struct host_port){HOST_TCP, 5432, "0.0.0.0", "postgres", "postgres", 1410, 188});
    host_builder_port(builder, &(struct host_port){HOST_TCP, 9100, "0.0.0.0", "node_exporter", "prometheus", 700, 0});
    host_builder_port(builder, &(struct host_port){HOST_TCP, 8088, "0.0.0.0", "python3", "www", 4711, 0});
    host_builder_peer(builder, &(struct host_peer){HOST_TCP, "203.0.113.9", 4444, "python3", "www", 4711, 2});
    host_builder_unit(builder, &(struct host_unit){"postgresql.service", "active", "running", "PostgreSQL", HOSTED_NOW - 212 * SPAN_DAY, false});
    host_builder_unit(builder, &(struct host_unit){"pgbouncer.service", "active", "running", "pooler", HOSTED_NOW - 34 * SPAN_DAY, false});
    host_builder_unit(builder, &(struct host_unit){"backup.service", "failed", "failed", "nightly backup", HOSTED_NOW - SPAN_HOUR, true});
    host_builder_process(builder, &(struct host_process){1, 0, "root", "systemd", "/sbin/init", 'S', 0, 12e6, 0, HOSTED_NOW - 212 * SPAN_DAY});
    host_builder_process(builder, &(struct host_process){1410, 1, "postgres", "postgres", "postgres: main", 'S', 1.5, 1e9, 100, HOSTED_NOW - 212 * SPAN_DAY});
    host_builder_process(builder, &(struct host_process){1412, 1410, "postgres", "postgres", "postgres: writer", 'R', 31, 9.77e9, 2e6, HOSTED_NOW - 212 * SPAN_DAY});
    host_builder_process(builder, &(struct host_process){4711, 1, "www", "python3", "python3 -m http.server 8088", 'S', 0.2, 2e7, NAN, HOSTED_NOW - SPAN_HOUR});
    host_builder_login(builder, &(struct host_login){"王", "10.0.0.7", "pts/0", HOSTED_NOW - 2 * SPAN_HOUR});
    host_builder_certificate(builder, &(struct host_certificate){"/etc/ssl/db-2.pem", "db-2.example", HOSTED_NOW + 12 * SPAN_DAY});
    host_builder_factf(builder, "system", "Debian 12");
    host_builder_factf(builder, "kernel", "6.1.0-18-amd64");
    host_builder_factf(builder, "missing:sockets", "no such file");
    struct host *host = host_builder_make(builder, HOSTED_NOW - SPAN_SECOND);
    host_builder_free(&builder);
    return host;
}

/* What is kept of it: the lists that are, and the figures. */
static inline struct host *hosted_server_then(msec seen)
{
    struct host_builder *builder = host_builder_new();
    struct host *now = hosted_server();
    char when[INSTANT_TEXT];
    *host_builder_figures(builder) = (struct host){.cpu = 93, .memory_total = now->memory_total, .memory_used = now->memory_used, .tasks = 182};
    host_builder_unit(builder, &now->units[2]);
    host_builder_process(builder, &now->processes[2]);
    host_builder_factf(builder, "kept:processes", "%s", instant_format(when, seen));
    host_builder_factf(builder, "missing:logins", "not kept then");
    struct host *host = host_builder_make(builder, seen + SPAN_SECOND);
    host_builder_free(&builder);
    host_free(&now);
    return host;
}

/* GET /servers/db-2; the caller releases. `then` in place of what it is now, which it takes; NULL: now. */
static inline void hosted_server_page_of(struct buffer *out, struct host *then)
{
    const char *applications[] = {"能源态势", "供水"}, *logs[] = {"journal:postgresql", "file:/var/log/backup.log"};
    struct host *host = then ? then : hosted_server();
    struct wire_deviation deviations[] = {
        {"port-unexpected", "8088/tcp", "python3 (pid 4711, user www) listens on 0.0.0.0:8088", HOSTED_NOW - SPAN_HOUR},
        {"port-missing", "6432/tcp", "nobody listens on 6432/tcp", HOSTED_NOW - SPAN_HOUR},
        {"unit-failed", "backup.service", "failed", HOSTED_NOW - SPAN_HOUR},
        {"outbound", "203.0.113.9:4444", "python3 of www", HOSTED_NOW - SPAN_HOUR}};
    struct wire_endpoint endpoints[] = {
        {"energy/page", "能源页面", "能源态势", "https://10.0.0.12/health", "ok", "200 in 42 ms, certificate 61 d", 200, 42, 61.5, HOSTED_NOW - 3 * SPAN_HOUR, HOSTED_NOW - 4000},
        {"energy/meters", "meters", "能源态势", "https://10.0.0.12:8443/api/v2/meters", "critical", "503 Service Unavailable", 503, 7, 12.1, HOSTED_NOW - 5 * SPAN_MINUTE, HOSTED_NOW - 4000}};
    struct wire_server_page page = {
        .server = {.id = "db-2", .name = "数据库二", .address = "10.0.0.12", .place = "机房东 A03", .system = "Debian 12", .source = "hosts",
                   .evidence = "", .health = HEALTH_CRITICAL, .reason = REASON_ALERT, .since = HOSTED_NOW - 26 * SPAN_MINUTE,
                   .taken = HOSTED_NOW - SPAN_SECOND, .uptime = 212.4 * 86400, .cpu = 37, .iowait = 3, .load1 = 2.1, .memory = 61,
                   .memory_total = 64.0 * 1024 * 1024 * 1024, .swap = 0, .disk = 97, .disk_mount = "/data", .in_rate = 41e6 / 8,
                   .out_rate = 12e6 / 8, .speed = 1e9, .cores = 8, .sessions = 188, .logins = 1, .failed_units = 1, .unexpected = 1,
                   .alerts = 2, .worst = SEVERITY_CRITICAL, .applications = applications, .application_count = 2},
        .host = host, .deviations = deviations, .deviation_count = 4, .endpoints = endpoints, .endpoint_count = 2, .logs = logs, .log_count = 2, .may_restart = true, .shell = true,
        .attended = true, .page = {.past = then != NULL}};
    wire_write_server_page(out, &page);
    host_free(&host);
}

static inline void hosted_server_page(struct buffer *out)
{
    hosted_server_page_of(out, NULL);
}

#endif
