#include "engine/applications_past.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/transfer.h"
#include "collect/collector.h"

#define MINUTE 60000
#define RUNNING_KEPT 16 /* idle connections of ours; none are kept, so this is only libcurl's list */

static const struct collector_ops source_ops = {.type = "applications", .help = "checks of the applications"};

/* ---- holding on while something is on its way ---- */

static void release_all(struct applications *applications)
{
    for (unsigned i = applications->server_first; i < applications->part_count; i++)
        free(applications->owners[i].server);
    applications_rows_free(applications);
    source_free(&applications->source);
    free(applications);
}

void applications_hold(struct applications *applications)
{
    applications->open++;
}

void applications_release(struct applications *applications)
{
    if (--applications->open == 0 && applications->closing)
        release_all(applications);
}

/* ---- the parts ---- */

struct application_check *application_check_find(const struct application *application, const char *node)
{
    const char *slash = strrchr(node, '/');
    const char *name = slash && (size_t)(slash - node) == strlen(application->id) &&
                       strncmp(node, application->id, (size_t)(slash - node)) == 0 ? slash + 1 : node;
    for (unsigned i = 0; i < application->check_count; i++)
        if (strcmp(application->checks[i]->name, name) == 0)
            return application->checks[i];
    return NULL;
}

static unsigned server_part(struct applications *applications, const char *id)
{
    for (unsigned i = applications->server_first; i < applications->part_count; i++)
        if (strcmp(applications->owners[i].server, id) == 0)
            return i;
    unsigned part = applications->part_count++;
    applications->parts = memory_resize(applications->parts, applications->part_count, sizeof *applications->parts);
    applications->owners = memory_resize(applications->owners, applications->part_count, sizeof *applications->owners);
    applications->parts[part] = (struct part){.kind = PART_SERVER, .verdict = PART_UNKNOWN};
    applications->owners[part] = (struct part_owner_of){.server = memory_text(id), .asset = FLEET_NONE};
    return part;
}

static void need(struct part *part, unsigned other)
{
    for (unsigned i = 0; i < part->need_count; i++)
        if (part->needs[i] == other)
            return;
    part->needs = memory_resize(part->needs, part->need_count + 1, sizeof *part->needs);
    part->needs[part->need_count++] = other;
}

static void own(struct application *application, unsigned part)
{
    application->own = memory_resize(application->own, application->own_count + 1, sizeof *application->own);
    application->own[application->own_count++] = part;
}

static void check_link(struct applications *applications, struct application_check *check)
{
    struct application *application = check->application;
    for (unsigned i = 0; i < check->need_count; i++) {
        const struct application_check *other = application_check_find(application, check->needs[i]);
        const struct application *whole = other ? NULL : applications_find(applications, check->needs[i]);
        if (other || whole)
            need(&applications->parts[check->part], other ? other->part : whole->part);
    }
    if (check->on[0]) {
        unsigned server = server_part(applications, check->on);
        need(&applications->parts[check->part], server);
        own(application, server);
    }
}

/* Checks that no other one here needs hang on the application itself; so do servers that no check names. */
static void application_link(struct applications *applications, struct application *application)
{
    struct part *part;
    for (unsigned i = 0; i < application->check_count; i++) {
        own(application, application->checks[i]->part);
        check_link(applications, application->checks[i]);
    }
    for (unsigned i = 0; i < application->check_count; i++) {
        const struct application_check *check = application->checks[i];
        bool needed = false;
        for (unsigned other = 0; other < application->check_count; other++) {
            part = &applications->parts[application->checks[other]->part];
            for (unsigned n = 0; n < part->need_count; n++)
                needed |= part->needs[n] == check->part;
        }
        if (!needed)
            need(&applications->parts[application->part], check->part);
    }
    for (unsigned i = 0; i < application->server_count; i++) {
        unsigned server = server_part(applications, application->servers[i]);
        bool covered = false;
        for (unsigned n = 0; n < application->own_count; n++)
            covered |= application->own[n] == server;
        own(application, server);
        if (!covered)
            need(&applications->parts[application->part], server);
    }
}

static void parts_build(struct applications *applications)
{
    unsigned count = applications->count;
    for (unsigned i = 0; i < applications->count; i++)
        count += applications->items[i]->check_count;
    applications->parts = memory_new_array(count + 1, sizeof *applications->parts);
    applications->owners = memory_new_array(count + 1, sizeof *applications->owners);
    applications->part_count = applications->server_first = count;
    unsigned at = 0;
    for (; at < applications->count; at++) {
        applications->items[at]->part = at;
        applications->parts[at] = (struct part){.kind = PART_APPLICATION, .verdict = PART_UNKNOWN};
        applications->owners[at].application = applications->items[at];
    }
    for (unsigned i = 0; i < applications->count; i++)
        for (unsigned c = 0; c < applications->items[i]->check_count; c++, at++) {
            struct application_check *check = applications->items[i]->checks[c];
            check->part = at;
            applications->parts[at] = (struct part){.kind = PART_CHECK, .verdict = check->waits ? PART_WAITING : PART_UNKNOWN};
            applications->owners[at] = (struct part_owner_of){.application = applications->items[i], .check = check};
        }
    for (unsigned i = 0; i < applications->count; i++)
        application_link(applications, applications->items[i]);
}

