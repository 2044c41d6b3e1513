#include "model/host_keep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/host_members.h"

#define FORMAT 1
#define ROWS_MAX 1000            /* of any record */
#define TEXT_MAX 1024            /* and the end: what a host's block has at most */
#define TEXTS_MAX 4              /* of a row */
#define COMMAND_KEPT 121
#define NEAR_TOP (2 * HOST_KEEP_TOP)
#define CPU_LEAST 0.1            /* percent of a core; less is no use of the processor */
#define INSTANT_SAME (2 * SPAN_SECOND) /* a start that is reckoned anew from the uptime moves by a tick */

enum { DROP, CHANGE, INSERT };
enum { FIGURE_NONE = 0xFFFF, FIGURE_LEAST = -8, FIGURE_MOST = 22 };

/* ---- the lists ---- */

enum member_kind {
    MEMBER_TEXT, MEMBER_NUMBER, MEMBER_COUNT, MEMBER_PID, MEMBER_FLAG, MEMBER_INSTANT, MEMBER_LETTER, MEMBER_PROTOCOL
};
struct member { enum member_kind kind; size_t at; };

union row { struct host_port port; struct host_unit unit; struct host_process process; struct host_login login; };

struct shape {
    const struct member *members;
    unsigned member_count;
    size_t size, rows, count;            /* of a row; where the list and its length stand in struct host */
    void (*add)(struct host_builder *builder, const void *row);
    int (*compare)(const void *left, const void *right);
};

static int compare_numbers(long long left, long long right)
{
    return (left > right) - (left < right);
}

static int compare_ports(const void *left, const void *right)
{
    const struct host_port *a = left, *b = right;
    int order = compare_numbers((long long)a->protocol, (long long)b->protocol);
    return order ? order : compare_numbers(a->port, b->port);
}

static int compare_units(const void *left, const void *right)
{
    return strcmp(((const struct host_unit *)left)->name, ((const struct host_unit *)right)->name);
}

static int compare_processes(const void *left, const void *right)
{
    return compare_numbers(((const struct host_process *)left)->pid, ((const struct host_process *)right)->pid);
}

static int compare_logins(const void *left, const void *right)
{
    const struct host_login *a = left, *b = right;
    int order = strcmp(a->terminal, b->terminal);
    return order ? order : strcmp(a->user, b->user);
}

#define SHAPE(one, many)                                                                                    \
    static const struct member one##_members[] = {HOST_##one##_MEMBERS(one##_MEMBER)};                      \
    static void add_##one(struct host_builder *builder, const void *row) { host_builder_##one(builder, row); }
#define port_MEMBER(kind, member) {MEMBER_##kind, offsetof(struct host_port, member)},
#define unit_MEMBER(kind, member) {MEMBER_##kind, offsetof(struct host_unit, member)},
#define process_MEMBER(kind, member) {MEMBER_##kind, offsetof(struct host_process, member)},
#define login_MEMBER(kind, member) {MEMBER_##kind, offsetof(struct host_login, member)},
SHAPE(port, ports)
SHAPE(unit, units)
SHAPE(process, processes)
SHAPE(login, logins)
#undef SHAPE

