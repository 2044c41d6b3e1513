/* What to do about an alert: the runbooks, and which of them are missing. */
#include <stdio.h>
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "base/memory.h"
#include "engine/rules.h"
#include "engine/runbook.h"
#include "engine/runbook_text.h"
#include "wire/runbook.h"

#define RULES_SHOWN 200

/* ---- the list ---- */

static void write_rules(struct request *request, struct json_writer *writer, const char *name)
{
    struct rules *rules = request->api->rules;
    struct rules_status status;
    json_write_array(writer, "rules");
    for (size_t i = 0, shown = 0; rules && i < rules_count(rules) && shown < RULES_SHOWN; i++) {
        rules_get(rules, i, &status);
        if (strcmp(status.rule->runbook, name) == 0) {
            json_write_text(writer, NULL, status.rule->name);
            shown++;
        }
    }
    json_write_array_end(writer);
}

/* One entry for all languages of a name; returns the index behind them. */
static size_t write_entry(struct request *request, struct json_writer *writer, size_t index, const char *language)
{
    const struct runbooks *runbooks = request->api->site->runbooks;
    struct runbook first, each, shown;
    struct runbook_text text;
    size_t next = index;
    runbooks_at(runbooks, index, &first);
    runbooks_find(runbooks, first.name, language, &shown);
    runbook_text_read(&text, shown.text, shown.length, NULL);
    json_write_object(writer, NULL);
    json_write_text(writer, "name", first.name);
    json_write_text(writer, "title", runbook_text_title(&text));
    json_write_array(writer, "languages");
    for (; runbooks_at(runbooks, next, &each) && strcmp(each.name, first.name) == 0; next++)
        json_write_text(writer, NULL, each.language);
    json_write_array_end(writer);
    json_write_bool(writer, "shipped", first.shipped);
    write_rules(request, writer, first.name);
    json_write_bool(writer, "missing", false);
    json_write_object_end(writer);
    runbook_text_release(&text);
    return next;
}

static bool names_missing(struct request *request, size_t index, struct rules_status *status)
{
    rules_get(request->api->rules, index, status);
    const char *name = status->rule->runbook;
    struct rules_status earlier;
    if (!*name || runbook_is_url(name) || runbooks_have(request->api->site->runbooks, name))
        return false;
    for (size_t i = 0; i < index; i++) {
        rules_get(request->api->rules, i, &earlier);
        if (strcmp(earlier.rule->runbook, name) == 0)
            return false; /* said already */
    }
    return true;
}

void get_runbooks(struct request *request)
{
    const char *asked = target_get(&request->target, "language"), *language = asked && *asked ? asked : request->api->site->language;
    struct json_writer writer;
    struct buffer items = BUFFER_INIT;
    struct runbook each;
    struct rules_status status;
    uint32_t total = 0;
    json_start(&writer, &items);
    for (size_t i = 0; runbooks_at(request->api->site->runbooks, i, &each); total++)
        i = write_entry(request, &writer, i, language);
    for (size_t i = 0; request->api->rules && i < rules_count(request->api->rules); i++) {
        if (!names_missing(request, i, &status))
            continue;
        json_write_object(&writer, NULL);
        json_write_text(&writer, "name", status.rule->runbook);
        json_write_text(&writer, "title", "");
        json_write_array(&writer, "languages");
        json_write_array_end(&writer);
        json_write_bool(&writer, "shipped", false);
        write_rules(request, &writer, status.rule->runbook);
        json_write_bool(&writer, "missing", true);
        json_write_object_end(&writer);
        total++;
    }
    struct wire_page page = {.total = total, .population = total, .as_of = request->now};
    json_start(&writer, &request->answer);
    wire_list_begin(&writer, &page);
    if (items.length) {
        buffer_append(&request->answer, items.data, items.length);
        writer.need_comma = true;
    }
    wire_list_end(&writer);
    buffer_release(&items);
    request_finish_json(request);
}

/* ---- one, for one asset ---- */

struct about { struct fleet *fleet; uint32_t asset; char place[256]; };

static const char *value_of(const void *owner, const char *name)
{
    static const struct { const char *name; enum asset_field field; } fields[] = {
        {"id", ASSET_id}, {"name", ASSET_name}, {"address", ASSET_address}, {"gateway", ASSET_parent}, {"unit", ASSET_unit},
        {"model", ASSET_model}, {"serial", ASSET_serial}, {"subsystem", ASSET_subsystem}};
    const struct about *about = owner;
    struct fleet_view view;
    if (strcmp(name, "place") == 0)
        return about->place;
    for (size_t i = 0; i < ARRAY_COUNT(fields); i++)
        if (strcmp(fields[i].name, name) == 0) {
            fleet_get(about->fleet, about->asset, &view);
            return view.row.field[fields[i].field];
        }
    return NULL;
}

/* An alert's asset may have left the ledger: then nothing is filled in. */
static void look_up(struct request *request, struct about *about)
{
    const char *id = target_get(&request->target, "asset");
    about->fleet = request->api->fleet;
    about->asset = id && *id ? fleet_find(about->fleet, id) : FLEET_NONE;
    about->place[0] = '\0';
    if (about->asset == FLEET_NONE)
        return;
    struct fleet_view view;
    fleet_get(about->fleet, about->asset, &view);
    struct buffer place = BUFFER_INIT;
    asset_place(&place, view.row.field);
    snprintf(about->place, sizeof about->place, "%s", buffer_text(&place));
    buffer_release(&place);
}

static void write_runbook(struct request *request, const struct runbook *runbook, const struct about *about)
{
    const struct runbook_fill fill = {.owner = about, .value = value_of};
    struct runbook_text text;
    struct json_writer writer;
    struct fleet_view view;
    runbook_text_read(&text, runbook->text, runbook->length, about->asset == FLEET_NONE ? NULL : &fill);
    struct wire_runbook_block *blocks = memory_new_array(text.count + 1, sizeof *blocks);
    for (unsigned i = 0; i < text.count; i++)
        blocks[i] = (struct wire_runbook_block){runbook_kind_name(text.blocks[i].kind), text.blocks[i].text, text.blocks[i].number};
    if (about->asset != FLEET_NONE)
        fleet_get(about->fleet, about->asset, &view);
    json_start(&writer, &request->answer);
    wire_write_runbook(&writer, &(struct wire_runbook){
        .name = runbook->name, .title = runbook_text_title(&text), .language = runbook->language, .shipped = runbook->shipped,
        .cut = text.cut, .asset = about->asset == FLEET_NONE ? "" : view.row.field[ASSET_id], .blocks = blocks, .block_count = text.count});
    free(blocks);
    runbook_text_release(&text);
    request_finish_json(request);
}

void get_runbook(struct request *request)
{
    const struct site *site = request->api->site;
    const char *language = target_get(&request->target, "language");
    struct runbook runbook;
    struct about about;
    if (!runbook_name_is_good(request->id)) {
        request_refuse(request, 400, ERROR_INVALID, "a runbook's name has letters, digits, - and _");
    } else if (!runbooks_find(site->runbooks, request->id, language && *language ? language : site->language, &runbook)) {
        request_refuse(request, 404, ERROR_NOT_FOUND, "no runbook `%.60s`: put %.60s.md into the folder that `runbooks:` names, and reload",
                       request->id, request->id);
    } else {
        look_up(request, &about);
        write_runbook(request, &runbook, &about);
    }
}