static void parts_drop(struct applications *applications)
{
    for (unsigned i = 0; i < applications->part_count; i++)
        free(applications->parts[i].needs);
    for (unsigned i = applications->server_first; i < applications->part_count; i++)
        free(applications->owners[i].server);
    free(applications->parts);
    free(applications->owners);
    applications->parts = NULL;
    applications->owners = NULL;
    applications->part_count = applications->server_first = 0;
}

/* ---- one application ---- */

static char **texts_copy(const struct config_node *node, unsigned *count)
{
    *count = plan_texts(node);
    char **texts = memory_new_array(*count + 1u, sizeof *texts);
    for (unsigned i = 0; i < *count; i++)
        texts[i] = memory_text(plan_text_at(node, i));
    return texts;
}

static struct application_check *check_make(struct application *application, const struct config_node *node)
{
    struct application_check *check = memory_new(sizeof *check);
    check->application = application;
    check->name = memory_text(config_text(node, "name", ""));
    check->type = memory_text(config_text(node, "type", ""));
    check->id = memory_printf("%s/%s", application->id, check->name);
    check->on = memory_text(config_text(node, "on", ""));
    check->unit = memory_text(strcmp(check->type, "unit") == 0 ? config_text(node, "unit", "") : "");
    check->endpoint = endpoint_of(check->type, config_text(node, "url", ""));
    check->title = memory_text(config_text(node, "title", check->unit[0] ? check->unit : check->name));
    check->needs = texts_copy(config_get(node, "needs"), &check->need_count);
    check->attempts = (unsigned)config_integer(node, "attempts", 2);
    check->interval = config_span(node, "interval", 30 * SPAN_SECOND);
    check->retry = config_span(node, "retry", 2 * SPAN_SECOND);
    check->port = check_port(node);
    check->waits = check_waits(node);
    const struct check_ops *ops = check_find(check->type);
    if (ops && ops->protection)
        ops->protection(node, &check->protection);
    const char *status = config_text(node, "status", "");
    check->refuses = strncmp(status, "401", 3) == 0 || strncmp(status, "403", 3) == 0;
    check->since = check->checked = CLOCK_NEVER;
    snprintf(check->evidence, sizeof check->evidence, "%s", check->waits ? N_("waiting for an address") : N_("not asked yet"));
    return check;
}

static struct application *application_make(struct applications *applications, const struct plan_application *item)
{
    struct application *application = memory_new(sizeof *application);
    application->applications = applications;
    application->id = memory_text(item->id);
    application->name = memory_text(plan_text(item, "name", item->id));
    application->subsystem = memory_text(plan_text(item, "subsystem", ""));
    application->contract = memory_text(plan_text(item, "contract", item->contract));
    application->requirement = memory_text(plan_text(item, "requirement", ""));
    application->unit = memory_text(plan_text(item, "unit", ""));
    application->servers = texts_copy(plan_get(item, "servers"), &application->server_count);
    application->asset = FLEET_NONE;
    application->cause = PARTS_NONE;
    application->reckoned = application->counted = application->turned = application->rose = CLOCK_NEVER;
    application->checks = memory_new_array(item->check_count + 1u, sizeof *application->checks);
    for (unsigned i = 0; i < item->check_count; i++)
        application->checks[application->check_count++] = check_make(application, item->checks[i]);
    recovery_open(application, item);
    return application;
}

static void application_gone(uv_handle_t *handle)
{
    struct application *application = handle->data;
    struct applications *applications = application->applications;
    free(application->id);
    free(application->name);
    free(application->subsystem);
    free(application->contract);
    free(application->requirement);
    free(application->unit);
    memory_free_texts(application->servers, application->server_count);
    free(application->checks);
    free(application->own);
    recovery_release(application);
    free(application);
    applications_release(applications);
}

/* Closed when nothing of it is on its way: the store may still be reckoning its uptime. */
static void application_close(struct application *application)
{
    restart_abandon(application);
    reckoning_abandon(application);
    for (unsigned i = 0; i < application->check_count; i++)
        application_check_close(application->checks[i]);
    application->check_count = 0;
    uv_close((uv_handle_t *)&application->recovery_timer, application_gone);
}

