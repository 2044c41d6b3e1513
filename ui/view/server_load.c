/* Sections of the server page that say what the machine is busy with: processes, cores, disks, interfaces, and the
 * connections it opened. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/parts.h"
#include "view/server.h"

#define GAUGE 10
#define LINK_FULL 90 /* percent of its speed */
#define NUMBER(value) ((struct section_key){.number = (value)})
#define WORD(value) ((struct section_key){.text = (value)})

static void percent_cell(struct server_page *page, struct table_row *row, unsigned column, double value, uint8_t role)
{
    char text[FIGURE_TEXT];
    cell_text(page, row, column, isfinite(value) ? role : ROLE_DIM, percent_text(text, value));
}

static void bytes_cell(struct server_page *page, struct table_row *row, unsigned column, double value)
{
    char text[FIGURE_TEXT];
    cell_text(page, row, column, value == 0 || !isfinite(value) ? ROLE_DIM : ROLE_TEXT, bytes_short(text, value));
}

static void number_cell(struct server_page *page, struct table_row *row, unsigned column, double value, uint8_t role)
{
    char text[FIGURE_TEXT];
    cell_text(page, row, column, isfinite(value) ? role : ROLE_DIM, number_text(text, value));
}

/* ---- processes ---- */

enum { P_PID, P_USER, P_STATE, P_CPU, P_MEMORY, P_IO, P_AGE, P_WHAT, P_COLUMNS };
static const struct table_column process_columns[P_COLUMNS] = {
    [P_PID] = {.name = "pid", .title = "pid", .minimum = 6, .maximum = 7, .right = true},
    [P_USER] = {.name = "user", .title = N_("user"), .minimum = 6, .maximum = 12},
    [P_STATE] = {.name = "state", .title = "", .minimum = 1, .maximum = 1, .drop = 3},
    [P_CPU] = {.name = "cpu", .title = "cpu%", .minimum = 5, .maximum = 6, .right = true},
    [P_MEMORY] = {.name = "memory", .title = N_("mem"), .minimum = 6, .maximum = 7, .right = true},
    [P_IO] = {.name = "io", .title = N_("io/s"), .minimum = 5, .maximum = 7, .right = true, .drop = 2},
    [P_AGE] = {.name = "age", .title = N_("age"), .minimum = 5, .maximum = 5, .right = true, .drop = 4},
    [P_WHAT] = {.name = "what", .title = N_("command"), .minimum = 16, .weight = 1, .cut = TEXT_CUT_END, .strong = true},
};

static unsigned process_count(const struct server_page *page)
{
    return page->host ? page->host->process_count : 0;
}

static void process_fill(struct server_page *page, unsigned index, struct table_row *row)
{
    const struct host_process *process = &page->host->processes[index];
    char age[SPAN_TEXT], state[2] = {process->state, '\0'};
    static const char *const states = "DZ"; /* stuck in the kernel; dead and not waited for */
    cell_format(page, row, P_PID, ROLE_DIM, "%d", process->pid);
    row->id = page->cell[P_PID];
    cell_text(page, row, P_USER, ROLE_DIM, process->user);
    cell_text(page, row, P_STATE, process->state && strchr(states, process->state) ? ROLE_WARNING : ROLE_DIM, state);
    percent_cell(page, row, P_CPU, process->cpu_percent, process->cpu_percent >= 1 ? ROLE_TEXT : ROLE_DIM);
    bytes_cell(page, row, P_MEMORY, process->memory);
    bytes_cell(page, row, P_IO, process->io_rate);
    cell_text(page, row, P_AGE, ROLE_DIM, age_text(age, process->started, page->now));
    cell_text(page, row, P_WHAT, ROLE_TEXT, *process->command ? process->command : process->name);
}

static struct section_key process_key(const struct server_page *page, unsigned index, unsigned column)
{
    const struct host_process *process = &page->host->processes[index];
    switch (column) {
    case P_PID: return NUMBER(process->pid);
    case P_USER: return WORD(process->user);
    case P_STATE: return NUMBER(process->state);
    case P_CPU: return NUMBER(process->cpu_percent);
    case P_MEMORY: return NUMBER(process->memory);
    case P_IO: return NUMBER(process->io_rate);
    case P_AGE: return NUMBER(process->started == CLOCK_NEVER ? NAN : (double)process->started);
    default: return WORD(*process->command ? process->command : process->name);
    }
}

static bool process_is(const struct server_page *page, unsigned index, const char *id)
{
    return page->host->processes[index].pid == atoi(id);
}

