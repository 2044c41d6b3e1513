/* The reads: get, overview, show, history, audit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "command/actions.h"
#include "command/body.h"
#include "command/shell.h"
#include "term/locale.h"

struct resource {
    const char *name, *path;
    const struct shell_column *columns;
    unsigned count;
    const char *fields; /* asked for where the resource knows `fields` */
    bool takes_at, takes_filter, takes_span, takes_limit, csv; /* csv: the daemon writes it, whole */
};

static const struct shell_column asset_columns[] = {
    {N_("health"), "health", FORMAT_PROSE, false}, {N_("id"), "id", FORMAT_TEXT, false}, {N_("name"), "name", FORMAT_TEXT, false},
    {N_("place"), "building", FORMAT_PLACE, false}, {N_("subsystem"), "subsystem", FORMAT_TEXT, false},
    {N_("since"), "since", FORMAT_AGE, false}, {N_("heard"), "last_heard", FORMAT_AGE, false},
    {N_("kind"), "kind", FORMAT_TEXT, true}, {N_("class"), "class", FORMAT_TEXT, true}, {N_("parent"), "parent", FORMAT_TEXT, true},
    {N_("reason"), "reason", FORMAT_PROSE, true}, {N_("network"), "link", FORMAT_PROSE, true}, {N_("comm"), "comm", FORMAT_PROSE, true},
    {N_("below"), "children", FORMAT_NUMBER, true}, {N_("responsible unit"), "unit", FORMAT_TEXT, true},
    {N_("address"), "address", FORMAT_TEXT, true}, {N_("model"), "model", FORMAT_TEXT, true},
};
static const struct shell_column source_columns[] = {
    {N_("source"), "name", FORMAT_TEXT, false}, {N_("type"), "type", FORMAT_TEXT, false}, {N_("state"), "state", FORMAT_PROSE, false},
    {N_("detail"), "detail", FORMAT_PROSE, false}, {N_("rate"), "rate", FORMAT_NUMBER, false}, {N_("heard"), "last_heard", FORMAT_AGE, false},
    {N_("bad"), "bad", FORMAT_NUMBER, false}, {N_("messages"), "messages", FORMAT_NUMBER, true}, {N_("readings"), "readings", FORMAT_NUMBER, true},
    {N_("bytes"), "bytes", FORMAT_NUMBER, true}, {N_("duplicates"), "duplicates", FORMAT_NUMBER, true},
    {N_("checks"), "checks", FORMAT_NUMBER, true}, {N_("failures"), "failures", FORMAT_NUMBER, true},
    {N_("reconnects"), "reconnects", FORMAT_NUMBER, true},
};
static const struct shell_column state_columns[] = {
    {N_("from"), "from", FORMAT_INSTANT, false}, {N_("to"), "to", FORMAT_INSTANT, false}, {N_("id"), "id", FORMAT_TEXT, false},
    {N_("health"), "health", FORMAT_PROSE, false}, {N_("reason"), "reason", FORMAT_PROSE, false},
    {N_("network"), "link", FORMAT_PROSE, true}, {N_("comm"), "comm", FORMAT_PROSE, true},
};
static const struct shell_column audit_columns[] = {
    {"#", "sequence", FORMAT_NUMBER, false}, {N_("time"), "time", FORMAT_INSTANT, false}, {N_("who"), "actor", FORMAT_PROSE, false},
    {N_("did"), "verb", FORMAT_PROSE, false}, {N_("target"), "target", FORMAT_TEXT, false}, {N_("detail"), "detail", FORMAT_TEXT, false},
    {N_("hash"), "hash", FORMAT_TEXT, true},
};
static const struct shell_column view_columns[] = {
    {N_("name"), "name", FORMAT_TEXT, false}, {N_("resource"), "resource", FORMAT_TEXT, false}, {N_("query"), "query", FORMAT_TEXT, false},
    {N_("owner"), "owner", FORMAT_TEXT, false},
};
static const struct shell_column capacity_columns[] = {
    {N_("asset"), "asset", FORMAT_TEXT, false}, {N_("name"), "asset_name", FORMAT_TEXT, false}, {N_("what"), "what", FORMAT_PROSE, false},
    {N_("value"), "level", FORMAT_NUMBER, false}, {N_("unit"), "unit", FORMAT_TEXT, false}, {N_("limit"), "limit", FORMAT_NUMBER, false}, {N_("heading"), "says", FORMAT_PROSE, false},
    {N_("place"), "place", FORMAT_TEXT, true}, {N_("metric"), "metric", FORMAT_TEXT, true}, {N_("points"), "points", FORMAT_NUMBER, true},
    {N_("limit by"), "limit_by", FORMAT_TEXT, true},
};
static const struct shell_column facet_columns[] = {
    {N_("value"), "value", FORMAT_TEXT, false}, {N_("count"), "count", FORMAT_NUMBER, false},
};

