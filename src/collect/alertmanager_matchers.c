/* A filter in Alertmanager's words: matchers over labels, all of which must hold. What cannot be said so (what only the
 * ledger knows, a word, a choice between different things) leaves the silence to be made alert by alert.
 *
 * A filter compares folded, matchers compare as written. One plain value becomes an equality, as people there write it:
 * an alert that differs in case only is silenced by itself. Whatever else becomes a regular expression (RE2, anchored by
 * Alertmanager) that ignores case, so that nothing is silenced there that is not silenced here. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/phrase.h"
#include "base/text.h"
#include "collect/alertmanager.h"
#include "model/labels.h"

void alertmanager_matchers_release(struct alertmanager_matchers *matchers)
{
    for (unsigned i = 0; i < matchers->count; i++) {
        free(matchers->row[i].name);
        free(matchers->row[i].value);
    }
    free(matchers->row);
    *matchers = (struct alertmanager_matchers){0};
}

static void add(struct alertmanager_matchers *matchers, const char *name, const char *value, bool regex, bool equal)
{
    ARRAY_RESERVE(matchers->row, matchers->capacity, matchers->count + 1);
    matchers->row[matchers->count++] =
        (struct alertmanager_matcher){.name = memory_text(name), .value = memory_text(value), .regex = regex, .equal = equal};
}

/* Each by itself and summed up: their order says nothing. */
uint64_t alertmanager_matchers_hash(const struct alertmanager_matchers *matchers)
{
    uint64_t sum = matchers->count;
    for (unsigned i = 0; i < matchers->count; i++) {
        const struct alertmanager_matcher *row = &matchers->row[i];
        const char *sign = row->regex ? row->equal ? "=~" : "!~" : row->equal ? "=" : "!=";
        sum += text_hash(text_hash(text_hash(TEXT_HASH, row->name), sign), row->value) | 1;
    }
    return sum;
}

