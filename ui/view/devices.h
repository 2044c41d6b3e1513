/* The parts of the devices view: columns of assets, shared by its table and its tree. */
#ifndef VIEW_DEVICES_H
#define VIEW_DEVICES_H

#include "view/list.h"

struct device_columns {
    const struct device_column *kind[TABLE_COLUMNS];
    struct list_column column[TABLE_COLUMNS];
    unsigned count;
    char text[TABLE_COLUMNS][192]; /* the row being drawn */
};

#define DEVICE_COLUMNS_DEFAULT "letter,id,name,place,subsystem,since,age,value,reason?,unit?,parent?,model?"

/* "id,name,place?": with "?" only where the others leave room; the error names what there is. */
bool device_columns_set(struct device_columns *columns, const char *names, struct error *error);
void device_columns_names(const struct device_columns *columns, struct buffer *out);
/* The `fields` that these columns need. */
void device_columns_fields(const struct device_columns *columns, struct buffer *out);
/* Fill a row's cells; texts live in columns->text until the next call. */
void device_columns_fill(struct device_columns *columns, const struct wire_asset *asset, msec now, bool ascii, struct table_row *row);
/* Open the command line with the columns shown, to be edited. */
void device_columns_ask(const struct device_columns *columns, struct view *view);
void device_column_offer(void (*offer)(void *to, const char *name), void *to);

#endif
