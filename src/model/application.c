#include "model/application.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const char *const verdict_names[] = {
    [PART_OK] = "ok", [PART_WARNING] = "warning", [PART_CRITICAL] = "critical", [PART_WAITING] = "waiting", [PART_UNKNOWN] = "unknown"};

const char *part_verdict_name(enum part_verdict verdict)
{
    return verdict_names[verdict];
}

bool part_verdict_parse(const char *name, enum part_verdict *verdict)
{
    for (size_t i = 0; i < ARRAY_COUNT(verdict_names); i++)
        if (strcmp(name, verdict_names[i]) == 0) {
            *verdict = (enum part_verdict)i;
            return true;
        }
    return false;
}

/* ---- circles ---- */

/* An explicit stack: a chain may be as long as there are parts. */
struct step { unsigned part, next; };
enum mark { MARK_NEW, MARK_OPEN, MARK_DONE };

static unsigned circle_from(const struct part *parts, uint8_t *marks, struct step *stack, unsigned start, unsigned *path)
{
    unsigned depth = 0;
    stack[depth++] = (struct step){start, 0};
    marks[start] = MARK_OPEN;
    while (depth) {
        struct step *top = &stack[depth - 1];
        if (top->next == parts[top->part].need_count) {
            marks[top->part] = MARK_DONE;
            depth--;
            continue;
        }
        unsigned need = parts[top->part].needs[top->next++];
        if (marks[need] == MARK_OPEN) {
            unsigned length = 0, from = 0;
            while (stack[from].part != need)
                from++;
            for (; from < depth; from++)
                path[length++] = stack[from].part;
            path[length++] = need;
            return length;
        }
        if (marks[need] == MARK_NEW) {
            marks[need] = MARK_OPEN;
            stack[depth++] = (struct step){need, 0};
        }
    }
    return 0;
}

unsigned parts_circle(const struct part *parts, unsigned count, unsigned *path)
{
    uint8_t *marks = memory_new(count + 1);
    struct step *stack = memory_new_array(count + 1, sizeof *stack);
    unsigned length = 0;
    for (unsigned i = 0; i < count && !length; i++)
        if (marks[i] == MARK_NEW)
            length = circle_from(parts, marks, stack, i, path);
    free(marks);
    free(stack);
    return length;
}

/* ---- what they make of each other ---- */

enum part_verdict parts_fold(const struct part *parts, const unsigned *own, unsigned count)
{
    bool judged = false, waits = false, unknown = false;
    enum part_verdict worst = PART_OK;
    for (unsigned i = 0; i < count; i++) {
        const struct part *part = &parts[own[i]];
        enum part_verdict verdict = part->verdict;
        if (part->kind == PART_SERVER && verdict != PART_CRITICAL)
            continue;
        if ((part->kind == PART_SERVER || part->degrades) && verdict == PART_CRITICAL)
            verdict = PART_WARNING;
        waits |= verdict == PART_WAITING;
        unknown |= verdict == PART_UNKNOWN;
        if (verdict == PART_WAITING || verdict == PART_UNKNOWN)
            continue;
        judged |= part->kind == PART_CHECK;
        worst = verdict > worst ? verdict : worst;
    }
    if (worst != PART_OK)
        return worst;
    return unknown ? PART_UNKNOWN : judged ? PART_OK : waits ? PART_WAITING : PART_UNKNOWN;
}

static bool as_bad(const struct part *part, enum part_verdict level)
{
    if (part->kind == PART_SERVER)
        return part->verdict == PART_CRITICAL;
    return part->kind == PART_CHECK && (part->verdict == PART_CRITICAL || (level == PART_WARNING && part->verdict == PART_WARNING));
}

/* Every part below the root in the order in which they are left: what lies below comes before what stands on it. */
unsigned parts_cause(const struct part *parts, unsigned count, unsigned root)
{
    enum part_verdict level = parts[root].verdict;
    if (level != PART_CRITICAL && level != PART_WARNING)
        return PARTS_NONE;
    uint8_t *seen = memory_new(count + 1);
    struct step *stack = memory_new_array(count + 1, sizeof *stack);
    unsigned depth = 0, found = PARTS_NONE;
    stack[depth++] = (struct step){root, 0};
    seen[root] = true;
    while (depth && found == PARTS_NONE) {
        struct step *top = &stack[depth - 1];
        if (top->next < parts[top->part].need_count) {
            unsigned need = parts[top->part].needs[top->next++];
            if (!seen[need])
                stack[depth++] = (struct step){need, 0};
            seen[need] = true;
            continue;
        }
        if (as_bad(&parts[top->part], level))
            found = top->part;
        depth--;
    }
    free(seen);
    free(stack);
    return found;
}

void parts_walk(const struct part *parts, unsigned count, unsigned root, parts_visit *visit, void *owner)
{
    uint8_t *seen = memory_new(count + 1);
    struct step *stack = memory_new_array(count + 1, sizeof *stack);
    unsigned depth = 0;
    bool goes_on = visit(owner, root, 0);
    stack[depth++] = (struct step){root, 0};
    seen[root] = true;
    while (depth && goes_on) {
        struct step *top = &stack[depth - 1];
        if (top->next == parts[top->part].need_count) {
            depth--;
            continue;
        }
        unsigned need = parts[top->part].needs[top->next++];
        if (seen[need])
            continue;
        seen[need] = true;
        goes_on = visit(owner, need, depth);
        stack[depth++] = (struct step){need, 0};
    }
    free(seen);
    free(stack);
}

/* ---- uptime ---- */

static bool is_up(enum health health)
{
    return health == HEALTH_OK || health == HEALTH_WARNING;
}

static bool is_down(enum health health)
{
    return health == HEALTH_CRITICAL || health == HEALTH_OFFLINE || health == HEALTH_UNREACHABLE;
}

struct uptime uptime_of(const struct uptime_interval *intervals, size_t count, msec from, msec to)
{
    struct uptime uptime = {.since = CLOCK_NEVER};
    msec reached = CLOCK_NEVER; /* up without a break until here */
    for (size_t i = 0; i < count; i++) {
        msec start = intervals[i].from, end = intervals[i].to == CLOCK_NEVER || intervals[i].to > to ? to : intervals[i].to;
        if (end <= start)
            continue;
        if (is_up(intervals[i].health)) {
            if (uptime.since == CLOCK_NEVER || reached != start)
                uptime.since = start;
            reached = end;
        } else {
            uptime.since = CLOCK_NEVER;
        }
        start = start < from ? from : start;
        if (end <= start)
            continue;
        uptime.up += is_up(intervals[i].health) ? end - start : 0;
        uptime.down += is_down(intervals[i].health) ? end - start : 0;
    }
    if (reached != to)
        uptime.since = CLOCK_NEVER;
    return uptime;
}

double uptime_share(const struct uptime *uptime)
{
    msec watched = uptime->up + uptime->down;
    return watched > 0 ? (double)uptime->up / (double)watched : NAN;
}
