/* What the door and its security handlers share. Private to src/api. */
#ifndef API_SECURITY_H
#define API_SECURITY_H

#include "api/report.h"
#include "engine/security.h"

struct request;

/* Tokens of the API, as facts; `from` is the struct api. */
void security_tokens(void *from, security_fact_visit *visit, void *owner);
/* GET /reports/security, /reports/security-trace: the counts of a period, and each breach that makes them. */
void security_report(struct request *request, bool trace, enum report_format format);

#endif
