#include "screen/site.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "base/buffer.h"
#include "client/client.h"
#include "client/start.h"

static const char config[] =
    "site: {name: 创新港, timezone: Asia/Shanghai, language: %s}\n"
    "roles: {admin: [\"user:root\"], viewer: [\"*\"]}\n"
    "ledger: [assets.csv]\n";

static void die(const char *what)
{
    fprintf(stderr, "site: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void write_file(const char *folder, const char *name, const char *text, size_t length)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (!file || fwrite(text, 1, length, file) != length || fclose(file) != 0)
        die(path);
}

static void write_ledger(const char *folder)
{
    static const char *const buildings[] = {"涵英楼", "能源中心", "图书馆", "学生公寓C3"};
    static const char *const subsystems[] = {"供水管理", "供配电", "智能照明"};
    struct buffer csv = BUFFER_INIT;
    buffer_append_text(&csv, "id,name,kind,class,parent,subsystem,site,building,floor,room,model,unit,address,period,status,contract\n");
    for (int i = 1; i <= 12; i++) {
        const char *building = buildings[(i - 1) / 3], *subsystem = subsystems[i % 3];
        buffer_printf(&csv, "GW-%02d,%s网关%02d,gateway,iot-gateway,,%s,创新港,%s,%dF,弱电间1,EG-201,后勤处,127.1.1.%d,%s,installed,campus-iot\n", i,
                      subsystem, i, subsystem, building, i % 3 + 1, i, i == 5 ? "1s" : "1h");
        for (int t = 1; t <= 3; t++)
            buffer_printf(&csv, "T-%02d-%d,%s终端%d,terminal,meter,GW-%02d,%s,创新港,%s,%dF,配电间%d,DTSD-1,后勤处,,1h,installed,campus-iot\n", i, t,
                          subsystem, t, i, subsystem, building, i % 3 + 1, t);
    }
    write_file(folder, "assets.csv", csv.data, csv.length);
    buffer_release(&csv);
}

static void launch(struct site_fixture *site)
{
    site->daemon = fork();
    if (site->daemon == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* a test that is killed leaves no daemon behind */
        char path[512], log[512], state[512];
        snprintf(path, sizeof path, "%s/nocturne.yml", site->folder);
        snprintf(log, sizeof log, "%s/log", site->folder);
        snprintf(state, sizeof state, "%s/state", site->folder);
        int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(out, STDOUT_FILENO);
        dup2(out, STDERR_FILENO);
        execl(BUILD_FOLDER "/nocturned", "nocturned", "--foreground", "--config", path, "--state-dir", state, "--socket", site->socket, (char *)NULL);
        _exit(127);
    }
    for (int tries = 0; tries < 1000 && !client_socket_answers(site->socket); tries++) {
        if (waitpid(site->daemon, NULL, WNOHANG) == site->daemon)
            die("nocturned ended at once");
        poll(NULL, 0, 10);
    }
}

static void call(struct site_fixture *site, const char *method, const char *path, const char *body, struct buffer *answer)
{
    uv_loop_t loop;
    struct error error = {0};
    uv_loop_init(&loop);
    struct client *client = client_new(&loop, &(struct client_options){.socket = site->socket}, &error);
    if (!client || !client_call(client, method, path, body, body ? strlen(body) : 0, NULL, answer, &error)) {
        fprintf(stderr, "site: %s\n", error.text);
        exit(1);
    }
    client_free(&client);
    while (uv_run(&loop, UV_RUN_DEFAULT) != 0)
        ;
    uv_loop_close(&loop);
}

void site_post(struct site_fixture *site, const char *path, const char *json)
{
    struct buffer answer = BUFFER_INIT;
    call(site, "POST", path, json, &answer);
    buffer_release(&answer);
}

void site_push(struct site_fixture *site, const char *json)
{
    site_post(site, "/ingest/readings", json);
}

static void feed(struct site_fixture *site)
{
    struct buffer json = BUFFER_INIT;
    buffer_append_char(&json, '[');
    /* In the order of their ids, which is the lists' where two were heard in the same millisecond, or not quite. */
    for (int i = 1; i <= 12; i++)
        buffer_printf(&json, "%s{\"asset\":\"GW-%02d\",\"metric\":\"cpu\",\"value\":%d,\"unit\":\"%%\"}", i > 1 ? "," : "", i, 10 + i);
    for (int i = 1; i <= 12; i++)
        for (int t = 1; t <= 3 && i != 9; t++) /* nothing is known of what hangs on GW-09 */
            buffer_printf(&json, ",{\"asset\":\"T-%02d-%d\",\"metric\":\"energy\",\"value\":%d.5}", i, t, 100 * i + t);
    buffer_append_char(&json, ']');
    site_push(site, buffer_text(&json));
    buffer_release(&json);
}

/* The pictures are of a site where GW-05, which speaks every second, has been silent for long enough. */
static void wait_offline(struct site_fixture *site)
{
    for (int tries = 0; tries < 100; tries++) {
        struct buffer answer = BUFFER_INIT;
        call(site, "GET", "/assets/GW-05", NULL, &answer);
        bool offline = strstr(buffer_text(&answer), "\"health\":\"offline\"") != NULL;
        buffer_release(&answer);
        if (offline)
            return;
        poll(NULL, 0, 100);
    }
    die("GW-05 never went offline");
}

static void make_folder(struct site_fixture *site)
{
    snprintf(site->folder, sizeof site->folder, "/tmp/nocturne-screen-XXXXXX");
    if (!mkdtemp(site->folder))
        die("mkdtemp");
    snprintf(site->socket, sizeof site->socket, "%s/api.sock", site->folder);
}

void site_start_with(struct site_fixture *site, const char *configuration, const char *ledger)
{
    make_folder(site);
    write_file(site->folder, "nocturne.yml", configuration, strlen(configuration));
    write_file(site->folder, "assets.csv", ledger, strlen(ledger));
    launch(site);
}

void site_start(struct site_fixture *site)
{
    make_folder(site);
    struct buffer yaml = BUFFER_INIT;
    buffer_printf(&yaml, config, site->language ? site->language : "en");
    buffer_append_text(&yaml, site->more ? site->more : "");
    write_file(site->folder, "nocturne.yml", yaml.data, yaml.length);
    buffer_release(&yaml);
    write_ledger(site->folder);
    launch(site);
    feed(site);
    wait_offline(site);
    if (getenv("SITE_AGE"))
        poll(NULL, 0, 1000 * atoi(getenv("SITE_AGE")));
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

void site_stop(struct site_fixture *site)
{
    kill(site->daemon, SIGCONT);
    kill(site->daemon, SIGTERM);
    waitpid(site->daemon, NULL, 0);
    nftw(site->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void site_pause(struct site_fixture *site, bool paused)
{
    kill(site->daemon, paused ? SIGSTOP : SIGCONT);
}

void site_kill_daemon(struct site_fixture *site)
{
    kill(site->daemon, SIGKILL);
    waitpid(site->daemon, NULL, 0);
}

void site_start_daemon(struct site_fixture *site)
{
    launch(site);
}