static const struct shell_column rule_columns[] = {
    {N_("severity"), "severity", FORMAT_PROSE, false}, {N_("name"), "name", FORMAT_TEXT, false}, {N_("when"), "when", FORMAT_TEXT, false},
    {N_("applies"), "applies", FORMAT_NUMBER, false}, {N_("active"), "active", FORMAT_NUMBER, false},
    {N_("problem"), "problem", FORMAT_PROSE, false}, {N_("selects"), "select", FORMAT_TEXT, true},
    {N_("clear"), "clear", FORMAT_TEXT, true}, {N_("contract"), "contract", FORMAT_TEXT, true},
    {N_("row"), "requirement", FORMAT_TEXT, true},
};

static const struct shell_column notification_columns[] = {
    {N_("time"), "time", FORMAT_INSTANT, false}, {N_("state"), "state", FORMAT_PROSE, false}, {N_("what"), "what", FORMAT_PROSE, false},
    {N_("channel"), "channel", FORMAT_TEXT, false}, {N_("to"), "to", FORMAT_TEXT, false}, {N_("alert"), "alert", FORMAT_TEXT, false},
    {N_("attempts"), "attempts", FORMAT_NUMBER, false}, {N_("detail"), "detail", FORMAT_PROSE, false}, {N_("id"), "id", FORMAT_TEXT, true},
};
static const struct shell_column alert_columns[] = {
    {N_("id"), "id", FORMAT_TEXT, false}, {N_("severity"), "severity", FORMAT_PROSE, false}, {N_("state"), "state", FORMAT_PROSE, false},
    {N_("raised"), "raised_at", FORMAT_AGE, false}, {N_("name"), "name", FORMAT_PROSE, false}, {N_("asset"), "asset", FORMAT_TEXT, false},
    {N_("place"), "place", FORMAT_TEXT, false}, {N_("symptoms"), "symptoms", FORMAT_NUMBER, false}, {N_("who"), "assignee", FORMAT_TEXT, false},
    {N_("summary"), "summary", FORMAT_PROSE, false}, {N_("type"), "type", FORMAT_TEXT, true}, {N_("rule"), "rule", FORMAT_TEXT, true},
    {N_("responsible unit"), "unit", FORMAT_TEXT, true}, {N_("acknowledged by"), "acknowledged_by", FORMAT_TEXT, true},
    {N_("note"), "note", FORMAT_TEXT, true}, {N_("cause"), "cause", FORMAT_TEXT, true},
};
static const struct shell_column silence_columns[] = {
    {N_("id"), "id", FORMAT_TEXT, false}, {N_("filter"), "filter", FORMAT_TEXT, false}, {N_("ends"), "ends", FORMAT_INSTANT, false},
    {N_("why"), "why", FORMAT_TEXT, false}, {N_("who"), "by", FORMAT_TEXT, false}, {N_("matches"), "matches", FORMAT_NUMBER, false},
    {N_("elsewhere"), "elsewhere", FORMAT_PROSE, false},
};
static const struct shell_column heartbeat_columns[] = {
    {N_("heartbeat"), "name", FORMAT_TEXT, false}, {N_("state"), "state", FORMAT_PROSE, false}, {N_("heard"), "last", FORMAT_AGE, false},
    {N_("every"), "every_ms", FORMAT_SPAN, false}, {N_("grace"), "grace_ms", FORMAT_SPAN, false}, {N_("by"), "by", FORMAT_TEXT, false},
    {N_("alert"), "alert", FORMAT_TEXT, false}, {N_("message"), "message", FORMAT_PROSE, false}, {N_("asset"), "asset", FORMAT_TEXT, true},
    {N_("severity"), "severity", FORMAT_PROSE, true}, {N_("beats"), "beats", FORMAT_NUMBER, true},
    {N_("failures"), "failures", FORMAT_NUMBER, true},
};

