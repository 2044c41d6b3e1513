/* A PostgreSQL of Debian's for tests: in a directory of its own, heard on a unix socket only (or on a loopback port), ended
 * by its pid. As root it runs as nobody, since initdb refuses root. */
#ifndef TESTS_STORE_POSTGRES_SERVER_H
#define TESTS_STORE_POSTGRES_SERVER_H

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PG_NOBODY 65534

struct postgres_test {
    char programs[200]; /* the folder of initdb and postgres; "": not installed */
    char directory[64];
    pid_t pid;
    int databases;
    const char *settings[8]; /* "NAME=VALUE" beside the usual ones */
};

static inline bool postgres_test_there(struct postgres_test *server)
{
    glob_t found;
    if (glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) != 0)
        return false;
    snprintf(server->programs, sizeof server->programs, "%.*s", (int)(strlen(found.gl_pathv[found.gl_pathc - 1]) - 7),
             found.gl_pathv[found.gl_pathc - 1]);
    globfree(&found);
    return true;
}

static inline pid_t postgres_test_spawn(const struct postgres_test *server, const char *program, char **arguments)
{
    char path[260], log[100];
    snprintf(path, sizeof path, "%s/%s", server->programs, program);
    snprintf(log, sizeof log, "%s/log", server->directory);
    pid_t child = fork();
    if (child != 0)
        return child;
    if (geteuid() == 0 && (setgid(PG_NOBODY) != 0 || setuid(PG_NOBODY) != 0))
        _exit(9);
    prctl(PR_SET_PDEATHSIG, SIGINT); /* a test that dies leaves no server behind */
    if (chdir(server->directory) != 0)
        _exit(9);
    int file = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(file, 1);
    dup2(file, 2);
    setenv("LC_ALL", "C", 1);
    execv(path, arguments);
    _exit(9);
}

static inline bool postgres_test_run(const struct postgres_test *server, const char *program, char **arguments)
{
    int status = 1;
    pid_t child = postgres_test_spawn(server, program, arguments);
    return waitpid(child, &status, 0) == child && status == 0;
}

/* The url of a database of it. */
static inline char *postgres_test_url(const struct postgres_test *server, const char *database)
{
    static char urls[8][200];
    static unsigned next;
    char *url = urls[next++ % 8];
    snprintf(url, sizeof urls[0], "postgresql://nocturne@/%s?host=%s", database, server->directory);
    return url;
}

/* Whether something goes is the caller's to judge: the result of one or several statements, for PQclear. */
static inline PGresult *postgres_test_ask(const struct postgres_test *server, const char *database, const char *sql)
{
    PGconn *link = PQconnectdb(postgres_test_url(server, database));
    PGresult *result = PQexec(link, sql);
    PQfinish(link);
    return result;
}

static inline long long postgres_test_number(const struct postgres_test *server, const char *database, const char *sql)
{
    PGresult *result = postgres_test_ask(server, database, sql);
    long long number = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0 ? atoll(PQgetvalue(result, 0, 0)) : -1;
    if (PQresultStatus(result) == PGRES_FATAL_ERROR)
        fprintf(stderr, "%s: %s", sql, PQresultErrorMessage(result));
    PQclear(result);
    return number;
}

static inline bool postgres_test_start(struct postgres_test *server)
{
    char data[80], sockets[80];
    snprintf(data, sizeof data, "%s/data", server->directory);
    snprintf(sockets, sizeof sockets, "%s", server->directory);
    char *arguments[40] = {(char *)"postgres", (char *)"-D", data, (char *)"-k", sockets, (char *)"-c", (char *)"listen_addresses=",
                           (char *)"-c", (char *)"fsync=off", (char *)"-c", (char *)"shared_buffers=16MB", (char *)"-c",
                           (char *)"max_connections=40", (char *)"-c", (char *)"autovacuum=off"};
    int count = 15;
    for (int i = 0; i < 8 && server->settings[i]; i++) {
        arguments[count++] = (char *)"-c";
        arguments[count++] = (char *)server->settings[i];
    }
    server->pid = postgres_test_spawn(server, "postgres", arguments);
    for (int tries = 0; tries < 3000; tries++) {
        if (PQping(postgres_test_url(server, "postgres")) == PQPING_OK)
            return true;
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid)
            break;
        usleep(20000);
    }
    server->pid = 0;
    return false;
}

/* SIGINT: at once, but in order; SIGQUIT: as a crash would. */
static inline void postgres_test_stop(struct postgres_test *server, int number)
{
    if (server->pid > 0 && kill(server->pid, number) == 0)
        waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

/* False: not installed, or it does not start; the reason is on standard error. */
static inline bool postgres_test_open(struct postgres_test *server)
{
    char data[80];
    if (!postgres_test_there(server))
        return false;
    strcpy(server->directory, "/tmp/nocturne-pg-XXXXXX");
    if (!mkdtemp(server->directory) || (geteuid() == 0 && chown(server->directory, PG_NOBODY, PG_NOBODY) != 0))
        return false;
    snprintf(data, sizeof data, "%s/data", server->directory);
    char *arguments[] = {(char *)"initdb", (char *)"-D", data, (char *)"-U", (char *)"nocturne", (char *)"-A", (char *)"trust",
                         (char *)"-N", (char *)"--no-locale", (char *)"-E", (char *)"UTF8", NULL};
    if (postgres_test_run(server, "initdb", arguments) && postgres_test_start(server))
        return true;
    fprintf(stderr, "PostgreSQL does not start: see %s/log\n", server->directory);
    return false;
}

/* An empty database; its name is valid until the eighth after it. */
static inline const char *postgres_test_database(struct postgres_test *server)
{
    static char names[8][24];
    char sql[80], *name = names[server->databases % 8];
    snprintf(name, sizeof names[0], "site_%d", ++server->databases);
    snprintf(sql, sizeof sql, "CREATE DATABASE %s STRATEGY=wal_log", name);
    PGresult *result = postgres_test_ask(server, "postgres", sql);
    bool made = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!made) { /* before 15 there is one way only */
        PQclear(result);
        *strstr(sql, " STRATEGY") = '\0';
        result = postgres_test_ask(server, "postgres", sql);
        made = PQresultStatus(result) == PGRES_COMMAND_OK;
    }
    if (!made)
        fprintf(stderr, "%s: %s", sql, PQresultErrorMessage(result));
    PQclear(result);
    return made ? name : NULL;
}

#endif
