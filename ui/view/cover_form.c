/* Announcing a silence or a downtime: fields on top, and below them, while they are filled in, what it would cover, in
 * the daemon's own words. Nothing is made before a question with names and counts was answered. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "command/reach.h"
#include "term/locale.h"
#include "view/cover.h"
#include "view/parts.h"
#include "widget/form.h"
#include "widget/wrap.h"
#include "window/layout.h"

#define REST ((msec)250)
#define IDS_KEPT 20

struct cover {
    bool downtime;
    struct form *form;
    struct json_object *answer;    /* of the last rehearsal; NULL: none yet */
    char *asked;                   /* what it is of */
    bool fresh, submitting;        /* it is of the form as it stands; C-s waits for it */
    char problem[384];
    const char *ids[IDS_KEPT];
    size_t id_count;
};

static const char *const kinds[] = {N_("fixed"), N_("flexible"), N_("recurring"), NULL};

static const char *kind_word(const char *kind)
{
    return strcmp(kind, "flexible") == 0 ? _("starts with the first problem between start and end, and lasts so long")
         : strcmp(kind, "recurring") == 0 ? _("comes again by its schedule, each time so long")
                                          : _("in force from start to end");
}

/* Empty fields are the daemon's to judge: it knows which a kind needs. */
static bool check(void *owner, const char *name, const char *value, char *message, size_t size)
{
    struct error error = {0};
    msec span;
    (void)owner;
    if (strcmp(name, "filter") == 0 && *value) {
        char *sent = filter_typed(value, false, &error);
        free(sent);
        if (!sent)
            snprintf(message, size, "%s", error.text);
        return sent != NULL;
    }
    if (strcmp(name, "duration") == 0 && *value && !span_parse(value, &span, &error)) {
        snprintf(message, size, "%s", error.text);
        return false;
    }
    return true;
}

static void make_form(struct cover *cover, const char *filter)
{
    const struct form_field silence[] = {
        {.name = "filter", .label = _("alerts"), .hint = _("asset:GW-0042, building:NAME, rule:NAME ..."), .value = filter, .required = true},
        {.name = "ends", .label = _("until"), .hint = _("2h, 06:00, 2026-11-22 08:00"), .value = "2h", .required = true, .columns = 24},
        {.name = "why", .label = _("why"), .hint = _("who works there, on what"), .required = true},
    };
    const struct form_field downtime[] = {
        {.name = "filter", .label = _("assets"), .hint = _("GW-0042, building:NAME, subsystem:NAME ..."), .value = filter, .required = true},
        {.name = "kind", .label = _("kind"), .kind = FORM_CHOICE, .choices = kinds, .value = "fixed", .required = true},
        {.name = "starts", .label = _("starts"), .hint = _("nothing: now; 2h from now; 2026-11-22 01:00"), .columns = 24},
        {.name = "ends", .label = _("ends"), .hint = _("4h from now; 2026-11-22 05:00"), .value = "2h", .columns = 24},
        {.name = "duration", .label = _("lasts"), .hint = _("flexible and recurring: 90m"), .columns = 24},
        {.name = "schedule", .label = _("schedule"), .hint = _("recurring: daily 03:00, Mon-Fri 01:00, day 1 02:00"), .columns = 24},
        {.name = "with_children", .label = _("and below"), .kind = FORM_SWITCH, .value = "yes", .hint = _("Space: also what hangs on them")},
        {.name = "why", .label = _("why"), .hint = _("who works there, on what"), .required = true},
    };
    cover->form = cover->downtime ? form_new(downtime, ARRAY_COUNT(downtime), check, cover) : form_new(silence, ARRAY_COUNT(silence), check, cover);
}

static bool form_open_as(struct view *view, const char *argument, bool downtime)
{
    struct cover *cover = view->state;
    cover->downtime = downtime;
    make_form(cover, argument);
    return true;
}

static bool silence_open(struct view *view, const char *argument, struct error *error)
{
    (void)error;
    return form_open_as(view, argument, false);
}