static bool is_waiting(const struct application *application)
{
    for (unsigned i = 0; i < application->check_count; i++)
        if (!application->checks[i]->waits)
            return false;
    return true;
}

/* ---- putting a plan in force ---- */

static void check_adopt(struct application_check *check, const struct application_check *old, const struct applications *applications,
                        const struct part *old_parts)
{
    if (check->waits != old->waits || strcmp(check->type, old->type) != 0)
        return;
    applications->parts[check->part].verdict = old_parts[old->part].verdict;
    check->since = old->since;
    check->checked = old->checked;
    check->asked = old->asked;
    check->failures = old->failures;
    memcpy(check->evidence, old->evidence, sizeof check->evidence);
    memcpy(check->figures, old->figures, sizeof check->figures);
    check->figure_count = old->figure_count;
}

static void application_adopt(struct application *application, const struct application *old, const struct part *old_parts)
{
    struct applications *applications = application->applications;
    application->judged = old->judged;
    application->month = old->month;
    application->days30 = old->days30;
    application->reckoned = old->reckoned;
    application->turned = old->turned;
    application->rose = old->rose;
    applications->parts[application->part].verdict = old_parts[old->part].verdict;
    for (unsigned i = 0; i < application->check_count; i++)
        for (unsigned o = 0; o < old->check_count; o++)
            if (strcmp(application->checks[i]->name, old->checks[o]->name) == 0)
                check_adopt(application->checks[i], old->checks[o], applications, old_parts);
    struct recovery *now = &application->recovery;
    const struct recovery *before = &old->recovery;
    if (now->unit && before->unit && strcmp(now->unit, before->unit) == 0 && strcmp(now->on, before->on) == 0) {
        now->try_count = before->try_count < now->attempts ? before->try_count : now->attempts;
        memcpy(now->tries, before->tries, now->try_count * sizeof *now->tries);
        now->next = before->next;
        now->state = before->state == RECOVERY_RUNNING ? RECOVERY_WATCHING : before->state;
    }
}

static void declare(struct applications *applications)
{
    struct fleet_declared *rows = memory_new_array(applications->count + 1u, sizeof *rows);
    unsigned count = 0;
    for (unsigned i = 0; i < applications->count; i++) {
        const struct application *application = applications->items[i];
        if (!is_waiting(application))
            rows[count++] = (struct fleet_declared){.id = application->id, .name = application->name, .kind = "application",
                                                    .subsystem = application->subsystem, .unit = application->unit,
                                                    .contract = application->contract};
    }
    fleet_declare(applications->fleet, rows, count);
    free(rows);
    for (unsigned i = 0; i < applications->count; i++)
        if (!is_waiting(applications->items[i]))
            applications->items[i]->asset = fleet_find(applications->fleet, applications->items[i]->id);
}

static void open_checks(struct applications *applications, const struct applications_plan *plan)
{
    unsigned nth = 0;
    for (unsigned i = 0; i < applications->count; i++)
        for (unsigned c = 0; c < applications->items[i]->check_count; c++) {
            struct application_check *check = applications->items[i]->checks[c];
            application_check_open(check, plan->items[i].checks[c]);
            application_check_soon(check, 20 + (msec)(nth++ % 64) * 30); /* not all at once */
        }
}

void applications_use(struct applications *applications, const struct applications_plan *plan)
{
    struct application **old = applications->items;
    struct part *old_parts = applications->parts;
    struct part_owner_of *old_owners = applications->owners;
    unsigned old_count = applications->count, old_part_count = applications->part_count, old_servers = applications->server_first;
    bool first = !old;
    applications->items = memory_new_array(plan->count + 1u, sizeof *applications->items);
    applications->count = plan->count;
    for (unsigned i = 0; i < plan->count; i++) {
        applications->items[i] = application_make(applications, &plan->items[i]);
        applications_hold(applications);
    }
    parts_build(applications);
    for (unsigned i = 0; i < applications->count; i++) {
        struct application *application = applications->items[i];
        bool known = false;
        for (unsigned o = 0; o < old_count; o++)
            if (strcmp(old[o]->id, application->id) == 0) {
                application_adopt(application, old[o], old_parts);
                memcpy(application->rows, old[o]->rows, sizeof application->rows);
                application->row_count = old[o]->row_count;
                old[o]->row_count = 0;
                known = true;
            }
        if (!known)
            recovery_rows_take(application);
    }
    for (unsigned o = 0; o < old_count; o++)
        application_close(old[o]);
    free(old);
    for (unsigned i = 0; i < old_part_count; i++)
        free(old_parts[i].needs);
    for (unsigned i = old_servers; i < old_part_count; i++)
        free(old_owners[i].server);
    free(old_parts);
    free(old_owners);
    applications_past_forget(applications);
    declare(applications);
    struct applications_index *index = applications->index;
    applications_index_replace(applications, index);
    applications_index_free(&index);
    for (unsigned i = 0; first && i < applications->count; i++)
        application_bridge(applications->items[i]);
    open_checks(applications, plan);
    applications->revision++;
    applications_judge(applications);
    for (unsigned i = 0; i < applications->count; i++)
        application_reckon(applications->items[i]);
}

