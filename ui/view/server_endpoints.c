/* The section of the server page that lists its API endpoints: HTTP checks that applications declare for it (R041). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "term/locale.h"
#include "view/parts.h"
#include "view/server.h"

#define CERTIFICATE_SOON 30 /* days */
#define NUMBER(value) ((struct section_key){.number = (value)})
#define WORD(value) ((struct section_key){.text = (value)})

enum { A_NAME, A_STATUS, A_LATENCY, A_CERTIFICATE, A_ADDRESS, A_SINCE, A_EVIDENCE, A_APPLICATION, A_COLUMNS };
static const struct table_column endpoint_columns[A_COLUMNS] = {
    [A_NAME] = {.name = "name", .title = N_("endpoint"), .minimum = 10, .maximum = 24, .cut = TEXT_CUT_MIDDLE, .strong = true},
    [A_STATUS] = {.name = "status", .title = N_("status"), .minimum = 6, .maximum = 8, .right = true},
    [A_LATENCY] = {.name = "latency", .title = "ms", .minimum = 5, .maximum = 7, .right = true},
    [A_CERTIFICATE] = {.name = "certificate", .title = N_("cert"), .minimum = 5, .maximum = 7, .right = true},
    [A_ADDRESS] = {.name = "address", .title = N_("address"), .minimum = 20, .weight = 3, .maximum = 60, .cut = TEXT_CUT_MIDDLE},
    [A_SINCE] = {.name = "since", .title = N_("since"), .minimum = 6, .maximum = 6, .right = true},
    [A_EVIDENCE] = {.name = "evidence", .title = N_("evidence"), .minimum = 14, .weight = 2, .cut = TEXT_CUT_END, .drop = 1},
    [A_APPLICATION] = {.name = "application", .title = N_("application"), .minimum = 8, .maximum = 20, .cut = TEXT_CUT_END, .drop = 2},
};

static unsigned endpoint_count(const struct server_page *page)
{
    return page->page.endpoint_count;
}

static const struct wire_endpoint *endpoint(const struct server_page *page, unsigned index)
{
    return &page->page.endpoints[index];
}

static bool is_broken(const struct wire_endpoint *row)
{
    return strcmp(row->verdict, "critical") == 0 || strcmp(row->verdict, "warning") == 0;
}

static bool endpoint_wrong(const struct server_page *page, unsigned index)
{
    return is_broken(endpoint(page, index));
}

static void endpoint_fill(struct server_page *page, unsigned index, struct table_row *row)
{
    const struct wire_endpoint *one = endpoint(page, index);
    uint8_t role = strcmp(one->verdict, "critical") == 0 ? ROLE_CRITICAL : is_broken(one) ? ROLE_WARNING : ROLE_TEXT;
    bool known = strcmp(one->verdict, "ok") == 0 || is_broken(one);
    char text[FIGURE_TEXT], age[SPAN_TEXT];
    row->id = one->id;
    row->cells[A_NAME] = (struct table_cell){one->name, role};
    if (one->status)
        cell_format(page, row, A_STATUS, role, "%u", one->status);
    else
        cell_text(page, row, A_STATUS, known ? role : ROLE_DIM, known ? _("none") : "?");
    cell_text(page, row, A_LATENCY, isfinite(one->latency) ? ROLE_TEXT : ROLE_DIM, number_text(text, one->latency));
    if (isfinite(one->certificate_days))
        cell_format(page, row, A_CERTIFICATE, one->certificate_days < CERTIFICATE_SOON ? ROLE_WARNING : ROLE_DIM, "%.0f d", floor(one->certificate_days));
    row->cells[A_ADDRESS] = (struct table_cell){one->address, ROLE_DIM};
    cell_text(page, row, A_SINCE, role == ROLE_TEXT ? ROLE_DIM : role, age_text(age, one->since, page->now));
    row->cells[A_EVIDENCE] = (struct table_cell){one->evidence, role == ROLE_TEXT ? ROLE_DIM : role};
    row->cells[A_APPLICATION] = (struct table_cell){one->application, ROLE_DIM};
}

static struct section_key endpoint_key(const struct server_page *page, unsigned index, unsigned column)
{
    const struct wire_endpoint *one = endpoint(page, index);
    switch (column) {
    case A_STATUS: return NUMBER(endpoint_wrong(page, index) ? (double)one->status - 1e6 : (double)one->status); /* what is wrong stands first */
    case A_LATENCY: return NUMBER(one->latency);
    case A_CERTIFICATE: return NUMBER(one->certificate_days);
    case A_ADDRESS: return WORD(one->address);
    case A_SINCE: return NUMBER(one->since == CLOCK_NEVER ? NAN : (double)one->since);
    case A_EVIDENCE: return WORD(one->evidence);
    case A_APPLICATION: return WORD(one->application);
    default: return WORD(one->name);
    }
}

const struct section_ops section_endpoints = {
    .name = "endpoints", .title = N_("api"), .columns = endpoint_columns, .column_count = A_COLUMNS, .sort = A_STATUS,
    .count = endpoint_count, .fill = endpoint_fill, .key = endpoint_key, .wrong = endpoint_wrong,
    .none = N_("no API endpoint: none of applications: has a check of type http with this server as on:, or with its address")};