static bool downtime_open(struct view *view, const char *argument, struct error *error)
{
    (void)error;
    return form_open_as(view, argument, true);
}

static void form_close(struct view *view)
{
    struct cover *cover = view->state;
    form_free(&cover->form);
    json_object_put(cover->answer);
    free(cover->asked);
}

static const char *value(const struct cover *cover, const char *name)
{
    const char *text = form_value(cover->form, name);
    return text ? text : "";
}

/* ---- rehearsal ---- */

static void wants(struct view *view, struct view_wants *out)
{
    struct cover *cover = view->state;
    struct buffer path = BUFFER_INIT;
    struct error error;
    char *sent = filter_typed(value(cover, "filter"), false, &error);
    if (sent && *sent && cover->downtime)
        client_path(&path, "/downtimes/rehearse", "filter", sent, "kind", value(cover, "kind"), "starts", value(cover, "starts"), "ends",
                    value(cover, "ends"), "duration", value(cover, "duration"), "schedule", value(cover, "schedule"), "with_children",
                    *value(cover, "with_children") ? "true" : "false", NULL);
    else if (sent && *sent)
        client_path(&path, "/silences/rehearse", "filter", sent, "ends", value(cover, "ends"), NULL);
    if (!cover->asked || strcmp(cover->asked, buffer_text(&path)) != 0) {
        free(cover->asked);
        cover->asked = memory_text(buffer_text(&path));
        cover->fresh = false;
    }
    if (path.length) {
        view_want(out, 0, "alerts ledger", 2000, buffer_text(&path));
        out->want[out->count - 1].rest = REST;
    } else {
        json_object_put(cover->answer);
        cover->answer = NULL;
    }
    free(sent);
    buffer_release(&path);
}

void cover_complain(struct view *view, const char *message)
{
    static const struct { const char *prefix, *label; } fields[] = {
        {"starts", N_("starts")}, {"ends", N_("ends")}, {"duration_ms", N_("lasts")}, {"schedule", N_("schedule")}, {"filter", N_("filter")},
        {"why", N_("why")}};
    struct cover *cover = view->state;
    snprintf(cover->problem, sizeof cover->problem, "%s", message);
    for (unsigned i = 0; i < ARRAY_COUNT(fields); i++) {
        size_t length = strlen(fields[i].prefix);
        if (strncmp(message, fields[i].prefix, length) == 0 && message[length] == ':')
            snprintf(cover->problem, sizeof cover->problem, "%s: %s", _(fields[i].label), message + length + 1 + strspn(message + length + 1, " "));
    }
}

static void keep_ids(struct cover *cover)
{
    struct json_object *ids = json_get(cover->answer, "ids");
    size_t count = json_object_is_type(ids, json_type_array) ? json_object_array_length(ids) : 0;
    for (cover->id_count = 0; cover->id_count < count && cover->id_count < IDS_KEPT; cover->id_count++)
        cover->ids[cover->id_count] = json_object_get_string(json_object_array_get_idx(ids, cover->id_count));
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct cover *cover = view->state;
    (void)slot;
    json_object_put(cover->answer);
    cover->answer = answer->error ? NULL : json_parse(answer->body, answer->length, 8, error);
    cover->problem[0] = '\0';
    cover->id_count = 0;
    if (answer->error)
        cover_complain(view, answer->error->text);
    else if (cover->answer)
        keep_ids(cover);
    cover->fresh = true;
    if (cover->submitting)
        view->host_ops->command(view->host, "announce");
    cover->submitting = false;
    return cover->answer != NULL;
}

static const char *wall_text(char out[32], msec at)
{
    time_t seconds = (time_t)(at / SPAN_SECOND);
    struct tm local;
    localtime_r(&seconds, &local);
    strftime(out, 32, "%m-%d %H:%M", &local);
    return out;
}

