/* The members of the fleet's resources (members.h), for encode.c and decode.c. Private to src/wire. */
#ifndef WIRE_TABLES_H
#define WIRE_TABLES_H

#define VALUE_HEAD(X) X(TEXT, metric, "metric") X(AMOUNT, value, "value") X(TEXT, unit, "unit") X(INSTANT, time, "time")
#define STEP(X) X(TEXT, id, "id") X(TEXT, name, "name") X(HEALTH, health, "health")
#define MESSAGE(X) X(INSTANT, received, "received") X(TEXT, source, "source") X(TEXT, text, "text")
#define STANDBY(X)                                                                                                 \
    X(TEXT, name, "name") X(COUNT, alive, "alive") X(COUNT, total, "total") X(COUNT, need, "need")                 \
    X(FLAG, gone, "gone") X(TEXT, alert, "alert")
#define INTERVAL(X)                                                                                                \
    X(TEXT, id, "id") X(INSTANT, from, "from") X(INSTANT, to, "to") X(HEALTH, health, "health")                    \
    X(REASON, reason, "reason") X(LINK, link, "link") X(COMM, comm, "comm")
#define CONTRACTED(X)                                                                                              \
    X(TEXT, name, "name") X(TEXT, contract, "contract") X(COUNT, need, "need") X(COUNT, have, "have")              \
    X(COUNT, total, "total") X(FLAG, ok, "ok")
#define KIND(X) X(TEXT, kind, "kind") X(COUNT, total, "total") X(BY_HEALTH, by_health, "by_health")
#define SOURCE(X)                                                                                                  \
    X(TEXT, name, "name") X(TEXT, type, "type") X(TEXT, state, "state") X(PROSE, detail, "detail")                 \
    X(INSTANT, since, "since") X(INSTANT, last_heard, "last_heard") X(AMOUNT, rate, "rate")                        \
    X(TOTAL, messages, "messages") X(TOTAL, readings, "readings") X(TOTAL, bytes, "bytes") X(TOTAL, bad, "bad")    \
    X(TOTAL, duplicates, "duplicates") X(TOTAL, checks, "checks") X(TOTAL, failures, "failures")                   \
    X(TOTAL, reconnects, "reconnects") X(TOTAL, targets, "targets")
#define EXAMPLE(X) X(INSTANT, time, "time") X(PROSE, reason, "reason") X(TEXT, sample, "sample")
#define FACET(X) X(TEXT, value, "value") X(COUNT, count, "count") X(BY_HEALTH, by_health, "by_health")
#define AUDIT_HEAD(X)                                                                                              \
    X(LONG, sequence, "sequence") X(INSTANT, time, "time") X(PROSE, actor, "actor") X(PROSE, verb, "verb")         \
    X(TEXT, target, "target")
#define SAVED_VIEW(X)                                                                                              \
    X(TEXT, name, "name") X(TEXT, resource, "resource") X(TEXT, query, "query") X(TEXT, owner, "owner")            \
    X(LONG, revision, "revision")
#define WHOAMI(X) X(TEXT, name, "name") X(TEXT, role, "role")

/* The overview: itself, and the objects in it. */
#define OVERVIEW_HEAD(X)                                                                                           \
    X(TEXT, site, "site") X(TEXT, timezone, "timezone") X(TEXT, language, "language") X(TEXT, version, "version")  \
    X(INSTANT, started, "started") X(COUNT, assets, "assets") X(COUNT, discovered, "discovered")                   \
    X(BY_HEALTH, by_health, "by_health")
#define OVERVIEW_SOURCES(X)                                                                                        \
    X(COUNT, sources, "total") X(COUNT, sources_running, "running") X(TEXT, sources_worst, "worst")                \
    X(INSTANT, oldest_heard, "oldest_heard") X(INSTANT, newest_heard, "newest_heard")
#define OVERVIEW_STORE(X)                                                                                          \
    X(TEXT, store_engine, "engine") X(FLAG, store_writable, "writable") X(PROSE, store_problem, "problem")         \
    X(TOTAL, store_bytes, "bytes") X(TOTAL, store_queued, "queued")
#define OVERVIEW_QUIET(X) X(TEXT, quiet, "name") X(INSTANT, quiet_until, "until") X(COUNT, held, "held")
#define OVERVIEW_SHIFT(X)                                                                                          \
    X(TEXT, shift, "name") X(TEXT, shift_people, "people") X(INSTANT, shift_from, "from") X(INSTANT, shift_to, "to")

#endif