const struct section_ops section_processes = {
    .name = "processes", .title = N_("processes"), .columns = process_columns, .column_count = P_COLUMNS, .sort = P_CPU,
    .descending = true, .list = 1u << HOST_processes, .count = process_count, .fill = process_fill, .key = process_key,
    .is = process_is};

/* ---- cores ---- */

enum { K_CORE, K_BAR, K_BUSY, K_USER, K_SYSTEM, K_IOWAIT, K_STEAL, K_COLUMNS };
static const struct table_column core_columns[K_COLUMNS] = {
    [K_CORE] = {.name = "core", .title = N_("core"), .minimum = 5, .maximum = 6, .right = true, .strong = true},
    [K_BAR] = {.name = "bar", .title = "", .minimum = 20, .maximum = 20, .drop = 1},
    [K_BUSY] = {.name = "busy", .title = N_("busy%"), .minimum = 5, .maximum = 8, .right = true},
    [K_USER] = {.name = "user", .title = N_("user%"), .minimum = 5, .maximum = 8, .right = true},
    [K_SYSTEM] = {.name = "system", .title = N_("sys%"), .minimum = 5, .maximum = 8, .right = true},
    [K_IOWAIT] = {.name = "iowait", .title = N_("iowait%"), .minimum = 7, .maximum = 9, .right = true},
    [K_STEAL] = {.name = "steal", .title = N_("steal%"), .minimum = 6, .maximum = 8, .right = true},
};

static unsigned core_count(const struct server_page *page)
{
    return page->host ? page->host->core_count : 0;
}

static void core_fill(struct server_page *page, unsigned index, struct table_row *row)
{
    const struct host_core *core = &page->host->cores[index];
    cell_format(page, row, K_CORE, ROLE_TEXT, "%u", core->number);
    row->id = page->cell[K_CORE];
    gauge_text(page->cell[K_BAR], sizeof page->cell[K_BAR], core->busy, 20, page->ascii);
    row->cells[K_BAR] = (struct table_cell){page->cell[K_BAR], ROLE_GAUGE};
    percent_cell(page, row, K_BUSY, core->busy, ROLE_TEXT);
    percent_cell(page, row, K_USER, core->user, ROLE_DIM);
    percent_cell(page, row, K_SYSTEM, core->system, ROLE_DIM);
    percent_cell(page, row, K_IOWAIT, core->iowait, core->iowait >= 20 ? ROLE_WARNING : ROLE_DIM);
    percent_cell(page, row, K_STEAL, core->steal, core->steal >= 10 ? ROLE_WARNING : ROLE_DIM);
}

static struct section_key core_key(const struct server_page *page, unsigned index, unsigned column)
{
    const struct host_core *core = &page->host->cores[index];
    const double values[K_COLUMNS] = {core->number, core->busy, core->busy, core->user, core->system, core->iowait, core->steal};
    return NUMBER(values[column]);
}

const struct section_ops section_cores = {.name = "cores", .title = N_("cores"), .columns = core_columns, .column_count = K_COLUMNS,
                                          .sort = K_CORE, .list = 1u << HOST_cores, .count = core_count, .fill = core_fill, .key = core_key};

/* ---- disks ---- */

enum { D_MOUNT, D_BAR, D_USED, D_SIZE, D_FREE, D_FULL, D_INODES, D_READ, D_WRITE, D_BUSY, D_LATENCY, D_KIND, D_DEVICE, D_NOTE, D_COLUMNS };
static const struct table_column disk_columns[D_COLUMNS] = {
    [D_MOUNT] = {.name = "mount", .title = N_("mount"), .minimum = 8, .maximum = 32, .cut = TEXT_CUT_MIDDLE, .strong = true},
    [D_BAR] = {.name = "bar", .title = "", .minimum = GAUGE, .maximum = GAUGE, .drop = 3},
    [D_USED] = {.name = "used", .title = N_("used%"), .minimum = 5, .maximum = 6, .right = true},
    [D_SIZE] = {.name = "size", .title = N_("size"), .minimum = 5, .maximum = 6, .right = true, .drop = 1},
    [D_FREE] = {.name = "free", .title = N_("free"), .minimum = 5, .maximum = 6, .right = true},
    [D_FULL] = {.name = "full", .title = N_("full in"), .minimum = 7, .maximum = 8, .right = true, .drop = 4},
    [D_INODES] = {.name = "inodes", .title = N_("inodes%"), .minimum = 7, .maximum = 8, .right = true},
    [D_READ] = {.name = "read", .title = N_("read/s"), .minimum = 6, .maximum = 7, .right = true},
    [D_WRITE] = {.name = "write", .title = N_("write/s"), .minimum = 7, .maximum = 7, .right = true},
    [D_BUSY] = {.name = "busy", .title = N_("busy%"), .minimum = 5, .maximum = 6, .right = true},
    [D_LATENCY] = {.name = "latency", .title = "ms", .minimum = 5, .maximum = 6, .right = true},
    [D_KIND] = {.name = "kind", .title = N_("kind"), .minimum = 4, .maximum = 10, .drop = 5},
    [D_DEVICE] = {.name = "device", .title = N_("device"), .minimum = 6, .maximum = 24, .cut = TEXT_CUT_MIDDLE, .drop = 6},
    [D_NOTE] = {.name = "note", .title = "", .minimum = 2, .maximum = 16, .drop = 4},
};

