#include "command/security_text.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/alert.h"
#include "term/locale.h"
#include "widget/letters.h"

static const struct { const char *name, *word, *brief; } groups[] = {
    {"physical", N_("physical security"), N_("physical")}, {"network", N_("network security"), N_("network")},
    {"host", N_("host security"), N_("host")}, {"application", N_("application security"), N_("application")},
    {"data", N_("data security"), N_("data")}, {"authentication", N_("unified authentication"), N_("authentication")},
    {"encryption", N_("encryption"), N_("encryption")}, {"authorisation", N_("access authorisation"), N_("authorisation")},
    {"audit", N_("log audit"), N_("audit")}, {"anomaly", N_("anomaly monitoring"), N_("anomalies")}};

bool security_is_group(const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(groups); i++)
        if (strcmp(groups[i].name, name) == 0)
            return true;
    return false;
}

const char *security_group_word(const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(groups); i++)
        if (strcmp(groups[i].name, name) == 0)
            return _(groups[i].word);
    return name;
}

const char *security_group_brief(const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(groups); i++)
        if (strcmp(groups[i].name, name) == 0)
            return _(groups[i].brief);
    return name;
}

static bool is_chinese(void)
{
    return strncmp(locale_language(), "zh", 2) == 0;
}

const char *security_title(const struct wire_security *row)
{
    if (strcmp(row->level, "control") != 0)
        return security_group_word(row->name);
    return is_chinese() ? row->title_zh : row->title;
}

const char *security_state_word(const struct wire_security *row)
{
    static const struct { const char *state, *word; } words[] = {
        {"breached", N_("breached")}, {"watched", N_("watched")}, {"partly", N_("partly watched")}, {"unwatched", N_("not watched")},
        {"nothing", N_("nothing there")}};
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        if (strcmp(words[i].state, row->state) == 0)
            return _(words[i].word);
    return row->state;
}

const char *security_mark(const struct wire_security *row, bool ascii, uint8_t *role)
{
    static const char *const letters[SEVERITY_COUNT] = {"i", "w", "m", "M", "C"};
    enum severity worst;
    if (row->now && severity_parse(row->worst, &worst)) {
        *role = (uint8_t)severity_role(*letters[worst]);
        return letters[worst];
    }
    if (strcmp(row->state, "watched") == 0) {
        *role = ROLE_OK;
        return glyph_text(GLYPH_DOT, ascii);
    }
    *role = strcmp(row->state, "nothing") == 0 ? ROLE_DIM : ROLE_UNKNOWN;
    return "?";
}

bool security_is_wrong(const struct wire_security *row)
{
    return strcmp(row->state, "watched") != 0 && strcmp(row->state, "nothing") != 0;
}

char *security_watched(char out[40], const struct wire_security *row)
{
    char watched[24], total[24];
    out[0] = '\0';
    if (row->total)
        snprintf(out, 40, "%s/%s", count_text(watched, row->watched), count_text(total, row->total));
    return out;
}

void security_gap(struct buffer *out, const struct wire_security *row, bool brief)
{
    char count[24], total[24];
    const char *lacks = is_chinese() ? row->lacks_zh : row->lacks;
    if (strcmp(row->state, "nothing") == 0) {
        buffer_append_text(out, *row->assets ? _("nothing of it in the ledger") : _("none configured"));
        return;
    }
    if (row->watched < row->total && brief)
        buffer_printf(out, _("%1$s: %2$s"), lacks, count_text(count, row->total - row->watched));
    else if (row->watched < row->total)
        buffer_printf(out, _("%1$s: %2$s of %3$s"), lacks, count_text(count, row->total - row->watched), count_text(total, row->total));
    if (row->silent)
        buffer_printf(out, _("%s%s silent now"), row->watched < row->total ? _(", ") : "", count_text(count, row->silent));
}

bool security_belongs(const struct wire_security *control, const struct wire_security *group)
{
    return strcmp(control->level, "control") == 0 &&
           strcmp(strcmp(group->level, "layer") == 0 ? control->layer : control->measure, group->name) == 0;
}

static void put_gap(struct buffer *out, const struct wire_security *control, bool brief)
{
    buffer_append_text(out, out->length ? _("; ") : "");
    if (control->watched == control->total) /* what is silent says nothing of itself */
        buffer_printf(out, "%s: ", security_title(control));
    security_gap(out, control, brief);
}

void security_gaps(struct buffer *out, const struct wire_security_site *site, const struct wire_security *group, bool brief)
{
    unsigned nothing = 0;
    for (unsigned i = 0; i < site->count; i++)
        if (security_belongs(&site->rows[i], group) && (site->rows[i].watched < site->rows[i].total || site->rows[i].silent))
            put_gap(out, &site->rows[i], brief);
    for (unsigned i = 0; i < site->count; i++) {
        const struct wire_security *control = &site->rows[i];
        if (!security_belongs(control, group) || strcmp(control->state, "nothing") != 0)
            continue;
        if (nothing++ == 0)
            buffer_printf(out, _("%snone at all: "), out->length ? _("; ") : "");
        buffer_printf(out, "%s%s", nothing > 1 ? _(", ") : "", security_title(control));
    }
}

void security_active_filter(struct buffer *out, const struct wire_security *row)
{
    buffer_printf(out, "( %s ) condition:active", row->alerts);
}