#define SHAPED(one, many)                                                                                        \
    [HOST_##many] = {one##_members, ARRAY_COUNT(one##_members), sizeof(struct host_##one), offsetof(struct host, many), \
                     offsetof(struct host, one##_count), add_##one, compare_##many}
static const struct shape shapes[HOST_LIST_COUNT] = {
    SHAPED(port, ports), SHAPED(unit, units), SHAPED(process, processes), SHAPED(login, logins)};
#undef SHAPED

bool host_keeps(enum host_list list)
{
    return shapes[list].members != NULL;
}

static unsigned row_count(const struct shape *shape, const struct host *host)
{
    return host ? *(const unsigned *)(const void *)((const char *)host + shape->count) : 0;
}

static const char *row_first(const struct shape *shape, const struct host *host)
{
    return host ? *(const char *const *)(const void *)((const char *)host + shape->rows) : NULL;
}

/* ---- numbers ---- */

static void put_number(struct buffer *out, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        buffer_append_char(out, (char)(number | 0x80));
    buffer_append_char(out, (char)number);
}

static bool take_number(const unsigned char **at, const unsigned char *end, uint64_t *number)
{
    *number = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        unsigned char byte = *(*at)++;
        *number |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

static uint64_t zigzag(int64_t number)
{
    return ((uint64_t)number << 1) ^ (uint64_t)(number >> 63);
}

static int64_t unzigzag(uint64_t number)
{
    return (int64_t)(number >> 1) ^ -(int64_t)(number & 1);
}

/* Sign, exponent from FIGURE_LEAST in five bits, three digits in ten. */
static unsigned figure_code(double value)
{
    double size = fabs(value);
    if (!isfinite(value))
        return FIGURE_NONE;
    int exponent = size > 0 ? (int)floor(log10(size)) - 2 : FIGURE_LEAST;
    exponent = exponent < FIGURE_LEAST ? FIGURE_LEAST : exponent;
    double digits = round(exponent < 0 ? size * pow(10, -exponent) : size / pow(10, exponent));
    if (digits >= 1000) {
        digits = 100;
        exponent++;
    }
    if (exponent > FIGURE_MOST)
        return FIGURE_NONE;
    return (value < 0 ? 0x8000u : 0u) | (unsigned)(exponent - FIGURE_LEAST) << 10 | (unsigned)digits;
}

static double figure_value(unsigned code)
{
    int exponent = (int)(code >> 10 & 0x1F) + FIGURE_LEAST;
    double digits = code & 0x3FF;
    if (code == FIGURE_NONE)
        return NAN;
    double size = exponent < 0 ? digits / pow(10, -exponent) : digits * pow(10, exponent);
    return code & 0x8000 ? -size : size;
}

/* ---- members ---- */

static void put_member(struct buffer *out, const struct member *member, const void *row)
{
    const void *at = (const char *)row + member->at;
    switch (member->kind) {
    case MEMBER_TEXT: {
        const char *text = *(const char *const *)at;
        size_t length = strlen(text);
        put_number(out, length);
        buffer_append(out, text, length);
        break;
    }
    case MEMBER_NUMBER: {
        unsigned code = figure_code(*(const double *)at);
        buffer_append_char(out, (char)code);
        buffer_append_char(out, (char)(code >> 8));
        break;
    }
    case MEMBER_COUNT: put_number(out, *(const unsigned *)at); break;
    case MEMBER_PID: put_number(out, zigzag(*(const int *)at)); break;
    case MEMBER_FLAG: put_number(out, *(const bool *)at); break;
    case MEMBER_INSTANT: {
        msec instant = *(const msec *)at;
        put_number(out, instant == CLOCK_NEVER ? 0 : zigzag(instant / SPAN_SECOND) + 1);
        break;
    }
    case MEMBER_LETTER: put_number(out, *(const unsigned char *)at); break;
    case MEMBER_PROTOCOL: put_number(out, *(const enum host_protocol *)at == HOST_UDP); break;
    }
}

struct texts { char text[TEXTS_MAX][TEXT_MAX]; unsigned count; };

static bool take_text(const unsigned char **at, const unsigned char *end, struct texts *texts, const char **into)
{
    uint64_t length;
    if (!take_number(at, end, &length) || length >= TEXT_MAX || length > (size_t)(end - *at) || texts->count == TEXTS_MAX)
        return false;
    char *text = texts->text[texts->count++];
    memcpy(text, *at, length);
    text[length] = '\0';
    *at += length;
    *into = text;
    return true;
}

static bool take_figure(const unsigned char **at, const unsigned char *end, double *into)
{
    if (end - *at < 2)
        return false;
    *into = figure_value((unsigned)(*at)[0] | (unsigned)(*at)[1] << 8);
    *at += 2;
    return true;
}

static bool take_member(const unsigned char **at, const unsigned char *end, const struct member *member, struct texts *texts,
                        union row *row)
{
    void *into = (char *)row + member->at;
    uint64_t number;
    if (member->kind == MEMBER_TEXT)
        return take_text(at, end, texts, into);
    if (member->kind == MEMBER_NUMBER)
        return take_figure(at, end, into);
    if (!take_number(at, end, &number))
        return false;
    switch (member->kind) {
    case MEMBER_COUNT: *(unsigned *)into = (unsigned)number; break;
    case MEMBER_PID: *(int *)into = (int)unzigzag(number); break;
    case MEMBER_FLAG: *(bool *)into = number != 0; break;
    case MEMBER_INSTANT:
        if (number > (uint64_t)1 << 42)
            return false;
        *(msec *)into = number ? unzigzag(number - 1) * SPAN_SECOND : CLOCK_NEVER;
        break;
    case MEMBER_LETTER: *(char *)into = (char)number; break;
    default: *(enum host_protocol *)into = number ? HOST_UDP : HOST_TCP; break;
    }
    return true;
}

static bool same_member(const struct member *member, const void *left, const void *right)
{
    const void *a = (const char *)left + member->at, *b = (const char *)right + member->at;
    switch (member->kind) {
    case MEMBER_TEXT: return strcmp(*(const char *const *)a, *(const char *const *)b) == 0;
    case MEMBER_NUMBER: return figure_code(*(const double *)a) == figure_code(*(const double *)b);
    case MEMBER_COUNT: return *(const unsigned *)a == *(const unsigned *)b;
    case MEMBER_PID: return *(const int *)a == *(const int *)b;
    case MEMBER_FLAG: return *(const bool *)a == *(const bool *)b;
    case MEMBER_LETTER: return *(const char *)a == *(const char *)b;
    case MEMBER_PROTOCOL: return *(const enum host_protocol *)a == *(const enum host_protocol *)b;
    case MEMBER_INSTANT: break;
    }
    msec before = *(const msec *)a, now = *(const msec *)b;
    if (before == CLOCK_NEVER || now == CLOCK_NEVER)
        return before == now;
    return before - now <= INSTANT_SAME && now - before <= INSTANT_SAME;
}

/* ---- what is kept of a list ---- */

static int by_processor(const void *left, const void *right)
{
    const struct host_process *a = *(const struct host_process *const *)left, *b = *(const struct host_process *const *)right;
    double x = isnan(a->cpu_percent) ? -1 : a->cpu_percent, y = isnan(b->cpu_percent) ? -1 : b->cpu_percent;
    return x > y ? -1 : x < y ? 1 : compare_numbers(a->pid, b->pid);
}

static int by_memory(const void *left, const void *right)
{
    const struct host_process *a = *(const struct host_process *const *)left, *b = *(const struct host_process *const *)right;
    double x = isnan(a->memory) ? -1 : a->memory, y = isnan(b->memory) ? -1 : b->memory;
    return x > y ? -1 : x < y ? 1 : compare_numbers(a->pid, b->pid);
}

/* The first few of an order, without sorting thousands: a heap's work by insertion, as few are asked for. */
static unsigned first_few(const struct host *host, int (*compare)(const void *, const void *),
                          const struct host_process *few[NEAR_TOP])
{
    unsigned count = 0;
    for (unsigned i = 0; i < host->process_count; i++) {
        const struct host_process *row = &host->processes[i];
        unsigned at = count;
        while (at > 0 && compare(&row, &few[at - 1]) < 0)
            at--;
        if (at == NEAR_TOP)
            continue;
        count += count < NEAR_TOP;
        memmove(few + at + 1, few + at, (count - 1 - at) * sizeof *few);
        few[at] = row;
    }
    return count;
}

struct chosen {
    union row *rows;             /* by key */
    unsigned count;
    char (*commands)[COMMAND_KEPT];
};

static void choose_process(struct chosen *chosen, const struct host_process *process)
{
    char *command = chosen->commands[chosen->count];
    size_t length = strlen(process->command);
    for (unsigned i = 0; i < chosen->count; i++)
        if (chosen->rows[i].process.pid == process->pid)
            return;
    if (length >= COMMAND_KEPT)
        for (length = COMMAND_KEPT - 1; ((unsigned char)process->command[length] & 0xC0) == 0x80; length--)
            ;
    memcpy(command, process->command, length);
    command[length] = '\0';
    struct host_process *row = &chosen->rows[chosen->count++].process;
    *row = *process;
    row->command = command;
    row->cpu_percent = round(10 * row->cpu_percent) / 10;
    if (row->io_rate < 1024)
        row->io_rate = 0;
}

static bool was_kept(const struct host *before, const struct host_process *process)
{
    for (unsigned i = 0; before && i < before->process_count; i++)
        if (before->processes[i].pid == process->pid)
            return strcmp(before->processes[i].name, process->name) == 0;
    return false;
}

/* One that was among them stays while it is near: whoever comes and goes at the edge would be named anew each time. */
static void choose_processes(struct chosen *chosen, const struct host *before, const struct host *host)
{
    const struct host_process *few[NEAR_TOP];
    unsigned count = first_few(host, by_processor, few);
    chosen->commands = memory_new_array(2 * NEAR_TOP, COMMAND_KEPT);
    for (unsigned i = 0; i < count && few[i]->cpu_percent >= CPU_LEAST; i++)
        if (i < HOST_KEEP_TOP || was_kept(before, few[i]))
            choose_process(chosen, few[i]);
    count = first_few(host, by_memory, few);
    for (unsigned i = 0; i < count && few[i]->memory > 0; i++)
        if (i < HOST_KEEP_TOP || was_kept(before, few[i]))
            choose_process(chosen, few[i]);
}

static void choose_units(struct chosen *chosen, const struct host *host)
{
    for (unsigned turn = 0; turn < 2; turn++)
        for (unsigned i = 0; i < host->unit_count && chosen->count < HOST_KEEP_ROWS; i++)
            if (host->units[i].failed == (turn == 0))
                chosen->rows[chosen->count++].unit = host->units[i];
}

/* Copies in the order of their key, of which none is there twice. */
static void choose(const struct shape *shape, const struct host *before, const struct host *host, enum host_list list,
                   struct chosen *chosen)
{
    chosen->rows = memory_new_array(HOST_KEEP_ROWS, sizeof *chosen->rows);
    if (list == HOST_processes)
        choose_processes(chosen, before, host);
    else if (list == HOST_units)
        choose_units(chosen, host);
    else
        for (unsigned i = 0; i < row_count(shape, host) && i < HOST_KEEP_ROWS; i++)
            memcpy(&chosen->rows[chosen->count++], row_first(shape, host) + i * shape->size, shape->size);
    for (unsigned i = 0; list == HOST_ports && i < chosen->count; i++)
        chosen->rows[i].port.sessions = 0;
    if (chosen->count > 1)
        qsort(chosen->rows, chosen->count, sizeof *chosen->rows, shape->compare);
    unsigned kept = chosen->count > 0;
    for (unsigned i = 1; i < chosen->count; i++)
        if (shape->compare(&chosen->rows[kept - 1], &chosen->rows[i]) != 0)
            chosen->rows[kept++] = chosen->rows[i];
    chosen->count = kept;
}

/* ---- packing ---- */

struct packing { const struct shape *shape; struct buffer *out; unsigned passed; bool any; };

static void put_operation(struct packing *packing, unsigned what)
{
    put_number(packing->out, (uint64_t)packing->passed * 4 + what);
    packing->passed = 0;
    packing->any = true;
}

static void put_insertion(struct packing *packing, const void *row)
{
    put_operation(packing, INSERT);
    for (unsigned i = 0; i < packing->shape->member_count; i++)
        put_member(packing->out, &packing->shape->members[i], row);
}

static void put_change(struct packing *packing, const void *before, const void *now)
{
    const struct shape *shape = packing->shape;
    unsigned changed = 0;
    for (unsigned i = 0; i < shape->member_count; i++)
        changed |= same_member(&shape->members[i], before, now) ? 0 : 1u << i;
    if (!changed) {
        packing->passed++;
        return;
    }
    put_operation(packing, CHANGE);
    put_number(packing->out, changed);
    for (unsigned i = 0; i < shape->member_count; i++)
        if (changed & 1u << i)
            put_member(packing->out, &shape->members[i], now);
}

bool host_keep_pack(const struct host *before, const struct host *now, enum host_list list, msec since, struct buffer *out)
{
    const struct shape *shape = &shapes[list];
    struct packing packing = {.shape = shape, .out = out};
    struct chosen chosen = {0};
    size_t mark = out->length;
    bool whole = !before || !(before->lists & 1u << list);
    unsigned old = whole ? 0 : row_count(shape, before), at = 0, next = 0;
    choose(shape, before, now, list, &chosen);
    put_number(out, FORMAT << 1 | (whole ? 1 : 0));
    if (!whole)
        put_number(out, (uint64_t)since);
    while (at < old || next < chosen.count) {
        const char *was = at < old ? row_first(shape, before) + at * shape->size : NULL;
        int order = !was ? 1 : next == chosen.count ? -1 : shape->compare(was, &chosen.rows[next]);
        if (order < 0) {
            put_operation(&packing, DROP);
            at++;
        } else if (order > 0) {
            put_insertion(&packing, &chosen.rows[next++]);
        } else {
            put_change(&packing, was, &chosen.rows[next++]);
            at++;
        }
    }
    free(chosen.rows);
    free(chosen.commands);
    if (whole || packing.any)
        return true;
    out->length = mark;
    out->data[mark] = '\0';
    return false;
}

bool host_keep_is_whole(const void *bytes, size_t length)
{
    return length > 0 && *(const unsigned char *)bytes == (FORMAT << 1 | 1);
}

/* ---- applying ---- */

struct applying {
    const struct shape *shape;
    const unsigned char *at, *end;
    const char *rows;            /* of before */
    unsigned left;
    struct host_builder *builder;
    unsigned count;
};

static bool add_row(struct applying *applying, const void *row)
{
    applying->shape->add(applying->builder, row);
    return ++applying->count <= ROWS_MAX;
}

static bool pass_over(struct applying *applying, uint64_t rows)
{
    bool good = rows <= applying->left;
    for (; good && rows > 0; rows--) {
        good = add_row(applying, applying->rows);
        applying->rows += applying->shape->size;
        applying->left--;
    }
    return good;
}

static bool take_row(struct applying *applying, unsigned what)
{
    const struct shape *shape = applying->shape;
    struct texts texts = {.count = 0};
    uint64_t changed = ~(uint64_t)0;
    union row row;
    memset(&row, 0, sizeof row);
    if (what == CHANGE) {
        if (!applying->left || !take_number(&applying->at, applying->end, &changed))
            return false;
        memcpy(&row, applying->rows, shape->size);
        applying->rows += shape->size;
        applying->left--;
    }
    for (unsigned i = 0; i < shape->member_count; i++)
        if (changed >> i & 1 && !take_member(&applying->at, applying->end, &shape->members[i], &texts, &row))
            return false;
    return add_row(applying, &row);
}

static bool apply_operations(struct applying *applying)
{
    while (applying->at < applying->end) {
        uint64_t operation;
        if (!take_number(&applying->at, applying->end, &operation) || !pass_over(applying, operation >> 2))
            return false;
        unsigned what = operation & 3;
        if (what == DROP) {
            if (!applying->left)
                return false;
            applying->rows += applying->shape->size;
            applying->left--;
        } else if (what > INSERT || !take_row(applying, what)) {
            return false;
        }
    }
    return pass_over(applying, applying->left);
}

struct host *host_keep_apply(const struct host *before, enum host_list list, msec since, const void *bytes, size_t length,
                             struct error *error)
{
    struct applying applying = {.shape = &shapes[list], .at = bytes, .end = (const unsigned char *)bytes + length};
    uint64_t head = 0, after = 0;
    bool good = take_number(&applying.at, applying.end, &head) && head >> 1 == FORMAT, whole = head & 1;
    if (good && !whole) {
        good = take_number(&applying.at, applying.end, &after) && before && before->lists & 1u << list && (msec)after == since;
        applying.left = good ? row_count(applying.shape, before) : 0;
        applying.rows = row_first(applying.shape, before);
    }
    applying.builder = host_builder_new();
    host_builder_has(applying.builder, list);
    struct host *host = good && apply_operations(&applying) ? host_builder_make(applying.builder, CLOCK_NEVER) : NULL;
    host_builder_free(&applying.builder);
    if (!host)
        error_set(error, ERROR_CORRUPT, "a record of %zu bytes that does not follow the one before", length);
    return host;
}