static const struct shell_column server_columns[] = {
    {N_("id"), "id", FORMAT_TEXT, false}, {N_("health"), "health", FORMAT_PROSE, false}, {N_("name"), "name", FORMAT_TEXT, false},
    {N_("place"), "place", FORMAT_TEXT, false}, {"cpu%", "cpu", FORMAT_NUMBER, false}, {"mem%", "memory", FORMAT_NUMBER, false},
    {"disk%", "disk", FORMAT_NUMBER, false}, {N_("mount"), "disk_mount", FORMAT_TEXT, false}, {N_("load"), "load1", FORMAT_NUMBER, false},
    {N_("sessions"), "sessions", FORMAT_NUMBER, false}, {N_("failed units"), "failed_units", FORMAT_NUMBER, false},
    {N_("ports not expected"), "unexpected", FORMAT_NUMBER, false}, {N_("alerts"), "alerts", FORMAT_NUMBER, false},
    {N_("taken"), "taken", FORMAT_AGE, false}, {N_("address"), "address", FORMAT_TEXT, true}, {N_("system"), "system", FORMAT_TEXT, true},
    {N_("down B/s"), "in_rate", FORMAT_NUMBER, true}, {N_("up B/s"), "out_rate", FORMAT_NUMBER, true},
    {N_("open ports"), "ports", FORMAT_NUMBER, true}, {N_("api endpoints"), "endpoints", FORMAT_NUMBER, true},
    {N_("failing"), "endpoints_failing", FORMAT_NUMBER, true}, {N_("cores"), "cores", FORMAT_NUMBER, true},
    {N_("source"), "source", FORMAT_TEXT, true}, {N_("evidence"), "evidence", FORMAT_PROSE, true},
};
static const struct shell_column application_columns[] = {
    {N_("id"), "id", FORMAT_TEXT, false}, {N_("health"), "health", FORMAT_PROSE, false}, {N_("name"), "name", FORMAT_TEXT, false},
    {N_("since"), "since", FORMAT_AGE, false}, {N_("available"), "availability", FORMAT_NUMBER, false},
    {N_("checks"), "checks", FORMAT_NUMBER, false}, {N_("failing"), "failing", FORMAT_NUMBER, false},
    {N_("waiting"), "waiting", FORMAT_NUMBER, false}, {"ms", "latency_ms", FORMAT_NUMBER, false}, {N_("where it hurts"), "hurts", FORMAT_PROSE, false},
    {N_("subsystem"), "subsystem", FORMAT_TEXT, true}, {N_("contract"), "contract", FORMAT_TEXT, true},
    {N_("row"), "requirement", FORMAT_TEXT, true}, {N_("users"), "users", FORMAT_NUMBER, true},
    {N_("down B/s"), "in_rate", FORMAT_NUMBER, true}, {N_("up B/s"), "out_rate", FORMAT_NUMBER, true}, {N_("recovery"), "recovery", FORMAT_PROSE, true},
};

static const struct shell_column security_columns[] = {
    {N_("level"), "level", FORMAT_TEXT, false}, {N_("name"), "name", FORMAT_TEXT, false}, {N_("state"), "state", FORMAT_PROSE, false},
    {N_("layer"), "layer", FORMAT_TEXT, false}, {N_("measure"), "measure", FORMAT_TEXT, false}, {N_("to watch"), "total", FORMAT_NUMBER, false},
    {N_("watched"), "watched", FORMAT_NUMBER, false}, {N_("now"), "now", FORMAT_NUMBER, false}, {N_("24 h"), "day", FORMAT_NUMBER, false},
    {N_("7 d"), "week", FORMAT_NUMBER, false}, {N_("31 d"), "month", FORMAT_NUMBER, false}, {N_("last"), "last", FORMAT_AGE, false},
    {N_("hidden"), "hidden", FORMAT_NUMBER, true}, {N_("silent"), "silent", FORMAT_NUMBER, true}, {N_("row"), "requirement", FORMAT_TEXT, true},
    {N_("worst"), "worst", FORMAT_PROSE, true}, {N_("title"), "title", FORMAT_TEXT, true},
};

