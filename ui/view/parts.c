#include "view/parts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/filter.h"
#include "term/locale.h"
#include "widget/letters.h"

bool motion_key(const char *command, struct key_event *key)
{
    static const struct { const char *command, *key; } motions[] = {
        {"down", "Down"}, {"up", "Up"}, {"left", "Left"}, {"right", "Right"}, {"page-down", "PageDown"},
        {"page-up", "PageUp"}, {"half-down", "C-d"}, {"half-up", "C-u"}, {"top", "g"}, {"bottom", "G"},
        {"next-wrong", "n"}, {"previous-wrong", "N"}, {"open", "Enter"}, {"mark", "Space"},
    };
    for (unsigned i = 0; i < ARRAY_COUNT(motions); i++)
        if (strcmp(motions[i].command, command) == 0)
            return key_parse(motions[i].key, key);
    return false;
}

void place_text(struct buffer *out, const struct wire_asset *asset)
{
    asset_place(out, asset->field);
}

const char *asset_name(const struct wire_asset *asset)
{
    const char *name = asset->field[ASSET_name];
    return name && *name ? name : asset->field[ASSET_id];
}

char *age_text(char out[SPAN_TEXT], msec since, msec now)
{
    *out = '\0';
    if (since != CLOCK_NEVER)
        span_format_short(out, now > since ? now - since : 0);
    return out;
}

char *value_text(char *out, size_t size, double value, const char *unit)
{
    int used = text_format_number(out, size, value);
    if (unit && *unit && used >= 0 && (size_t)used < size)
        snprintf(out + used, size - (size_t)used, " %s", unit);
    return out;
}

char *health_glyph_text(char out[8], enum health health, bool ascii)
{
    out[text_encode(health_glyph(health, ascii), out)] = '\0';
    return out;
}

const char *health_word(enum health health)
{
    static const char *const words[HEALTH_COUNT] = {
        [HEALTH_OK] = N_("ok"), [HEALTH_MAINTENANCE] = N_("maintenance"), [HEALTH_UNKNOWN] = N_("unknown"),
        [HEALTH_STALE] = N_("stale"), [HEALTH_WARNING] = N_("warning"), [HEALTH_UNREACHABLE] = N_("unreachable"),
        [HEALTH_OFFLINE] = N_("offline"), [HEALTH_CRITICAL] = N_("critical"),
    };
    return (unsigned)health < HEALTH_COUNT ? _(words[health]) : "";
}

const char *reason_word(enum health_reason reason)
{
    static const char *const words[REASON_COUNT] = {
        [REASON_NONE] = "",
        [REASON_FRESH] = N_("heard in time"),
        [REASON_LATE] = N_("late"),
        [REASON_NO_DATA] = N_("no data"),
        [REASON_NOT_REACHED] = N_("not reached"),
        [REASON_DISCONNECTED] = N_("disconnected"),
        [REASON_PARENT] = N_("its parent is gone"),
        [REASON_NEVER_HEARD] = N_("never heard"),
        [REASON_FAULT_REPORTED] = N_("reports a fault"),
        [REASON_ALERT] = N_("alert"),
        [REASON_MAINTENANCE] = N_("maintenance"),
        [REASON_CHECK_FAILED] = N_("check failed"),
    };
    if ((unsigned)reason >= REASON_COUNT || !words[reason] || !*words[reason])
        return "";
    return _(words[reason]);
}

const char *link_word(enum link_state link)
{
    return link == LINK_UP ? _("up") : link == LINK_DOWN ? _("down") : _("unknown");
}

const char *comm_word(enum comm_state comm)
{
    return comm == COMM_SPEAKING ? _("speaking") : comm == COMM_SILENT ? _("silent") : _("unknown");
}

const char *value_word(const char *value)
{
    const char *unit = _("systemd unit"); /* "unit" alone is who is responsible, in the console's words */
    if (strcmp(value, "unit") == 0)
        return strcmp(unit, "systemd unit") == 0 ? value : unit;
    static const char *const words[] = {
        N_("gateway"), N_("terminal"), N_("server"), N_("application"), N_("database"), N_("link"), N_("camera"), N_("aircon"),
        N_("sensor"), N_("phone"), N_("voice-gateway"), N_("display"), N_("station"), N_("facility"), N_("process"),
        N_("planned"), N_("in_stock"), N_("installed"), N_("spare"), N_("maintenance"), N_("loaned_out"), N_("sent_repair"),
        N_("decommissioning"), N_("decommissioned"), N_("scrapped"),
    };
    for (unsigned i = 0; i < ARRAY_COUNT(words); i++)
        if (strcmp(words[i], value) == 0)
            return _(words[i]);
    return value;
}

const char *field_word(const char *field)
{
    static const struct { const char *field, *word;
    } words[] = {
        {"id", N_("id")},
        {"name", N_("name")},
        {"kind", N_("kind")},
        {"class", N_("class")},
        {"parent", N_("parent")},
        {"subsystem", N_("subsystem")},
        {"site", N_("site")},
        {"building", N_("building")},
        {"floor", N_("floor")},
        {"room", N_("room")},
        {"place", N_("place")},
        {"model", N_("model")},
        {"vendor", N_("vendor")},
        {"serial", N_("serial")},
        {"asset_tag", N_("asset tag")},
        {"unit", N_("responsible unit")},
        {"tags", N_("tags")},
        {"address", N_("address")},
        {"period", N_("period")},
        {"status", N_("status")},
        {"contract", N_("contract")},
        {"health", N_("health")},
        {"reason", N_("reason")},
        {"since", N_("since")},
        {"age", N_("heard")},
        {"link", N_("network")},
        {"comm", N_("comm")},
        {"children", N_("below")},
        {"value", N_("value")},
    };
    for (unsigned i = 0; i < ARRAY_COUNT(words); i++)
        if (strcmp(words[i].field, field) == 0)
            return _(words[i].word);
    return field;
}

