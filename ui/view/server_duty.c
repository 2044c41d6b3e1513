/* Sections of the server page that say whether the machine does what is expected of it: listening ports, units, people,
 * certificates, and everything else it tells as a name and a value. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/parts.h"
#include "view/server.h"

#define CERTIFICATE_SOON (30 * SPAN_DAY)
#define NUMBER(value) ((struct section_key){.number = (value)})
#define WORD(value) ((struct section_key){.text = (value)})

/* Deviations of a kind stand after the host's own rows: what should be there and is not. */
static unsigned deviation_count(const struct server_page *page, const char *kind)
{
    unsigned count = 0;
    for (unsigned i = 0; i < page->page.deviation_count; i++)
        count += strcmp(page->page.deviations[i].kind, kind) == 0;
    return count;
}

static const struct wire_deviation *deviation_at(const struct server_page *page, const char *kind, unsigned index)
{
    for (unsigned i = 0; i < page->page.deviation_count; i++)
        if (strcmp(page->page.deviations[i].kind, kind) == 0 && index-- == 0)
            return &page->page.deviations[i];
    return NULL;
}

/* ---- listening ports ---- */

enum { L_PORT, L_PROCESS, L_SESSIONS, L_ADDRESS, L_USER, L_PID, L_NOTE, L_COLUMNS };
static const struct table_column port_columns[L_COLUMNS] = {
    [L_PORT] = {.name = "port", .title = N_("port"), .minimum = 10, .maximum = 11, .right = true},
    [L_PROCESS] = {.name = "process", .title = N_("process"), .minimum = 12, .maximum = 28, .cut = TEXT_CUT_MIDDLE, .strong = true},
    [L_SESSIONS] = {.name = "sessions", .title = N_("sessions"), .minimum = 8, .maximum = 9, .right = true},
    [L_ADDRESS] = {.name = "address", .title = N_("address"), .minimum = 9, .maximum = 28},
    [L_USER] = {.name = "user", .title = N_("user"), .minimum = 6, .maximum = 12, .drop = 1},
    [L_PID] = {.name = "pid", .title = "pid", .minimum = 6, .maximum = 7, .right = true, .drop = 2},
    [L_NOTE] = {.name = "note", .title = "", .minimum = 10, .weight = 1},
};

static unsigned port_count(const struct server_page *page)
{
    return page->host ? page->host->port_count + deviation_count(page, "port-missing") : 0;
}

static const struct wire_deviation *port_deviation(const struct server_page *page, unsigned index)
{
    char point[40];
    if (index >= page->host->port_count)
        return deviation_at(page, "port-missing", index - page->host->port_count);
    const struct host_port *port = &page->host->ports[index];
    snprintf(point, sizeof point, "%u/%s", port->port, port->protocol == HOST_UDP ? "udp" : "tcp");
    return server_deviation(page, "port-unexpected", point);
}

static bool port_wrong(const struct server_page *page, unsigned index)
{
    return port_deviation(page, index) != NULL;
}

static void port_fill(struct server_page *page, unsigned index, struct table_row *row)
{
    const struct wire_deviation *deviation = port_deviation(page, index);
    if (index >= page->host->port_count) {
        row->id = deviation ? deviation->point : "";
        cell_format(page, row, L_PORT, ROLE_CRITICAL, "- %s", row->id);
        cell_text(page, row, L_PROCESS, ROLE_CRITICAL, _("nobody"));
        cell_text(page, row, L_NOTE, ROLE_CRITICAL, _("missing"));
        return;
    }
    const struct host_port *port = &page->host->ports[index];
    uint8_t role = deviation ? ROLE_WARNING : ROLE_TEXT;
    cell_format(page, row, L_PORT, role, "%s%u/%s", deviation ? "+ " : "", port->port, port->protocol == HOST_UDP ? "udp" : "tcp");
    snprintf(page->cell[TABLE_COLUMNS - 1], SERVER_CELL, "%u/%d/%d", port->port, port->protocol, port->pid);
    row->id = page->cell[TABLE_COLUMNS - 1];
    cell_text(page, row, L_PROCESS, *port->process ? role : ROLE_DIM, *port->process ? port->process : "\342\200\224");
    if (port->protocol == HOST_TCP)
        cell_format(page, row, L_SESSIONS, port->sessions ? ROLE_TEXT : ROLE_DIM, "%u", port->sessions);
    cell_text(page, row, L_ADDRESS, ROLE_DIM, port->address);
    cell_text(page, row, L_USER, ROLE_DIM, port->user);
    if (port->pid)
        cell_format(page, row, L_PID, ROLE_DIM, "%d", port->pid);
    if (deviation)
        cell_text(page, row, L_NOTE, ROLE_WARNING, _("not expected"));
}