static const struct resource resources[] = {
    {.name = "security", .path = "/security", .columns = security_columns, .count = ARRAY_COUNT(security_columns)},
    {.name = "capacity", .path = "/capacity", .columns = capacity_columns, .count = ARRAY_COUNT(capacity_columns), .takes_filter = true,
     .takes_span = true},
    {.name = "servers", .path = "/servers", .columns = server_columns, .count = ARRAY_COUNT(server_columns), .takes_at = true,
     .takes_filter = true, .takes_limit = true},
    {.name = "applications", .path = "/applications", .columns = application_columns, .count = ARRAY_COUNT(application_columns),
     .takes_at = true, .takes_filter = true, .takes_limit = true},
    {.name = "alerts", .path = "/alerts", .columns = alert_columns, .count = ARRAY_COUNT(alert_columns), .takes_at = true, .csv = true,
     .takes_filter = true, .takes_limit = true,
     .fields = "name,type,severity,state,raised_at,asset,place,unit,summary,symptoms,assignee,acknowledged_by,note,cause,rule"},
    {.name = "silences", .path = "/silences", .columns = silence_columns, .count = ARRAY_COUNT(silence_columns)},
    {.name = "assets", .path = "/assets", .columns = asset_columns, .count = ARRAY_COUNT(asset_columns), .takes_at = true, .csv = true,
     .takes_filter = true, .takes_limit = true,
     .fields = "id,name,kind,class,parent,subsystem,building,floor,room,unit,address,model,health,reason,since,last_heard,link,comm,children"},
    {.name = "sources", .path = "/sources", .columns = source_columns, .count = ARRAY_COUNT(source_columns)},
    {.name = "heartbeats", .path = "/heartbeats", .columns = heartbeat_columns, .count = ARRAY_COUNT(heartbeat_columns)},
    {.name = "states", .path = "/states", .columns = state_columns, .count = ARRAY_COUNT(state_columns), .takes_span = true, .takes_limit = true},
    {.name = "audit", .path = "/audit", .columns = audit_columns, .count = ARRAY_COUNT(audit_columns), .takes_limit = true},
    {.name = "rules", .path = "/rules", .columns = rule_columns, .count = ARRAY_COUNT(rule_columns)},
    {.name = "notifications", .path = "/notifications", .columns = notification_columns,
     .count = ARRAY_COUNT(notification_columns), .takes_limit = true},
    {.name = "views", .path = "/views", .columns = view_columns, .count = ARRAY_COUNT(view_columns)},
    {.name = "facets", .path = "/facets", .columns = facet_columns, .count = ARRAY_COUNT(facet_columns), .takes_filter = true, .takes_limit = true},
};

static int bad_option(const char *option, const char *resource)
{
    fprintf(stderr, _("nocturne: %s does not go with %s\n"), option, resource);
    return 2;
}

static int get(struct shell *shell, const struct resource *resource, const char *path, const char *field)
{
    const struct options *options = shell->options;
    struct buffer whole = BUFFER_INIT, answer = BUFFER_INIT;
    bool csv = shell_output(shell) == OUTPUT_CSV && resource->csv;
    bool json = shell_output(shell) == OUTPUT_JSON;
    if (shell_output(shell) == OUTPUT_BAD)
        return 2;
    if (options->filter && !resource->takes_filter)
        return bad_option("--filter", resource->name);
    if (options->at && !resource->takes_at)
        return bad_option("--at", resource->name);
    if ((options->from || options->to) && !resource->takes_span)
        return bad_option("--from", resource->name);
    const char *fields = options->columns ? options->columns : csv || json ? NULL : resource->fields;
    const char *limit = options->limit ? options->limit : csv ? EXPORT_MOST : resource->takes_limit ? "100" : NULL;
    client_path(&whole, path, "filter", options->filter, "sort", resource->takes_at ? options->sort : NULL, "limit", limit, "at", resource->takes_at ? options_at(options) : NULL,
                "from", options->from, "to", options->to, "fields", resource->fields ? fields : NULL, "field", field,
                "format", csv ? "csv" : NULL, NULL);
    bool good = shell_get_json(shell, buffer_text(&whole), &answer);
    if (good && csv)
        shell_print(&answer);
    else if (good && options->columns && resource->fields) {
        struct shell_column columns[24];
        unsigned count = 0;
        char *copy = memory_text(options->columns), *save = NULL;
        for (char *name = strtok_r(copy, ", ", &save); name && count < ARRAY_COUNT(columns); name = strtok_r(NULL, ", ", &save)) {
            bool age = strcmp(name, "since") == 0 || strcmp(name, "last_heard") == 0;
            columns[count++] = (struct shell_column){name, name, age ? FORMAT_AGE : FORMAT_TEXT, false};
        }
        good = shell_print_list(shell, &answer, columns, count);
        free(copy);
    } else if (good)
        good = shell_print_list(shell, &answer, resource->columns, resource->count);
    buffer_release(&whole);
    buffer_release(&answer);
    return good ? 0 : shell->failed ? shell->failed : 1;
}