static unsigned disk_count(const struct server_page *page)
{
    return page->host ? page->host->disk_count : 0;
}

static bool disk_wrong(const struct server_page *page, unsigned index)
{
    const struct host_disk *disk = &page->host->disks[index];
    return disk->hung || disk->used_percent >= 90 || disk->inodes_percent >= 90;
}

static void disk_fill(struct server_page *page, unsigned index, struct table_row *row)
{
    const struct host_disk *disk = &page->host->disks[index];
    uint8_t used = fill_role(disk->used_percent, ROLE_TEXT);
    row->id = disk->mount;
    row->cells[D_MOUNT] = (struct table_cell){disk->mount, disk->hung ? ROLE_CRITICAL : ROLE_TEXT};
    gauge_text(page->cell[D_BAR], sizeof page->cell[D_BAR], disk->used_percent, GAUGE, page->ascii);
    row->cells[D_BAR] = (struct table_cell){page->cell[D_BAR], used == ROLE_TEXT ? ROLE_GAUGE : used};
    percent_cell(page, row, D_USED, disk->used_percent, used);
    bytes_cell(page, row, D_SIZE, disk->size);
    bytes_cell(page, row, D_FREE, disk->available);
    const struct wire_capacity *heading = capacity_note_disk(&page->capacity, disk->mount);
    if (heading)
        row->cells[D_FULL] = (struct table_cell){capacity_in(page->cell[D_FULL], heading->full, page->now),
                                                 capacity_advice_role(capacity_advice(heading, page->now))};
    percent_cell(page, row, D_INODES, disk->inodes_percent, fill_role(disk->inodes_percent, ROLE_TEXT));
    bytes_cell(page, row, D_READ, disk->read_rate);
    bytes_cell(page, row, D_WRITE, disk->write_rate);
    percent_cell(page, row, D_BUSY, disk->busy_percent, disk->busy_percent >= 90 ? ROLE_WARNING : ROLE_TEXT);
    number_cell(page, row, D_LATENCY, disk->latency, disk->latency >= 100 ? ROLE_WARNING : ROLE_TEXT);
    row->cells[D_KIND] = (struct table_cell){disk->kind, ROLE_DIM};
    row->cells[D_DEVICE] = (struct table_cell){disk->device, ROLE_DIM};
    row->cells[D_NOTE] = (struct table_cell){disk->hung ? _("does not answer") : disk->read_only ? _("read-only") : "",
                                             disk->hung ? ROLE_CRITICAL : ROLE_DIM};
}

static struct section_key disk_key(const struct server_page *page, unsigned index, unsigned column)
{
    const struct host_disk *disk = &page->host->disks[index];
    switch (column) {
    case D_BAR:
    case D_USED: return NUMBER(disk->hung ? 1000 : disk->used_percent); /* first among the worst */
    case D_SIZE: return NUMBER(disk->size);
    case D_FREE: return NUMBER(disk->available);
    case D_FULL: {
        const struct wire_capacity *heading = capacity_note_disk(&page->capacity, disk->mount);
        return NUMBER(heading ? (double)heading->full : INFINITY);
    }
    case D_INODES: return NUMBER(disk->inodes_percent);
    case D_READ: return NUMBER(disk->read_rate);
    case D_WRITE: return NUMBER(disk->write_rate);
    case D_BUSY: return NUMBER(disk->busy_percent);
    case D_LATENCY: return NUMBER(disk->latency);
    case D_KIND: return WORD(disk->kind);
    case D_DEVICE: return WORD(disk->device);
    default: return WORD(disk->mount);
    }
}