static struct section_key port_key(const struct server_page *page, unsigned index, unsigned column)
{
    static const struct host_port missing = {.address = "", .process = "", .user = ""};
    const struct host_port *port = index < page->host->port_count ? &page->host->ports[index] : &missing;
    switch (column) {
    case L_PROCESS: return WORD(port->process);
    case L_SESSIONS: return NUMBER(port->sessions);
    case L_ADDRESS: return WORD(port->address);
    case L_USER: return WORD(port->user);
    case L_PID: return NUMBER(port->pid);
    case L_NOTE: return NUMBER(port_wrong(page, index));
    default: return NUMBER(port_wrong(page, index) ? (double)port->port - 1e6 : port->port); /* what is wrong stands first */
    }
}

const struct section_ops section_ports = {.name = "ports", .title = N_("ports"), .columns = port_columns, .column_count = L_COLUMNS,
                                          .sort = L_PORT, .list = 1u << HOST_ports, .count = port_count, .fill = port_fill,
                                          .key = port_key, .wrong = port_wrong};

/* ---- units ---- */

enum { U_STATE, U_NAME, U_SINCE, U_WHAT, U_COLUMNS };
static const struct table_column unit_columns[U_COLUMNS] = {
    [U_STATE] = {.name = "state", .title = N_("state"), .minimum = 8, .maximum = 22},
    [U_NAME] = {.name = "name", .title = N_("systemd unit"), .minimum = 16, .maximum = 44, .cut = TEXT_CUT_MIDDLE, .strong = true},
    [U_SINCE] = {.name = "since", .title = N_("since"), .minimum = 6, .maximum = 6, .right = true},
    [U_WHAT] = {.name = "what", .title = "", .minimum = 10, .weight = 1, .cut = TEXT_CUT_END, .drop = 1},
};

static bool is_told(const struct host *host, const char *unit)
{
    for (unsigned i = 0; i < host->unit_count; i++)
        if (strcmp(host->units[i].name, unit) == 0)
            return true;
    return false;
}

/* Expected units that the host does not tell of, by number; one that is told and idle has its row already. NULL: no more. */
static const struct wire_deviation *absent_unit(const struct server_page *page, unsigned index)
{
    for (unsigned i = 0; i < page->page.deviation_count; i++) {
        const struct wire_deviation *deviation = &page->page.deviations[i];
        if (strcmp(deviation->kind, "unit-missing") == 0 && !is_told(page->host, deviation->point) && index-- == 0)
            return deviation;
    }
    return NULL;
}

static unsigned unit_count(const struct server_page *page)
{
    unsigned absent = 0;
    while (page->host && absent_unit(page, absent))
        absent++;
    return page->host ? page->host->unit_count + absent : 0;
}

static bool unit_wrong(const struct server_page *page, unsigned index)
{
    if (index >= page->host->unit_count)
        return true;
    const struct host_unit *unit = &page->host->units[index];
    return unit->failed || server_deviation(page, "unit-missing", unit->name);
}

static void unit_fill(struct server_page *page, unsigned index, struct table_row *row)
{
    char age[SPAN_TEXT];
    if (index >= page->host->unit_count) {
        const struct wire_deviation *deviation = absent_unit(page, index - page->host->unit_count);
        row->id = deviation ? deviation->point : "";
        cell_text(page, row, U_STATE, ROLE_CRITICAL, _("missing"));
        cell_text(page, row, U_NAME, ROLE_CRITICAL, row->id);
        cell_text(page, row, U_WHAT, ROLE_CRITICAL, deviation ? deviation->evidence : "");
        return;
    }
    const struct host_unit *unit = &page->host->units[index];
    uint8_t role = unit_wrong(page, index) ? ROLE_CRITICAL : ROLE_TEXT;
    row->id = unit->name;
    cell_format(page, row, U_STATE, role == ROLE_TEXT ? ROLE_DIM : role, strcmp(unit->state, unit->sub) == 0 ? "%s" : "%s %s", unit->state, unit->sub);
    row->cells[U_NAME] = (struct table_cell){unit->name, role};
    cell_text(page, row, U_SINCE, role == ROLE_TEXT ? ROLE_DIM : role, age_text(age, unit->since, page->now));
    row->cells[U_WHAT] = (struct table_cell){unit->what, ROLE_DIM};
}