static const struct resource *find(const char *name)
{
    for (unsigned i = 0; i < ARRAY_COUNT(resources); i++)
        if (strcmp(resources[i].name, name) == 0)
            return &resources[i];
    return NULL;
}

int shell_get(struct shell *shell, int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "network") == 0)
        return shell_output(shell) == OUTPUT_BAD ? 2 : shell_print_network(shell);
    const struct resource *resource = argc > 1 ? find(argv[1]) : NULL;
    bool facets = resource && strcmp(resource->name, "facets") == 0;
    if (!resource || argc > 2 + facets)
        return shell_usage("get");
    if (facets && argc < 3) {
        fprintf(stderr, "%s\n", _("nocturne: get facets FIELD: building, subsystem, unit, class, kind ..."));
        return 2;
    }
    return get(shell, resource, resource->path, facets ? argv[2] : NULL);
}

int shell_history(struct shell *shell, int argc, char **argv)
{
    struct buffer path = BUFFER_INIT;
    if (argc != 2)
        return shell_usage("history");
    buffer_append_text(&path, "/assets/");
    client_path_segment(&path, argv[1]);
    buffer_append_text(&path, "/states");
    int code = get(shell, find("states"), buffer_text(&path), NULL);
    buffer_release(&path);
    return code;
}

static int verify(struct shell *shell)
{
    struct buffer answer = BUFFER_INIT;
    int code = 1;
    if (shell_get_json(shell, "/audit/verify", &answer)) {
        struct json_object *verdict = json_parse(buffer_text(&answer), answer.length, 8, NULL);
        int64_t broken = verdict ? json_get_integer(verdict, "broken_at", -1) : 0;
        if (shell_output(shell) == OUTPUT_JSON) {
            shell_print(&answer);
            putchar('\n');
        } else if (verdict && broken < 0) {
            printf(_("the chain of %lld entries is whole\n"), (long long)json_get_integer(verdict, "rows", 0));
        } else {
            printf(_("the chain is BROKEN at entry %lld\n"), (long long)broken);
        }
        code = verdict && broken < 0 ? 0 : 1;
        if (verdict)
            json_object_put(verdict);
    }
    buffer_release(&answer);
    return code;
}

int shell_audit(struct shell *shell, int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "verify") == 0)
        return verify(shell);
    return argc == 1 ? get(shell, find("audit"), "/audit", NULL) : shell_usage("audit");
}

/* ---- single things ---- */

static bool raw_json(struct shell *shell, const struct buffer *answer)
{
    if (shell_output(shell) != OUTPUT_JSON)
        return false;
    shell_print(answer);
    putchar('\n');
    return true;
}

static void print_asset(struct json_object *asset)
{
    static const char *const shown[] = {"id", "name", "health", "reason", "since", "evidence", "link", "link_since", "comm", "comm_since",
                                        "last_heard", "kind", "class", "parent", "subsystem", "site", "building", "floor", "room",
                                        "unit", "address", "model", "vendor", "serial", "asset_tag", "status", "contract", "children"};
    for (unsigned i = 0; i < ARRAY_COUNT(shown); i++) {
        struct json_object *member = json_get(asset, shown[i]);
        const char *text = member ? json_object_get_string(member) : "";
        struct buffer clean = BUFFER_INIT;
        text_clean(&clean, text, strlen(text));
        if (clean.length)
            printf("%-12s %s\n", shown[i], buffer_text(&clean));
        buffer_release(&clean);
    }
    struct json_object *values = json_get(asset, "values");
    for (size_t i = 0; json_object_is_type(values, json_type_array) && i < json_object_array_length(values); i++) {
        struct json_object *value = json_object_array_get_idx(values, i);
        char number[40], age[SPAN_TEXT];
        msec time = json_get_instant(value, "time"), now = clock_wall();
        text_format_number(number, sizeof number, json_get_number(value, "value", 0));
        printf("%s%-20s %s %s  (%s)\n", i ? "  " : _("values\n  "), json_get_text(value, "metric", ""), number, json_get_text(value, "unit", ""),
               time == CLOCK_NEVER ? "" : span_format_short(age, now > time ? now - time : 0));
    }
}

static void print_messages(struct json_object *asset)
{
    struct json_object *messages = json_get(asset, "messages");
    for (size_t i = 0; json_object_is_type(messages, json_type_array) && i < json_object_array_length(messages); i++) {
        struct json_object *message = json_object_array_get_idx(messages, i);
        printf("%s%s %s %s\n", i ? "  " : _("messages\n  "), json_get_text(message, "received", ""), json_get_text(message, "source", ""),
               json_get_text(message, "text", ""));
    }
}