void cover_shift_text(struct buffer *out, struct json_object *shift)
{
    const char *name = shift ? json_get_text(shift, "name", "") : "", *people = shift ? json_get_text(shift, "people", "") : "";
    char from[32], to[32];
    if (shift)
        buffer_append_char(out, '\n');
    if (shift && !*name)
        buffer_printf(out, _("It ends while nobody is on duty: from %s to %s."), wall_text(from, json_get_instant(shift, "from")),
                      wall_text(to, json_get_instant(shift, "to")));
    if (*people)
        buffer_printf(out, _("It ends in the shift %s: %s."), name, people);
    else if (*name)
        buffer_printf(out, _("It ends in the shift %s."), name);
}

static void coverage_text(const struct cover *cover, struct buffer *out)
{
    struct json_object *answer = cover->answer;
    if (cover->downtime)
        buffer_printf(out, _("Assets covered: %lld, with what hangs below %lld. Alerts open there now: %lld."),
                      (long long)json_get_integer(answer, "assets", 0), (long long)json_get_integer(answer, "covered", 0),
                      (long long)json_get_integer(answer, "alerts", 0));
    else
        buffer_printf(out, _("Alerts that match now: %lld. It would have hidden in the last 7 days: %lld (notifications: %lld)."),
                      (long long)json_get_integer(answer, "matches", 0), (long long)json_get_integer(answer, "would_have_hidden", 0),
                      (long long)json_get_integer(answer, "notifications", 0));
    cover_shift_text(out, json_get(answer, "ends_in"));
    silence_reach_text(out, json_get(answer, "elsewhere"));
}

/* ---- drawing ---- */

static int draw_wrapped(struct surface *surface, struct rect area, int row, uint8_t role, const char *text)
{
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n"), at = 0, skip;
        while (at < length && row < area.rows) {
            size_t used = wrap_line(line + at, length - at, area.columns, &skip);
            surface_printf(surface, area.row + row++, area.column, area.columns, role, "%.*s", (int)used, line + at);
            at += used + skip;
        }
        line += length + (line[length] == '\n');
    }
    return row;
}

static void draw_coverage(struct cover *cover, struct surface *surface, struct rect area)
{
    struct buffer text = BUFFER_INIT;
    int row = 0;
    if (cover->problem[0]) {
        draw_wrapped(surface, area, 0, ROLE_ERROR, cover->problem);
        return;
    }
    if (!cover->answer) {
        draw_wrapped(surface, area, 0, ROLE_DIM, _("what it would cover shows here"));
        return;
    }
    coverage_text(cover, &text);
    bool nothing = !json_get_integer(cover->answer, cover->downtime ? "assets" : "matches", 0);
    row = draw_wrapped(surface, area, row, nothing ? ROLE_WARNING : ROLE_TEXT, buffer_text(&text)) + 1;
    for (size_t i = 0; i < cover->id_count && row < area.rows; i++)
        surface_text_cut(surface, area.row + row++, area.column + 2, area.columns - 2, ROLE_STRONG, cover->ids[i], TEXT_CUT_MIDDLE);
    buffer_release(&text);
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct cover *cover = view->state;
    struct rect rest = area;
    if (rect_is_empty(area))
        return;
    rect_cut_left(&rest, 1);
    struct rect head = rect_cut_top(&rest, rest.rows > 12 ? 2 : 1);
    surface_text(surface, head.row, head.column, head.columns, ROLE_HEADING, cover->downtime ? _("A downtime of assets") : _("A silence over alerts"));
    int rows = form_rows(cover->form);
    form_draw(cover->form, surface, rect_cut_top(&rest, rows < rest.rows ? rows : rest.rows));
    if (cover->downtime && rest.rows > 2) {
        struct rect line = rect_cut_top(&rest, 1);
        surface_text_cut(surface, line.row, line.column + 2, line.columns - 2, ROLE_DIM, kind_word(value(cover, "kind")), TEXT_CUT_END);
    }
    if (rest.rows < 2)
        return;
    struct rect rule = rect_cut_top(&rest, 1);
    surface_rule(surface, rule.row, rule.column, rule.columns - 1);
    rect_cut_left(&rest, 2);
    draw_coverage(cover, surface, rest);
}