/* ---- life ---- */

static void soon_due(uv_timer_t *timer)
{
    applications_judge(timer->data);
}

static void minute_due(uv_timer_t *timer)
{
    struct applications *applications = timer->data;
    for (unsigned i = 0; i < applications->count; i++)
        application_reckon(applications->items[i]);
}

static bool is_server(struct applications *applications, uint32_t asset)
{
    if (applications->ledger_revision != fleet_ledger_revision(applications->fleet)) {
        applications->ledger_revision = fleet_ledger_revision(applications->fleet);
        for (unsigned i = applications->server_first; i < applications->part_count; i++)
            applications->owners[i].asset = fleet_find(applications->fleet, applications->owners[i].server);
    }
    for (unsigned i = applications->server_first; i < applications->part_count; i++)
        if (applications->owners[i].asset == asset)
            return true;
    return false;
}

/* The fleet must not be changed from inside: so, soon. */
static void fleet_judged(void *owner, uint32_t asset, enum health from, enum health to)
{
    struct applications *applications = owner;
    for (unsigned i = 0; i < applications->count && from != to; i++)
        if (applications->items[i]->asset == asset)
            application_turned(applications->items[i], from, to);
    if (applications->part_count > applications->server_first && is_server(applications, asset) &&
        !uv_is_active((uv_handle_t *)&applications->soon))
        uv_timer_start(&applications->soon, soon_due, 1, 0);
}

struct applications *applications_new(const struct applications_parts *parts, struct error *error)
{
    struct applications *applications = memory_new(sizeof *applications);
    applications->loop = parts->loop;
    applications->fleet = parts->fleet;
    applications->store = parts->store;
    applications->alerts = parts->alerts;
    applications->hosts = parts->hosts;
    if (!applications_rows_load(applications, error)) {
        applications_rows_free(applications);
        free(applications);
        return NULL;
    }
    applications->source = source_new(parts->loop, fleet_sink(parts->fleet), "applications", &source_ops);
    source_status(applications->source, SOURCE_RUNNING, "asking");
    applications->asking = (struct check_parts){parts->loop, transfers_new(parts->loop, RUNNING_KEPT), tls_contexts_new()};
    uv_timer_init(parts->loop, &applications->soon);
    uv_timer_init(parts->loop, &applications->minute);
    applications->soon.data = applications->minute.data = applications;
    applications->open = 2;
    uv_timer_start(&applications->minute, minute_due, MINUTE, MINUTE);
    fleet_listen(parts->fleet, &(struct fleet_listener){.owner = applications, .judged = fleet_judged, .units = applications_units});
    if (parts->hosts)
        hosts_listen(parts->hosts, &(struct hosts_listener){.owner = applications, .taken = applications_host_taken});
    return applications;
}

static void timer_closed(uv_handle_t *handle)
{
    applications_release(handle->data);
}

void applications_free(struct applications **slot)
{
    struct applications *applications = *slot;
    if (!applications)
        return;
    *slot = NULL;
    applications->closing = true;
    fleet_unlisten(applications->fleet, applications);
    if (applications->hosts)
        hosts_unlisten(applications->hosts, applications);
    for (unsigned i = 0; i < applications->count; i++)
        application_close(applications->items[i]);
    free(applications->items);
    applications->count = 0;
    transfers_free(&applications->asking.transfers);
    tls_contexts_free(&applications->asking.contexts);
    fleet_forget_source(applications->fleet, applications->source);
    applications_index_free(&applications->index);
    applications_past_forget(applications);
    parts_drop(applications);
    uv_close((uv_handle_t *)&applications->soon, timer_closed);
    uv_close((uv_handle_t *)&applications->minute, timer_closed);
}

/* ---- reading ---- */

unsigned applications_count(const struct applications *applications)
{
    return applications->count;
}

struct application *applications_at(const struct applications *applications, unsigned index)
{
    return applications->items[index];
}

struct application *applications_find(const struct applications *applications, const char *id)
{
    for (unsigned i = 0; i < applications->count; i++)
        if (strcmp(applications->items[i]->id, id) == 0)
            return applications->items[i];
    return NULL;
}

uint64_t applications_revision(const struct applications *applications)
{
    return applications->revision + fleet_revision(applications->fleet);
}

uint32_t application_asset(const struct application *application)
{
    return application->asset;
}
