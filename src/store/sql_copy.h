/* Rows from one SQL database to another. Private to the SQL engines. */
#ifndef STORE_SQL_COPY_H
#define STORE_SQL_COPY_H

#include "store/sql_internal.h"

struct copied {
    const char *name, *columns;
    const char *kinds;    /* a letter for each column: i integer, r real, t text, b bytes */
    const char *numbered; /* the column whose numbers the database gives; "": none */
};
const struct copied *copied_table(const char *name);

struct copied_sum {
    uint64_t rows, hash;
};
/* The rows of a table of which `where` ("": all) is true, added to one that has none of them. */
bool sql_copy_table(struct database *from, struct database *to, const struct copied *table, const char *where,
                    struct copied_sum *sum, struct error *error);
/* Everything, into an engine that holds nothing, and checked. */
bool sql_copy(struct store_engine *from, struct store_engine *to, struct store_copied *copied, struct error *error);

#endif