const struct section_ops section_disks = {.name = "disks", .title = N_("disks"), .columns = disk_columns, .column_count = D_COLUMNS,
                                          .sort = D_USED, .descending = true, .list = 1u << HOST_disks, .count = disk_count,
                                          .fill = disk_fill, .key = disk_key, .wrong = disk_wrong};

/* ---- interfaces ---- */

enum { N_NAME, N_STATE, N_IN, N_IN_BAR, N_OUT, N_OUT_BAR, N_SPEED, N_ERRORS, N_DROPS, N_COLUMNS };
static const struct table_column interface_columns[N_COLUMNS] = {
    [N_NAME] = {.name = "name", .title = N_("interface"), .minimum = 9, .maximum = 20, .cut = TEXT_CUT_MIDDLE, .strong = true},
    [N_STATE] = {.name = "state", .title = N_("state"), .minimum = 7, .maximum = 10},
    [N_IN] = {.name = "in", .title = N_("downlink"), .minimum = 9, .maximum = 10, .right = true},
    [N_IN_BAR] = {.name = "in_bar", .title = "", .minimum = 6, .maximum = 6, .drop = 1},
    [N_OUT] = {.name = "out", .title = N_("uplink"), .minimum = 9, .maximum = 10, .right = true},
    [N_OUT_BAR] = {.name = "out_bar", .title = "", .minimum = 6, .maximum = 6, .drop = 1},
    [N_SPEED] = {.name = "speed", .title = N_("speed"), .minimum = 8, .maximum = 10, .right = true},
    [N_ERRORS] = {.name = "errors", .title = N_("err/s"), .minimum = 5, .maximum = 7, .right = true},
    [N_DROPS] = {.name = "drops", .title = N_("drop/s"), .minimum = 6, .maximum = 7, .right = true},
};

static unsigned interface_count(const struct server_page *page)
{
    return page->host ? page->host->interface_count : 0;
}

static bool interface_wrong(const struct server_page *page, unsigned index)
{
    return page->host->interfaces[index].error_rate > 0;
}

static double share(double rate, double speed)
{
    return speed > 0 ? 800 * rate / speed : NAN;
}

static void rate_cells(struct server_page *page, struct table_row *row, unsigned column, double rate, double speed)
{
    char text[FIGURE_TEXT];
    double percent = share(rate, speed);
    cell_text(page, row, column, rate > 0 ? ROLE_TEXT : ROLE_DIM, bits_text(text, rate));
    gauge_text(page->cell[column + 1], sizeof page->cell[column + 1], percent, 6, page->ascii);
    row->cells[column + 1] = (struct table_cell){page->cell[column + 1], percent >= LINK_FULL ? ROLE_WARNING : ROLE_GAUGE};
}

/* Which way it is full, else whether it is linked and carries anything (R042). */
static const char *interface_state(const struct server_page *page, const struct host_interface *interface, uint8_t *role)
{
    bool down = share(interface->in_rate, interface->speed) >= LINK_FULL, up = share(interface->out_rate, interface->speed) >= LINK_FULL;
    *role = down || up ? ROLE_WARNING : ROLE_DIM;
    if (down || up)
        return down && up ? _("both full") : down ? _("down full") : _("up full");
    if (page->past) /* whether it was linked is not kept */
        return interface->in_rate > 0 || interface->out_rate > 0 ? _("carries") : "";
    if (!interface->up)
        return _("no link");
    return interface->in_rate > 0 || interface->out_rate > 0 ? _("carries") : interface->in_rate == 0 ? _("idle") : _("linked");
}

static void interface_fill(struct server_page *page, unsigned index, struct table_row *row)
{
    const struct host_interface *interface = &page->host->interfaces[index];
    char speed[FIGURE_TEXT];
    row->id = interface->name;
    row->cells[N_NAME] = (struct table_cell){interface->name, interface->up ? ROLE_TEXT : ROLE_DIM};
    uint8_t role;
    const char *state = interface_state(page, interface, &role);
    row->cells[N_STATE] = (struct table_cell){state, role};
    rate_cells(page, row, N_IN, interface->in_rate, interface->speed);
    rate_cells(page, row, N_OUT, interface->out_rate, interface->speed);
    cell_text(page, row, N_SPEED, ROLE_DIM, speed_text(speed, interface->speed));
    number_cell(page, row, N_ERRORS, interface->error_rate, interface->error_rate > 0 ? ROLE_WARNING : ROLE_DIM);
    number_cell(page, row, N_DROPS, interface->drop_rate, interface->drop_rate > 0 ? ROLE_TEXT : ROLE_DIM);
}

