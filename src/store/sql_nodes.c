/* What the parts of applications were. */
#include "store/sql_internal.h"

bool nodes_prepare(struct records *records, struct statement **statement, struct error *error)
{
    return database_prepare(&records->db, statement, error,
                            "INSERT INTO node VALUES (?, ?, ?, ?) ON CONFLICT (id, time) DO UPDATE SET "
                            "verdict=excluded.verdict, evidence=excluded.evidence");
}

bool nodes_write(struct records *records, struct statement *statement, const struct store_action *action, struct error *error)
{
    bool done = true;
    for (size_t i = 0; done && i < action->node_count; i++) {
        const struct store_node *node = &action->nodes[i].node;
        statement_bind_text(statement, 1, node->id);
        statement_bind_integer(statement, 2, node->from);
        statement_bind_integer(statement, 3, node->verdict);
        statement_bind_text(statement, 4, node->evidence);
        done = database_finish(&records->db, statement, error);
    }
    return done;
}

/* The last row of a node stays, however old: it says what the node still is. */
bool nodes_forget(struct records *records, msec before, struct error *error)
{
    return database_run(&records->db, error,
                        "DELETE FROM node WHERE (id, time) IN (SELECT id, time FROM node AS old WHERE time<%lld AND EXISTS "
                        "(SELECT 1 FROM node AS later WHERE later.id=old.id AND later.time>old.time AND later.time<%lld) LIMIT 1000)",
                        (long long)before, (long long)before);
}

static bool visit_rows(struct store_reader *reader, struct statement *statement, store_node_visit *visit, void *owner, struct error *error)
{
    bool row = false, done;
    while ((done = database_step(&reader->records, statement, &row, error)) && row) {
        struct store_node node = {
            .id = statement_text(statement, 0), .from = statement_integer(statement, 1),
            .verdict = (int)statement_integer(statement, 2), .evidence = statement_text(statement, 3)};
        if (!visit(owner, &node))
            break;
    }
    return done;
}

bool sql_nodes_at(struct store_reader *reader, msec at, store_node_visit *visit, void *owner, struct error *error)
{
    struct statement *statement = NULL;
    bool done = database_prepare(&reader->records, &statement, error,
                                 "SELECT n.id, n.time, n.verdict, n.evidence FROM node n JOIN (SELECT id, max(time) AS newest FROM node "
                                 "WHERE time<=? GROUP BY id) AS last ON n.id=last.id AND n.time=last.newest ORDER BY n.id");
    if (done) {
        statement_bind_integer(statement, 1, at);
        done = visit_rows(reader, statement, visit, owner, error);
    }
    statement_free(&statement);
    return done;
}

bool sql_nodes_between(struct store_reader *reader, msec from, msec to, store_node_visit *visit, void *owner, struct error *error)
{
    struct statement *statement = NULL;
    bool done = database_prepare(&reader->records, &statement, error,
                                 "SELECT id, time, verdict, evidence FROM node WHERE time>=? AND time<=? ORDER BY time, id");
    if (done) {
        statement_bind_integer(statement, 1, from);
        statement_bind_integer(statement, 2, to);
        done = visit_rows(reader, statement, visit, owner, error);
    }
    statement_free(&statement);
    return done;
}