static struct section_key unit_key(const struct server_page *page, unsigned index, unsigned column)
{
    static const struct host_unit missing = {.name = "", .state = "", .sub = "", .what = "", .since = CLOCK_NEVER};
    const struct host_unit *unit = index < page->host->unit_count ? &page->host->units[index] : &missing;
    switch (column) {
    case U_NAME: return WORD(unit->name);
    case U_SINCE: return NUMBER(unit->since == CLOCK_NEVER ? NAN : (double)unit->since);
    case U_WHAT: return WORD(unit->what);
    default: return NUMBER(unit_wrong(page, index) ? 0 : strcmp(unit->sub, "running") == 0 ? 1 : 2);
    }
}

const struct section_ops section_units = {.name = "units", .title = N_("units"), .columns = unit_columns, .column_count = U_COLUMNS,
                                          .sort = U_STATE, .list = 1u << HOST_units, .count = unit_count, .fill = unit_fill,
                                          .key = unit_key, .wrong = unit_wrong};

/* ---- logged-in people ---- */

enum { G_USER, G_FROM, G_TERMINAL, G_SINCE, G_COLUMNS };
static const struct table_column login_columns[G_COLUMNS] = {
    [G_USER] = {.name = "user", .title = N_("who"), .minimum = 10, .maximum = 20, .strong = true},
    [G_FROM] = {.name = "from", .title = N_("from"), .minimum = 15, .maximum = 40},
    [G_TERMINAL] = {.name = "terminal", .title = N_("terminal"), .minimum = 8, .maximum = 12},
    [G_SINCE] = {.name = "since", .title = N_("since"), .minimum = 6, .maximum = 6, .right = true},
};

static unsigned login_count(const struct server_page *page)
{
    return page->host ? page->host->login_count : 0;
}

static void login_fill(struct server_page *page, unsigned index, struct table_row *row)
{
    const struct host_login *login = &page->host->logins[index];
    char age[SPAN_TEXT];
    snprintf(page->cell[TABLE_COLUMNS - 1], SERVER_CELL, "%s %s %lld", login->user, login->terminal, (long long)login->since);
    row->id = page->cell[TABLE_COLUMNS - 1];
    row->cells[G_USER] = (struct table_cell){login->user, ROLE_TEXT};
    row->cells[G_FROM] = (struct table_cell){*login->from ? login->from : _("here"), ROLE_DIM};
    row->cells[G_TERMINAL] = (struct table_cell){login->terminal, ROLE_DIM};
    cell_text(page, row, G_SINCE, ROLE_DIM, age_text(age, login->since, page->now));
}

static struct section_key login_key(const struct server_page *page, unsigned index, unsigned column)
{
    const struct host_login *login = &page->host->logins[index];
    switch (column) {
    case G_FROM: return WORD(login->from);
    case G_TERMINAL: return WORD(login->terminal);
    case G_SINCE: return NUMBER((double)login->since);
    default: return WORD(login->user);
    }
}

const struct section_ops section_people = {.name = "people", .title = N_("people"), .columns = login_columns, .column_count = G_COLUMNS,
                                           .sort = G_SINCE, .descending = true, .list = 1u << HOST_logins, .count = login_count,
                                           .fill = login_fill, .key = login_key};

/* ---- certificates ---- */

enum { E_DAYS, E_SUBJECT, E_ENDS, E_PATH, E_COLUMNS };
static const struct table_column certificate_columns[E_COLUMNS] = {
    [E_DAYS] = {.name = "days", .title = N_("ends in"), .minimum = 7, .maximum = 8, .right = true},
    [E_SUBJECT] = {.name = "subject", .title = N_("subject"), .minimum = 16, .maximum = 48, .cut = TEXT_CUT_MIDDLE, .strong = true},
    [E_ENDS] = {.name = "ends", .title = N_("ends"), .minimum = 11, .maximum = 16, .drop = 1},
    [E_PATH] = {.name = "path", .title = N_("file"), .minimum = 16, .weight = 1, .cut = TEXT_CUT_START},
};