static struct section_key interface_key(const struct server_page *page, unsigned index, unsigned column)
{
    const struct host_interface *interface = &page->host->interfaces[index];
    switch (column) {
    case N_STATE: return NUMBER(interface->up);
    case N_IN: case N_IN_BAR: return NUMBER(interface->in_rate);
    case N_OUT: case N_OUT_BAR: return NUMBER(interface->out_rate);
    case N_SPEED: return NUMBER(interface->speed);
    case N_ERRORS: return NUMBER(interface->error_rate);
    case N_DROPS: return NUMBER(interface->drop_rate);
    default: return WORD(interface->name);
    }
}

const struct section_ops section_network = {.name = "network", .title = N_("net"), .columns = interface_columns, .column_count = N_COLUMNS,
                                            .sort = N_NAME, .list = 1u << HOST_interfaces, .count = interface_count,
                                            .fill = interface_fill, .key = interface_key, .wrong = interface_wrong};

/* ---- connections this host opened ---- */

enum { O_PROCESS, O_USER, O_FAR, O_PORT, O_COUNT, O_NOTE, O_COLUMNS };
static const struct table_column peer_columns[O_COLUMNS] = {
    [O_PROCESS] = {.name = "process", .title = N_("process"), .minimum = 10, .maximum = 24, .cut = TEXT_CUT_MIDDLE, .strong = true},
    [O_USER] = {.name = "user", .title = N_("user"), .minimum = 6, .maximum = 12, .drop = 1},
    [O_FAR] = {.name = "address", .title = N_("far end"), .minimum = 15, .maximum = 40},
    [O_PORT] = {.name = "port", .title = N_("port"), .minimum = 9, .maximum = 9, .right = true},
    [O_COUNT] = {.name = "count", .title = N_("count"), .minimum = 5, .maximum = 7, .right = true},
    [O_NOTE] = {.name = "note", .title = "", .minimum = 8, .weight = 1},
};

static unsigned peer_count(const struct server_page *page)
{
    return page->host ? page->host->peer_count : 0;
}

static const struct wire_deviation *peer_deviation(const struct server_page *page, const struct host_peer *peer)
{
    char point[128];
    snprintf(point, sizeof point, "%s:%u", peer->address, peer->port);
    return server_deviation(page, "outbound", point);
}

static bool peer_wrong(const struct server_page *page, unsigned index)
{
    return peer_deviation(page, &page->host->peers[index]) != NULL;
}

static void peer_fill(struct server_page *page, unsigned index, struct table_row *row)
{
    const struct host_peer *peer = &page->host->peers[index];
    bool wrong = peer_deviation(page, peer) != NULL;
    cell_format(page, row, O_NOTE, wrong ? ROLE_CRITICAL : ROLE_DIM, "%s", wrong ? _("destination not allowed") : "");
    cell_text(page, row, O_PROCESS, wrong ? ROLE_CRITICAL : *peer->process ? ROLE_TEXT : ROLE_DIM, *peer->process ? peer->process : "?");
    cell_text(page, row, O_USER, ROLE_DIM, peer->user);
    cell_text(page, row, O_FAR, ROLE_TEXT, peer->address);
    cell_format(page, row, O_PORT, ROLE_TEXT, "%u/%s", peer->port, peer->protocol == HOST_UDP ? "udp" : "tcp");
    cell_format(page, row, O_COUNT, ROLE_TEXT, "%u", peer->count);
    snprintf(page->cell[TABLE_COLUMNS - 1], SERVER_CELL, "%s %u %s %d", peer->address, peer->port, peer->process, peer->pid);
    row->id = page->cell[TABLE_COLUMNS - 1];
}

static struct section_key peer_key(const struct server_page *page, unsigned index, unsigned column)
{
    const struct host_peer *peer = &page->host->peers[index];
    switch (column) {
    case O_PROCESS: return WORD(peer->process);
    case O_USER: return WORD(peer->user);
    case O_FAR: return WORD(peer->address);
    case O_PORT: return NUMBER(peer->port);
    case O_NOTE: return NUMBER(peer_wrong(page, index));
    default: return NUMBER(peer->count);
    }
}

const struct section_ops section_connections = {
    .name = "connections", .title = N_("peers"), .columns = peer_columns, .column_count = O_COLUMNS, .sort = O_COUNT, .descending = true,
    .list = 1u << HOST_peers, .count = peer_count, .fill = peer_fill, .key = peer_key, .wrong = peer_wrong};