void alertmanager_matchers_text(const struct alertmanager_matchers *matchers, struct buffer *out)
{
    for (unsigned i = 0; i < matchers->count; i++) {
        const struct alertmanager_matcher *row = &matchers->row[i];
        buffer_printf(out, "%s%s%s", i ? ", " : "", row->name, row->regex ? row->equal ? "=~" : "!~" : row->equal ? "=" : "!=");
        buffer_append_char(out, '"');
        for (const char *at = row->value; *at; at++)
            buffer_printf(out, *at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
        buffer_append_char(out, '"');
    }
}

void alertmanager_matchers_write(const struct alertmanager_matchers *matchers, struct json_writer *writer)
{
    json_write_array(writer, "matchers");
    for (unsigned i = 0; i < matchers->count; i++) {
        json_write_object(writer, NULL);
        json_write_text(writer, "name", matchers->row[i].name);
        json_write_text(writer, "value", matchers->row[i].value);
        json_write_bool(writer, "isRegex", matchers->row[i].regex);
        json_write_bool(writer, "isEqual", matchers->row[i].equal);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
}

void alertmanager_matchers_of_labels(struct alertmanager_matchers *matchers, struct json_object *labels)
{
    json_object_object_foreach(labels, name, value) {
        const char *text = value && !json_object_is_type(value, json_type_null) ? json_object_get_string(value) : "";
        add(matchers, name, text, false, true);
    }
}

void alertmanager_matchers_read(struct alertmanager_matchers *matchers, struct json_object *list)
{
    size_t count = list && json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *each = json_object_array_get_idx(list, i);
        if (json_object_is_type(each, json_type_object))
            add(matchers, json_get_text(each, "name", ""), json_get_text(each, "value", ""), json_get_bool(each, "isRegex", false),
                json_get_bool(each, "isEqual", true));
    }
}

/* ---- from a filter ---- */

/* Value of a filter: what it says plainly, or NULL where it has a `*` in it. The caller frees. */
static char *plain_value(const char *source)
{
    struct buffer out = BUFFER_INIT;
    for (; *source && *source != '*'; source++) {
        if (*source == '\\' && (source[1] == '*' || source[1] == '\\'))
            source++;
        buffer_append_char(&out, *source);
    }
    if (!*source && out.length)
        return buffer_take(&out);
    buffer_release(&out);
    return NULL;
}

static bool has_case(const char *text)
{
    for (; *text; text++)
        if (isalpha((unsigned char)*text) || (unsigned char)*text >= 0x80)
            return true;
    return false;
}

static void write_pattern(struct buffer *out, const char *source)
{
    for (; *source; source++) {
        if (*source == '*') {
            buffer_append_text(out, ".*");
            continue;
        }
        if (*source == '\\' && (source[1] == '*' || source[1] == '\\'))
            source++;
        if (strchr("\\.+*?()|[]{}^$", *source))
            buffer_append_char(out, '\\');
        buffer_append_char(out, *source);
    }
}

static void add_regex(struct alertmanager_matchers *matchers, const char *name, const struct filter_term *term)
{
    struct buffer out = BUFFER_INIT;
    const char *around = term->kind == TERM_CONTAINS ? ".*" : "";
    buffer_append_text(&out, "(?is:");
    for (unsigned i = 0; i < term->count; i++) {
        buffer_printf(&out, "%s%s", i ? "|" : "", around);
        write_pattern(&out, filter_term_value(term, i));
        buffer_append_text(&out, around);
    }
    buffer_append_char(&out, ')');
    add(matchers, name, buffer_text(&out), true, !term->negated);
    buffer_release(&out);
}

static void add_term(struct alertmanager_matchers *matchers, const char *name, const struct filter_term *term)
{
    bool any = term->kind == TERM_HAS;
    for (unsigned i = 0; i < term->count; i++) /* "*" alone: whatever it is, but there */
        any |= strspn(filter_term_value(term, i), "*") == strlen(filter_term_value(term, i));
    matchers->anchored |= !term->negated;
    if (any) { /* an absent label and an empty one are the same there */
        add(matchers, name, "", false, term->negated);
        return;
    }
    char *plain = term->kind == TERM_EQUALS && term->count == 1 ? plain_value(filter_term_value(term, 0)) : NULL;
    if (plain && (!term->negated || !has_case(plain)))
        add(matchers, name, plain, false, !term->negated);
    else
        add_regex(matchers, name, term);
    free(plain);
}

static bool classic_name(const char *name)
{
    for (const char *at = name; *at; at++)
        if (!(isalpha((unsigned char)*at) || *at == '_' || (at > name && isdigit((unsigned char)*at))))
            return false;
    return *name != '\0';
}

struct making {
    struct alertmanager_matchers *matchers;
    const struct alertmanager_settings *settings;
    const char *source;
};

/* What is the same for all alerts of this source: nothing is to be said of it, or nothing of it is meant. */
static void take_constant(struct making *making, const struct filter_term *term, const char *text)
{
    making->matchers->none |= !filter_term_is(term, text);
}

static bool take_term(void *owner, const struct filter_term *term, struct error *odd)
{
    struct making *making = owner;
    bool label = strncmp(term->field, "label.", 6) == 0;
    making->matchers->unsure &= !label && strcmp(term->field, "source") != 0;
    if (label && classic_name(term->field + 6))
        add_term(making->matchers, term->field + 6, term);
    else if (strcmp(term->field, "rule") == 0 || strcmp(term->field, "name") == 0)
        add_term(making->matchers, "alertname", term);
    else if (strcmp(term->field, "source") == 0)
        take_constant(making, term, making->source);
    else if (strcmp(term->field, "type") == 0)
        take_constant(making, term, making->settings->alert_type);
    else
        return error_set(odd, ERROR_INVALID, N_("`%.60s` is no label"), term->field);
    return true;
}

bool alertmanager_matchers_make(struct alertmanager_matchers *matchers, const struct alertmanager_settings *settings,
                                const char *source, const struct filter *filter, struct error *odd)
{
    char *name = memory_printf("alertmanager:%s", source);
    struct making making = {.matchers = matchers, .settings = settings, .source = name};
    matchers->unsure = true;
    bool good = filter_terms(filter, take_term, &making, odd);
    if (good && !matchers->none && !matchers->anchored) /* Alertmanager asks for one matcher that matches no empty text */
        good = error_set(odd, ERROR_INVALID, N_("it names no label that must be there"));
    free(name);
    return good;
}
