/* Servers and applications in a capsule: their lines, and the judgement of what a file says of them. */
#include <string.h>

#include "base/memory.h"
#include "engine/capsule_format.h"
#include "model/host_keep.h"
#include "model/host_members.h"

int capsule_version(const struct capsule *capsule)
{
    return capsule->kept_count || capsule->applications_count ? 2 : 1;
}

const struct wire_application_page *capsule_application(const struct capsule *capsule, const char *id, msec at)
{
    const struct wire_application_page *found = NULL;
    for (size_t i = 0; i < capsule->applications_count; i++) {
        const struct wire_application_page *page = &capsule->applications[i];
        if (strcmp(page->application.id, id) == 0 && (!found || page->page.as_of <= at))
            found = page;
    }
    return found;
}

const char *capsule_application_id(const struct capsule *capsule, unsigned index)
{
    const char *id = NULL;
    for (size_t i = 0; i < capsule->applications_count; i++) {
        const char *one = capsule->applications[i].application.id;
        if ((!id || strcmp(id, one) != 0) && index-- == 0)
            return one;
        id = one;
    }
    return NULL;
}

/* ---- writing ---- */

static void line_end(struct json_writer *writer)
{
    buffer_append_char(writer->out, '\n');
    writer->need_comma = false;
}

void capsule_write_kept(const struct capsule *capsule, struct json_writer *writer)
{
    for (size_t i = 0; i < capsule->kept_count; i++) {
        wire_write_kept(writer, &capsule->kept[i]);
        line_end(writer);
    }
}

void capsule_write_applications(const struct capsule *capsule, struct json_writer *writer)
{
    for (size_t i = 0; i < capsule->applications_count; i++) {
        wire_write_application_page(writer->out, &capsule->applications[i]);
        line_end(writer);
    }
}

/* ---- reading ---- */

typedef bool take_line(struct reading_in *in, const char *bytes, size_t length);

static bool each_line(struct reading_in *in, const struct buffer *bytes, take_line *take)
{
    const char *at = buffer_text(bytes), *end = at + bytes->length;
    bool good = true;
    for (in->line = 1; good && at < end; in->line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline ? newline : end) - at);
        good = length > CAPSULE_LINE_MOST ? reading_wrong(in, "longer than a line is") : take(in, at, length);
        at += length + 1;
    }
    return good;
}

#define CLEAN_TEXT(member) reading_clean(in, &row->member);
#define CLEAN_NUMBER(member)
#define CLEAN_COUNT(member)
#define CLEAN_PID(member)
#define CLEAN_FLAG(member)
#define CLEAN_INSTANT(member)
#define CLEAN_LETTER(member)
#define CLEAN_PROTOCOL(member)
#define CLEAN(kind, member) CLEAN_##kind(member)

static bool take_kept(struct reading_in *in, const char *bytes, size_t length)
{
    struct capsule *capsule = in->capsule;
    struct wire_kept kept;
    struct error why;
    if (!wire_read_kept(bytes, length, capsule->arena, &kept, &why))
        return reading_wrong(in, why.text);
    const struct place *place = reading_place(in, kept.asset);
    struct host *host = (struct host *)(uintptr_t)kept.host;
    if (!place)
        return reading_wrong(in, "names an asset that the capsule does not have");
    if (!host || kept.time == CLOCK_NEVER || kept.time < 0)
        return reading_wrong(in, "no moment of a server");
    kept.asset = place->id;
    for (enum host_list list = 0; list < HOST_LIST_COUNT; list++)
        if (host->lists & 1u << list && !host_keeps(list))
            return reading_wrong(in, "a list of a server that is not kept");
#define X(one, many)                                            \
    capsule->kept_rows += host->one##_count;                    \
    for (unsigned i = 0; i < host->one##_count; i++) {          \
        struct host_##one *row = &host->many[i];                \
        HOST_##one##_MEMBERS(CLEAN)                             \
        (void)row;                                              \
    }
    HOST_LISTS(X)
#undef X
    if (capsule->kept_count >= CAPSULE_KEPT_MOST || capsule->kept_rows > CAPSULE_KEPT_ROWS_MOST)
        return reading_wrong(in, "more of servers than a capsule holds");
    ARRAY_RESERVE(capsule->kept, capsule->kept_capacity, capsule->kept_count + 1);
    capsule->kept[capsule->kept_count++] = kept;
    return true;
}

bool capsule_part_kept(struct reading_in *in, const struct buffer *bytes)
{
    return each_line(in, bytes, take_kept);
}

static void clean_texts(struct reading_in *in, const char **texts, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        reading_clean(in, &texts[i]);
}

#define C(member) reading_clean(in, &row->member);
static void judge_node(struct reading_in *in, struct wire_node *row)
{
    C(id) C(name) C(kind) C(verdict) C(evidence) C(asset) C(unit) C(unit_on)
    clean_texts(in, row->needs, row->need_count);
    for (unsigned i = 0; i < row->figure_count; i++) {
        reading_clean(in, &row->figures[i].name);
        reading_clean(in, &row->figures[i].unit);
    }
    row->may_restart = false; /* there is nothing here to restart */
}

static void judge_page(struct reading_in *in, struct wire_application_page *page)
{
    struct wire_application *row = &page->application;
    C(id) C(name) C(subsystem) C(contract) C(requirement) C(hurts) C(recovery)
    clean_texts(in, row->servers, row->server_count);
    for (unsigned i = 0; i < page->node_count; i++)
        judge_node(in, &page->nodes[i]);
    for (unsigned i = 0; i < page->recovery_count; i++) {
        struct wire_recovery *recovery = &page->recoveries[i];
        const char **texts[] = {&recovery->node, &recovery->asset, &recovery->unit, &recovery->result};
        for (size_t k = 0; k < ARRAY_COUNT(texts); k++)
            reading_clean(in, texts[k]);
    }
}
#undef C

static bool take_application(struct reading_in *in, const char *bytes, size_t length)
{
    struct capsule *capsule = in->capsule;
    struct wire_application_page page;
    struct error why;
    if (!wire_read_application_page(bytes, length, capsule->arena, &page, &why))
        return reading_wrong(in, why.text);
    capsule->nodes += page.node_count + page.recovery_count;
    if (page.page.as_of == CLOCK_NEVER || page.page.as_of < 0)
        return reading_wrong(in, "no moment of an application");
    if (capsule->applications_count >= CAPSULE_PAGES_MOST || capsule->nodes > CAPSULE_NODES_MOST)
        return reading_wrong(in, "more of applications than a capsule holds");
    judge_page(in, &page);
    if (!asset_id_valid(page.application.id, &why))
        return reading_wrong(in, why.text);
    size_t count = capsule->applications_count;
    const struct wire_application_page *before = count ? &capsule->applications[count - 1] : NULL;
    if (before && strcmp(before->application.id, page.application.id) == 0 && before->page.as_of > page.page.as_of)
        return reading_wrong(in, "moments of an application that are not in order");
    ARRAY_RESERVE(capsule->applications, capsule->applications_capacity, capsule->applications_count + 1);
    capsule->applications[capsule->applications_count++] = page;
    return true;
}

bool capsule_part_applications(struct reading_in *in, const struct buffer *bytes)
{
    return each_line(in, bytes, take_application);
}
