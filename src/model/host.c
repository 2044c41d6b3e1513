#include "model/host.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/host_members.h"

#define TEXT_MAX 1024
#define COMMAND_MAX 201 /* bytes and the end */

/* While it is gathered, a row's texts are the pool's; the block takes one copy of each. */
struct host_builder {
    struct host host;      /* figures and what it has; its lists are below */
    struct intern *texts;
    size_t text_bytes;
    unsigned cut[HOST_LIST_COUNT];
#define X(one, many) struct host_##one *many; size_t many##_count, many##_capacity;
    HOST_LISTS(X)
#undef X
};

static const char *const list_names[] = {
#define X(one, many) [HOST_##many] = #many,
    HOST_LISTS(X)
#undef X
};

static const char no_text[] = ""; /* what every empty text of a block points at */

/* ---- gathering ---- */

struct host_builder *host_builder_new(void)
{
    struct host_builder *builder = memory_new(sizeof *builder);
    struct host *host = &builder->host;
#define SET_NUMBER(member) host->member = NAN;
#define SET_COUNT(member) host->member = 0;
#define SET_INSTANT(member) host->member = 0;
#define SET_SPAN(member) host->member = 0;
#define SET(kind, member) SET_##kind(member)
    HOST_FIGURES(SET)
#undef SET
    builder->texts = intern_new();
    return builder;
}

void host_builder_free(struct host_builder **builder)
{
    if (!*builder)
        return;
#define X(one, many) free((*builder)->many);
    HOST_LISTS(X)
#undef X
    intern_free(&(*builder)->texts);
    free(*builder);
    *builder = NULL;
}

struct host *host_builder_figures(struct host_builder *builder)
{
    return &builder->host;
}

void host_builder_has(struct host_builder *builder, enum host_list list)
{
    builder->host.lists |= 1u << list;
}

static const char *builder_text(struct host_builder *builder, const char *text, size_t limit)
{
    char clean[TEXT_MAX];
    if (!text || !*text)
        return no_text;
    text_clean_into(clean, limit < sizeof clean ? limit : sizeof clean, text, strlen(text));
    uint32_t before = intern_count(builder->texts), length = (uint32_t)strlen(clean);
    if (!length)
        return no_text;
    const char *kept = intern_bytes(builder->texts, clean, length);
    if (intern_count(builder->texts) > before)
        builder->text_bytes += length + 1;
    return kept;
}