static unsigned certificate_count(const struct server_page *page)
{
    return page->host ? page->host->certificate_count : 0;
}

static bool certificate_wrong(const struct server_page *page, unsigned index)
{
    msec ends = page->host->certificates[index].ends;
    return ends != CLOCK_NEVER && ends < page->now + CERTIFICATE_SOON;
}

static void certificate_fill(struct server_page *page, unsigned index, struct table_row *row)
{
    const struct host_certificate *certificate = &page->host->certificates[index];
    uint8_t role = certificate->ends < page->now ? ROLE_CRITICAL : certificate_wrong(page, index) ? ROLE_WARNING : ROLE_TEXT;
    char span[SPAN_TEXT], when[INSTANT_TEXT];
    row->id = certificate->path;
    if (certificate->ends < page->now)
        cell_text(page, row, E_DAYS, role, _("expired"));
    else
        cell_text(page, row, E_DAYS, role, span_format_short(span, certificate->ends - page->now));
    row->cells[E_SUBJECT] = (struct table_cell){certificate->subject, role};
    cell_text(page, row, E_ENDS, ROLE_DIM, instant_format_short(when, certificate->ends, page->now));
    row->cells[E_PATH] = (struct table_cell){certificate->path, ROLE_DIM};
}

static struct section_key certificate_key(const struct server_page *page, unsigned index, unsigned column)
{
    const struct host_certificate *certificate = &page->host->certificates[index];
    return column == E_SUBJECT ? WORD(certificate->subject) : column == E_PATH ? WORD(certificate->path) : NUMBER((double)certificate->ends);
}

const struct section_ops section_certificates = {
    .name = "certificates", .title = N_("certs"), .columns = certificate_columns, .column_count = E_COLUMNS, .sort = E_DAYS,
    .list = 1u << HOST_certificates, .count = certificate_count, .fill = certificate_fill, .key = certificate_key, .wrong = certificate_wrong};

/* ---- facts: what is one figure or one word ---- */

static void __attribute__((format(printf, 4, 5))) fact(struct server_page *page, const char *name, bool wrong, const char *format, ...)
{
    va_list arguments;
    ARRAY_RESERVE(page->facts, page->fact_capacity, page->fact_count + 1);
    struct server_fact *row = &page->facts[page->fact_count++];
    snprintf(row->name, sizeof row->name, "%s", name);
    row->wrong = wrong;
    va_start(arguments, format);
    vsnprintf(row->value, sizeof row->value, format, arguments);
    va_end(arguments);
}

static void figure_fact(struct server_page *page, const char *name, const char *what, double value, bool wrong, const char *unit)
{
    char number[FIGURE_TEXT];
    const char *why = server_missing(page, what);
    if (isfinite(value))
        fact(page, name, wrong, "%s%s%s", number_text(number, value), *unit ? " " : "", unit);
    else
        fact(page, name, false, "\342\200\224 %s", *why ? why : _("not told"));
}

static const char *missing_word(const char *what)
{
    static const struct { const char *what, *word; } words[] = {
        {"processes", N_("processes")}, {"cores", N_("cores")}, {"disks", N_("disks")}, {"interfaces", N_("network")},
        {"ports", N_("ports")}, {"peers", N_("peers")}, {"units", N_("units")}, {"logins", N_("people")},
        {"certificates", N_("certs")}, {"pressure", N_("pressure")}, {"time_offset", N_("clock off by")}};
    for (unsigned i = 0; i < ARRAY_COUNT(words); i++)
        if (strcmp(words[i].what, what) == 0)
            return _(words[i].word);
    return what;
}

