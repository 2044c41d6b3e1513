/* Words and marks of alerts. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/parts.h"

const char *alert_state_word(enum alert_state state)
{
    static const char *const words[ALERT_STATE_COUNT] = {
        [ALERT_OUT_OF_SERVICE] = N_("out of service"), [ALERT_DOWNTIME] = N_("downtime"), [ALERT_SHELVED] = N_("shelved"),
        [ALERT_DEPENDENCY] = N_("symptom"), [ALERT_INHIBITED] = N_("inhibited"), [ALERT_FLAPPING] = N_("flapping"),
        [ALERT_PENDING] = N_("pending"), [ALERT_UNACKNOWLEDGED] = N_("unacknowledged"),
        [ALERT_ACKNOWLEDGED] = N_("acknowledged"), [ALERT_CLEARED_UNACKNOWLEDGED] = N_("cleared, unacknowledged"),
        [ALERT_CLOSED] = N_("closed"),
    };
    return (unsigned)state < ALERT_STATE_COUNT && words[state] ? _(words[state]) : "";
}

const char *severity_word(enum severity severity)
{
    static const char *const words[SEVERITY_COUNT] = {
        [SEVERITY_INFO] = N_("info"), [SEVERITY_WARNING] = N_("warning"), [SEVERITY_MINOR] = N_("minor"),
        [SEVERITY_MAJOR] = N_("major"), [SEVERITY_CRITICAL] = N_("critical"),
    };
    return (unsigned)severity < SEVERITY_COUNT ? _(words[severity]) : "";
}

void suppression_text(struct buffer *out, uint8_t suppression)
{
    static const struct { uint8_t bit; const char *word; } words[] = {
        {SUPPRESSED_SHELVED, N_("shelved")}, {SUPPRESSED_SILENCED, N_("silenced")}, {SUPPRESSED_DOWNTIME, N_("downtime")},
        {SUPPRESSED_DEPENDENCY, N_("symptom")}, {SUPPRESSED_INHIBITED, N_("inhibited")},
        {SUPPRESSED_FLAPPING, N_("flapping")}, {SUPPRESSED_OUT_OF_SERVICE, N_("out of service")},
    };
    bool any = false;
    for (unsigned i = 0; i < ARRAY_COUNT(words); i++)
        if (suppression & words[i].bit) {
            buffer_printf(out, "%s%s", any ? ", " : "", _(words[i].word));
            any = true;
        }
}

void alert_what(struct buffer *out, const struct wire_alert *alert, bool ascii)
{
    if (alert->acknowledged)
        buffer_printf(out, "%s ", glyph_text(GLYPH_CHECK, ascii));
    if (alert->reopens || (alert->suppression & SUPPRESSED_FLAPPING))
        buffer_printf(out, "%s ", glyph_text(GLYPH_RECUR, ascii));
    buffer_append_text(out, alert->name);
    if (alert->symptoms) /* how much one row stands for is cut last */
        buffer_printf(out, " +%u", alert->symptoms);
    if (*alert->asset_name || *alert->asset)
        buffer_printf(out, " %s", *alert->asset_name ? alert->asset_name : alert->asset);
    if (*alert->summary)
        buffer_printf(out, " %s", alert->summary);
}

const char *alert_who(const struct wire_alert *alert)
{
    const char *who = *alert->assignee ? alert->assignee : alert->acknowledged ? alert->acknowledged_by : "";
    return strncmp(who, "user:", 5) == 0 ? who + 5 : who;
}

char *alert_until(char out[SPAN_TEXT + 4], const struct wire_alert *alert, msec now)
{
    char span[SPAN_TEXT];
    *out = '\0';
    msec end = (alert->suppression & SUPPRESSED_SHELVED) ? alert->shelved_until : alert->acknowledged ? alert->acknowledge_until : CLOCK_NEVER;
    if (end != CLOCK_NEVER)
        snprintf(out, SPAN_TEXT + 4, "%c %s", (alert->suppression & SUPPRESSED_SHELVED) ? 's' : 'a',
                 span_format_short(span, end > now ? end - now : 0));
    return out;
}

const char *place_within(const char *site, const char *place)
{
    size_t length = strlen(site);
    return length && strncmp(place, site, length) == 0 && place[length] == ' ' ? place + length + 1 : place;
}

const char *news_mark(const char *news)
{
    static const struct { const char *news, *mark; } marks[] = {{"new", "+"}, {"worse", "^"}, {"again", "&"}, {"cleared", "-"}};
    for (unsigned i = 0; i < ARRAY_COUNT(marks); i++)
        if (strcmp(news, marks[i].news) == 0)
            return marks[i].mark;
    return "";
}

void hidden_text(struct buffer *out, const struct wire_page *page, const struct wire_alert_hidden *hidden, unsigned marks)
{
    const struct { const char *format; uint32_t count; } parts[] = {
        {N_("%s silenced"), hidden->silenced}, {N_("%s shelved"), hidden->shelved}, {N_("%s in downtime"), hidden->downtime},
        {N_("%s symptoms"), hidden->dependency}, {N_("%s inhibited"), hidden->inhibited},
        {N_("%s flapping"), hidden->flapping}, {N_("%s out of service"), hidden->out_of_service},
        {N_("%s pending"), hidden->pending}, {N_("%s filtered"), hidden->filtered},
    };
    char shown[24], number[24];
    uint32_t all = page->total;
    for (unsigned i = 0; i < ARRAY_COUNT(parts); i++)
        all += parts[i].count;
    if (all > page->total)
        buffer_printf(out, _("%s of %s"), count_text(shown, page->total), count_text(number, all));
    else
        buffer_printf(out, _("all %s"), count_text(shown, page->total));
    for (unsigned i = 0; i < ARRAY_COUNT(parts); i++)
        if (parts[i].count) {
            buffer_append_text(out, " · ");
            buffer_printf(out, _(parts[i].format), count_text(number, parts[i].count));
        }
    if (hidden->acknowledged) {
        buffer_append_text(out, " · ");
        buffer_printf(out, _("%s acked"), count_text(number, hidden->acknowledged));
    }
    if (hidden->news) {
        buffer_append_text(out, " · ");
        buffer_printf(out, _("%s news"), count_text(number, hidden->news));
    }
    if (marks)
        buffer_printf(out, _(" · %u marked"), marks);
}