#define KEEP_TEXT(member) copy.member = builder_text(builder, copy.member, sizeof #member == sizeof "command" ? COMMAND_MAX : TEXT_MAX);
#define KEEP_NUMBER(member)
#define KEEP_COUNT(member)
#define KEEP_PID(member)
#define KEEP_FLAG(member)
#define KEEP_INSTANT(member)
#define KEEP_LETTER(member)
#define KEEP_PROTOCOL(member)
#define KEEP(kind, member) KEEP_##kind(member)
#define X(one, many)                                                                       \
    void host_builder_##one(struct host_builder *builder, const struct host_##one *row)    \
    {                                                                                      \
        host_builder_has(builder, HOST_##many);                                            \
        if (builder->many##_count == HOST_ROWS_MAX) {                                      \
            builder->cut[HOST_##many]++;                                                   \
            return;                                                                        \
        }                                                                                  \
        struct host_##one copy = *row;                                                     \
        HOST_##one##_MEMBERS(KEEP)                                                         \
        ARRAY_RESERVE(builder->many, builder->many##_capacity, builder->many##_count + 1); \
        builder->many[builder->many##_count++] = copy;                                     \
    }
HOST_LISTS(X)
#undef X

void host_builder_factf(struct host_builder *builder, const char *name, const char *format, ...)
{
    char value[TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    host_builder_fact(builder, &(struct host_fact){.name = name, .value = value});
}

/* ---- the block ---- */

/* Where the block has what the pool had. */
static const char *block_text(const struct host_builder *builder, const char *const *placed, const char *text)
{
    return text == no_text ? no_text : placed[intern_find(builder->texts, text, strlen(text))];
}

static const char **texts_place(const struct host_builder *builder, char *at)
{
    uint32_t count = intern_count(builder->texts);
    const char **placed = memory_new_array(count + 1, sizeof *placed);
    for (uint32_t id = 0; id < count; id++) {
        const char *text = intern_name(builder->texts, id);
        size_t size = strlen(text) + 1;
        placed[id] = memcpy(at, text, size);
        at += size;
    }
    return placed;
}

struct host *host_builder_make(struct host_builder *builder, msec taken)
{
    for (int list = 0; list < HOST_LIST_COUNT; list++) {
        char name[32];
        snprintf(name, sizeof name, "cut:%s", list_names[list]);
        if (builder->cut[list])
            host_builder_factf(builder, name, "%u", builder->cut[list]);
        builder->cut[list] = 0;
    }
    size_t bytes = sizeof(struct host) + builder->text_bytes;
#define X(one, many) bytes += builder->many##_count * sizeof(struct host_##one);
    HOST_LISTS(X)
#undef X
    struct host *host = memory_resize(NULL, 1, bytes);
    *host = builder->host;
    host->taken = taken;
    host->bytes = bytes;
    char *at = (char *)(host + 1);
#define X(one, many)                                                               \
    host->many = builder->many##_count ? (struct host_##one *)(void *)at : NULL;   \
    host->one##_count = (unsigned)builder->many##_count;                           \
    if (builder->many##_count)                                                     \
        memcpy(at, builder->many, builder->many##_count * sizeof *builder->many);  \
    at += builder->many##_count * sizeof *builder->many;
    HOST_LISTS(X)
#undef X
    const char **placed = texts_place(builder, at);
#define MOVE_TEXT(member) row->member = block_text(builder, placed, row->member);
#define MOVE_NUMBER(member)
#define MOVE_COUNT(member)
#define MOVE_PID(member)
#define MOVE_FLAG(member)
#define MOVE_INSTANT(member)
#define MOVE_LETTER(member)
#define MOVE_PROTOCOL(member)
#define MOVE(kind, member) MOVE_##kind(member)
#define X(one, many)                                              \
    for (unsigned i = 0; i < host->one##_count; i++) {            \
        struct host_##one *row = &host->many[i];                  \
        HOST_##one##_MEMBERS(MOVE)                                \
        (void)row;                                                \
    }
    HOST_LISTS(X)
#undef X
    free(placed);
    return host;
}

void host_free(struct host **host)
{
    free(*host);
    *host = NULL;
}

/* ---- two answers ---- */

/* What slow sections tell stays known between them. */
static void keep_slow_figures(struct host *figures, const struct host *before)
{
#define KEEP_LAST(member)            \
    if (isnan(figures->member))      \
        figures->member = before->member;
    KEEP_LAST(time_offset)
    KEEP_LAST(failed_logins)
    KEEP_LAST(oom_kills)
    KEEP_LAST(security_updates)
    KEEP_LAST(memory_total)
#undef KEEP_LAST
    if (!(figures->lists & 1u << HOST_units))
        figures->failed_units = before->failed_units;
    if (!figures->tasks)
        figures->tasks = before->tasks;
    if (!figures->online_cores)
        figures->online_cores = before->online_cores;
}

struct host *host_merge(struct host *before, struct host *now)
{
    if (!before || (before->lists & ~now->lists) == 0) {
        if (before)
            keep_slow_figures(now, before);
        host_free(&before);
        return now;
    }
    struct host_builder *builder = host_builder_new();
    struct host *figures = host_builder_figures(builder);
    *figures = *now;
    keep_slow_figures(figures, before);
#define X(one, many)                                                                       \
    {                                                                                      \
        const struct host *from = now->lists & 1u << HOST_##many ? now : before;           \
        if (from->lists & 1u << HOST_##many)                                               \
            host_builder_has(builder, HOST_##many);                                        \
        for (unsigned i = 0; i < from->one##_count; i++)                                   \
            host_builder_##one(builder, &from->many[i]);                                   \
    }
    HOST_LISTS(X)
#undef X
    struct host *merged = host_builder_make(builder, now->taken);
    host_builder_free(&builder);
    host_free(&before);
    host_free(&now);
    return merged;
}

const char *host_fact(const struct host *host, const char *name)
{
    for (unsigned i = 0; i < host->fact_count; i++)
        if (strcmp(host->facts[i].name, name) == 0)
            return host->facts[i].value;
    return "";
}