/* What is an application has its own page, with more than an asset's; false when it is none. */
static bool show_application(struct shell *shell, const char *id)
{
    struct buffer resource = BUFFER_INIT, path = BUFFER_INIT, answer = BUFFER_INIT;
    struct error error;
    buffer_append_text(&resource, "/applications/");
    client_path_segment(&resource, id);
    client_path(&path, buffer_text(&resource), "at", options_at(shell->options), NULL);
    bool good = shell_output(shell) != OUTPUT_BAD && shell_connect(shell) &&
                client_call(shell->client, "GET", buffer_text(&path), NULL, 0, NULL, &answer, &error);
    if (good && !raw_json(shell, &answer))
        shell_print_application(&answer);
    buffer_release(&resource);
    buffer_release(&path);
    buffer_release(&answer);
    return good;
}

int shell_show(struct shell *shell, int argc, char **argv)
{
    struct buffer resource = BUFFER_INIT, path = BUFFER_INIT, answer = BUFFER_INIT;
    if ((argc == 2 || argc == 3) && strcmp(argv[1], "security") == 0)
        return shell_show_security(shell, argc == 3 ? argv[2] : "");
    if (argc != 2)
        return shell_usage("show");
    bool alert = body_is_alert(argv[1]);
    if (!alert && show_application(shell, argv[1]))
        return 0;
    buffer_append_text(&resource, alert ? "/alerts/" : "/assets/");
    client_path_segment(&resource, argv[1]);
    client_path(&path, buffer_text(&resource), "at", alert ? NULL : options_at(shell->options), NULL);
    bool good = shell_output(shell) != OUTPUT_BAD && shell_get_json(shell, buffer_text(&path), &answer);
    if (good && alert && !raw_json(shell, &answer)) {
        shell_print_alert(&answer);
    } else if (good && !alert && !raw_json(shell, &answer)) {
        struct json_object *asset = json_parse(buffer_text(&answer), answer.length, 16, NULL);
        if (asset) {
            print_asset(asset);
            print_messages(asset);
            if (strcmp(json_get_text(asset, "kind", ""), "server") == 0 && !options_at(shell->options))
                shell_print_server(shell, argv[1]);
            json_object_put(asset);
        }
    }
    buffer_release(&resource);
    buffer_release(&path);
    buffer_release(&answer);
    return good ? 0 : 1;
}

static void print_counts(const uint32_t by_health[HEALTH_COUNT])
{
    for (int health = HEALTH_COUNT - 1; health >= 0; health--)
        if (by_health[health])
            printf("  %u %s", by_health[health], _(health_name((enum health)health)));
    putchar('\n');
}

static void print_overview(const struct wire_overview *overview)
{
    printf("%s  %u", overview->site, overview->assets);
    print_counts(overview->by_health);
    for (unsigned i = 0; i < overview->kind_count; i++) {
        const char *kind = overview->kinds[i].kind;
        printf("  %-12s %7u", kind[0] ? _(kind) : kind, overview->kinds[i].total);
        print_counts(overview->kinds[i].by_health);
    }
    for (unsigned i = 0; i < overview->contracted_count; i++)
        printf("  %s %s %u/%u %s\n", _("contracted"), _(overview->contracted[i].name), overview->contracted[i].have,
               overview->contracted[i].need, overview->contracted[i].ok ? _("ok") : "!");
    printf(_("  %u of %u sources running, %.1f readings/s; store %s %s\n"), overview->sources_running, overview->sources, overview->rate,
           overview->store_engine, overview->store_writable ? _("writable") : overview->store_problem);
}

int shell_overview(struct shell *shell, int argc, char **argv)
{
    struct buffer path = BUFFER_INIT, answer = BUFFER_INIT;
    struct error error = {0};
    (void)argv;
    if (argc != 1)
        return shell_usage("overview");
    client_path(&path, "/overview", "at", options_at(shell->options), NULL);
    bool good = shell_output(shell) != OUTPUT_BAD && shell_get_json(shell, buffer_text(&path), &answer);
    if (good && !raw_json(shell, &answer)) {
        struct arena *arena = arena_new();
        struct wire_overview overview = {0};
        good = wire_read_overview(buffer_text(&answer), answer.length, arena, &overview, &error);
        if (good)
            print_overview(&overview);
        else
            shell_fail(&error);
        arena_free(&arena);
    }
    buffer_release(&path);
    buffer_release(&answer);
    return good ? 0 : 1;
}