/* ---- doing ---- */

static bool typing(struct view *view)
{
    (void)view;
    return true;
}

static enum reaction key(struct view *view, const struct key_event *event)
{
    struct cover *cover = view->state;
    switch (form_key(cover->form, event)) {
    case FORM_CANCEL:
        return REACT_HANDLED | REACT_BACK;
    case FORM_SUBMIT:
        cover->submitting = !cover->fresh && *cover->asked;
        if (!cover->submitting)
            view->host_ops->command(view->host, "announce");
        return REACT_HANDLED | REACT_DRAW;
    case FORM_CHANGED:
        cover->submitting = false;
        return REACT_HANDLED | REACT_DRAW | REACT_WANT;
    case FORM_IGNORED:
        break;
    }
    return event->special == KEY_CHAR && !event->control ? REACT_HANDLED : REACT_IGNORED; /* a letter is never a command here */
}

static void write_body(const struct cover *cover, struct buffer *out)
{
    struct json_writer writer;
    msec span;
    json_start(&writer, out);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "filter", value(cover, "filter"));
    if (*value(cover, "ends"))
        json_write_text(&writer, "ends", value(cover, "ends"));
    if (cover->downtime) {
        json_write_text(&writer, "kind", value(cover, "kind"));
        if (*value(cover, "starts"))
            json_write_text(&writer, "starts", value(cover, "starts"));
        if (*value(cover, "duration") && span_parse(value(cover, "duration"), &span, NULL))
            json_write_integer(&writer, "duration_ms", span);
        json_write_text(&writer, "schedule", value(cover, "schedule"));
        json_write_bool(&writer, "with_children", *value(cover, "with_children"));
    }
    json_write_text(&writer, "why", value(cover, "why"));
    json_write_object_end(&writer);
}

bool cover_request(struct view *view, struct cover_request *request)
{
    *request = (struct cover_request){0};
    if (!view || (view->ops != &silence_view && view->ops != &downtime_view))
        return false;
    struct cover *cover = view->state;
    if (!form_valid(cover->form) || cover->problem[0] || !cover->answer)
        return false;
    buffer_append_text(&request->path, cover->downtime ? "/downtimes" : "/silences");
    write_body(cover, &request->body);
    buffer_printf(&request->title, cover->downtime ? _("Announce a downtime of %s?") : _("Silence %s?"), value(cover, "filter"));
    coverage_text(cover, &request->text);
    request->ids = cover->ids;
    request->id_count = cover->id_count;
    return true;
}

void cover_request_release(struct cover_request *request)
{
    buffer_release(&request->path);
    buffer_release(&request->body);
    buffer_release(&request->title);
    buffer_release(&request->text);
}

static void crumbs(struct view *view, struct buffer *out)
{
    struct cover *cover = view->state;
    site_crumbs(view, out, _("silences"), cover->downtime ? _("new downtime") : _("new silence"), NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    (void)view;
    buffer_printf(out, "Tab %s  C-s %s  Esc %s", _("next field"), _("go on"), _("leave it"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct cover *cover = view->state;
    if (cover->answer)
        coverage_text(cover, out);
    buffer_printf(out, "%s\n", cover->problem);
}

#define FORM_OPS .argument = "[FILTER]", .size = sizeof(struct cover), .close = form_close, .wants = wants, .receive = receive, \
    .draw = draw, .key = key, .typing = typing, .crumbs = crumbs, .hints = hints, .plain = plain

const struct view_ops silence_view = {
    .name = "silence", .title = N_("Silence"), .help = N_("a form for a silence, with what it would hide"), .open = silence_open, FORM_OPS};
const struct view_ops downtime_view = {
    .name = "downtime", .title = N_("Downtime"), .help = N_("a form for a downtime, with what it would cover"), .open = downtime_open, FORM_OPS};