/* What hosts tell of themselves is named by collectors; words that are not here are theirs. */
static const char *fact_word(const char *name)
{
    static const struct { const char *name, *word; } words[] = {
        {"kernel", N_("kernel")}, {"machine", N_("machine")}, {"hostname", N_("host name")}, {"node", N_("host name")}, {"kind", N_("kind")},
        {"system", N_("system")}, {"processor", N_("processor")}, {"zone", N_("time zone")}, {"name", N_("name")},
        {"location", N_("location")}, {"contact", N_("contact")}, {"interfaces", N_("interfaces")}, {"interfaces down", N_("interfaces down")}};
    for (unsigned i = 0; i < ARRAY_COUNT(words); i++)
        if (strcmp(words[i].name, name) == 0)
            return _(words[i].word);
    return name;
}

static void told_facts(struct server_page *page, bool missing)
{
    for (unsigned i = 0; i < page->host->fact_count; i++) {
        const struct host_fact *told = &page->host->facts[i];
        bool lacks = strncmp(told->name, "missing:", 8) == 0;
        if (lacks && missing)
            fact(page, missing_word(told->name + 8), false, _("not told: %s"), told->value);
        else if (!lacks && !missing && strncmp(told->name, "kept:", 5) != 0 && strcmp(told->name, "cut:processes") != 0) /* their list says it */
            fact(page, strncmp(told->name, "cut:", 4) == 0 ? told->name + 4 : fact_word(told->name), false, "%s", told->value);
    }
}

void server_facts_make(struct server_page *page)
{
    const struct host *host = page->host;
    char text[FIGURE_TEXT];
    page->fact_count = 0;
    if (!host)
        return;
    double offset = fabs(host->time_offset);
    fact(page, _("address"), false, "%s", *page->page.server.address ? page->page.server.address : "\342\200\224");
    told_facts(page, false);
    fact(page, _("uptime"), false, "%s", days_text(text, host->uptime));
    figure_fact(page, _("clock off by"), "time_offset", isfinite(host->time_offset) ? host->time_offset * 1000 : NAN, offset >= 1, "ms");
    figure_fact(page, _("failed logins, 1h"), "failed_logins", host->failed_logins, host->failed_logins >= 10, "");
    figure_fact(page, _("security updates"), "security_updates", host->security_updates, host->security_updates > 0, "");
    figure_fact(page, _("killed for memory"), "oom_kills", host->oom_kills, host->oom_kills > 0, "");
    figure_fact(page, _("tcp sockets"), "sockets", host->tcp_sockets, false, "");
    figure_fact(page, _("  established"), "sockets", host->tcp_established, false, "");
    figure_fact(page, _("  time-wait"), "sockets", host->tcp_time_wait, false, "");
    figure_fact(page, _("  orphans"), "sockets", host->tcp_orphans, false, "");
    figure_fact(page, _("udp sockets"), "sockets", host->udp_sockets, false, "");
    figure_fact(page, _("tasks"), "processes", host->tasks, false, "");
    figure_fact(page, _("cores online"), "cores", host->online_cores, false, "");
    if (!page->past)
        fact(page, _("answered in"), false, "%lld ms", (long long)host->cost);
    if (*page->page.server.source)
        fact(page, _("watched by"), false, "%s", page->page.server.source);
    told_facts(page, true);
}

enum { F_NAME, F_VALUE, F_COLUMNS };
static const struct table_column fact_columns[F_COLUMNS] = {
    [F_NAME] = {.name = "name", .title = N_("fact"), .minimum = 18, .maximum = 28},
    [F_VALUE] = {.name = "value", .title = "", .minimum = 20, .weight = 1, .cut = TEXT_CUT_END, .strong = true},
};

static unsigned fact_count(const struct server_page *page)
{
    return page->fact_count;
}

static bool fact_wrong(const struct server_page *page, unsigned index)
{
    return page->facts[index].wrong;
}

static void fact_fill(struct server_page *page, unsigned index, struct table_row *row)
{
    const struct server_fact *told = &page->facts[index];
    row->id = told->name;
    row->cells[F_NAME] = (struct table_cell){told->name, ROLE_DIM};
    row->cells[F_VALUE] = (struct table_cell){told->value, told->wrong ? ROLE_WARNING : ROLE_TEXT};
}

const struct section_ops section_facts = {.name = "facts", .title = N_("facts"), .columns = fact_columns, .column_count = F_COLUMNS,
                                          .count = fact_count, .fill = fact_fill, .wrong = fact_wrong};
