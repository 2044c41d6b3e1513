/* What commands send and read beside the typed rows: field lists, ledger files, CSV. */
#ifndef COMMAND_BODY_H
#define COMMAND_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

#define EXPORT_MOST "1000000"

/* "name=泵房温度 building=涵英楼" as a JSON object; values may be quoted. */
bool body_fields(struct buffer *out, const char *text, struct error *error);
/* The daemon's answer to a ledger import, in lines. */
void body_ledger_summary(struct buffer *out, const char *json, size_t length);
/* {"filter":..,"ends":SPAN,"why":..}; NULL members are left out. */
void body_silence(struct buffer *out, const char *filter, const char *span, const char *why);
bool body_is_alert(const char *text); /* an alert's id, A-20261121-0007, rather than an asset's */
bool body_read_file(struct buffer *out, const char *path, struct error *error);  /* "-": standard input */
bool body_write_file(const char *path, const char *bytes, size_t length, struct error *error);

#endif