int draw_by_health(struct surface *surface, int row, int column, int columns,
                   const uint32_t by_health[HEALTH_COUNT], bool right)
{
    static const enum health order[] = {HEALTH_OK,      HEALTH_CRITICAL, HEALTH_OFFLINE, HEALTH_UNREACHABLE,
                                        HEALTH_WARNING, HEALTH_STALE,    HEALTH_UNKNOWN, HEALTH_MAINTENANCE};
    struct { char text[40]; int width; enum health health; } parts[HEALTH_COUNT];
    unsigned count = 0;
    int width = 0;
    for (unsigned i = 0; i < ARRAY_COUNT(order); i++) {
        char number[24], letter[5] = "";
        if (!by_health[order[i]])
            continue;
        size_t bytes = text_encode(health_glyph(order[i], surface->ascii), letter);
        letter[bytes] = '\0';
        snprintf(parts[count].text, sizeof parts[count].text, "%s %s", count_text(number, by_health[order[i]]),
                 order[i] == HEALTH_OK ? _("ok") : letter);
        parts[count].health = order[i];
        parts[count].width = text_width(parts[count].text);
        if (width + parts[count].width + (count ? 2 : 0) > columns)
            break;
        width += parts[count].width + (count ? 2 : 0);
        count++;
    }
    int at = right ? column + columns - width : column;
    for (unsigned i = 0; i < count; i++) {
        at += i ? 2 : 0;
        surface_text(surface, row, at, parts[i].width, health_role(parts[i].health), parts[i].text);
        at += parts[i].width;
    }
    return width;
}

void shown_text(struct buffer *out, uint32_t total, uint32_t population, unsigned marks)
{
    char shown[24], all[24], hidden[24];
    if (total < population)
        buffer_printf(out, _("%s of %s · %s filtered"), count_text(shown, total), count_text(all, population),
                      count_text(hidden, population - total));
    else
        buffer_printf(out, _("all %s"), count_text(all, population));
    if (marks)
        buffer_printf(out, _(" · %u marked"), marks);
}

static int contracted_width(const struct wire_contracted *row, char *text, size_t size)
{
    char have[24], need[24];
    snprintf(text, size, "%s %s/%s", _(row->name), count_text(have, row->have), count_text(need, row->need));
    return text_width(text) + (row->ok ? 2 : 4);
}

void draw_contracted(struct surface *surface, int row, int column, int columns,
                     const struct wire_contracted *rows, unsigned count)
{
    int at = column, end = column + columns;
    unsigned told = 0;
    char text[120];
    if (!count)
        return;
    at += surface_text(surface, row, at, end - at, ROLE_DIM, _("contract")) + 2;
    for (int ok = 0; ok < 2; ok++) /* what is broken comes first, and is never the one left out */
        for (unsigned i = 0; i < count; i++) {
            if (rows[i].ok != (bool)ok)
                continue;
            int width = contracted_width(&rows[i], text, sizeof text);
            if (at + width + (told + 1 < count ? 4 : 0) > end)
                continue;
            at += surface_text(surface, row, at, end - at, ok ? ROLE_DIM : ROLE_CRITICAL, text);
            if (!ok)
                at += surface_text(surface, row, at, end - at, ROLE_CRITICAL, " !");
            at += 2;
            told++;
        }
    if (told < count)
        surface_printf(surface, row, at, end - at, ROLE_DIM, "+%u", count - told);
}

void site_crumbs(struct view *view, struct buffer *out, ...)
{
    const struct wire_overview *overview = view->host_ops->overview(view->host);
    va_list words;
    buffer_append_text(out, overview ? overview->site : _("site"));
    va_start(words, out);
    for (const char *word; (word = va_arg(words, const char *));)
        if (*word)
            buffer_printf(out, " ▸ %s", word);
    va_end(words);
}

void filter_value(struct buffer *out, const char *field, const char *value)
{
    buffer_printf(out, "%s%s:", out->length ? " " : "", field);
    if (!strpbrk(value, " \t\"(),|:*~<>") && *value) {
        buffer_append_text(out, value);
        return;
    }
    buffer_append_char(out, '"');
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            buffer_append_char(out, '\\');
        buffer_append_char(out, *value);
    }
    buffer_append_char(out, '"');
}

char *filter_typed(const char *text, bool typing, struct error *error)
{
    struct filter *filter = filter_parse(text, typing ? FILTER_TYPING : FILTER_STRICT, clock_wall(), error);
    if (!filter)
        return NULL;
    char *canonical = filter_is_empty(filter) ? memory_text("") : filter_to_text(filter);
    filter_free(&filter);
    return canonical;
}

char *query_part(const char *query, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = query; *at; at += strcspn(at, "&"), at += *at == '&') {
        if (strncmp(at, name, length) != 0 || at[length] != '=')
            continue;
        struct buffer value = BUFFER_INIT;
        for (const char *text = at + length + 1; *text && *text != '&'; text++) {
            unsigned code;
            if (*text == '%' && sscanf(text + 1, "%2x", &code) == 1) {
                buffer_append_char(&value, (char)code);
                text += 2;
            } else {
                buffer_append_char(&value, *text == '+' ? ' ' : *text);
            }
        }
        return buffer_take(&value);
    }
    return NULL;
}
