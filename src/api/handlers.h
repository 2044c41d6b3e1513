/* The handlers that routes.def names. */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

struct request;
typedef void handler(struct request *request);

handler get_overview, get_board, get_facets;                  /* overview.c */
handler get_assets;                                           /* assets.c */
handler get_asset, get_readings, get_asset_states, get_states; /* asset.c */
handler get_sources, get_whoami, get_version, get_healthz, get_metrics, get_openapi, get_audit, get_audit_verify;
handler get_views, get_view, put_view, delete_view;           /* views.c */
handler get_tokens, post_token, delete_token;                 /* tokens.c */
handler get_ledger, post_ledger, post_adopt, post_adopt_many; /* ledger.c */
handler post_readings, post_reload;
handler get_alerts, get_alert, get_alert_groups, get_alert_stats; /* alerts.c */
handler post_alert;                                           /* alerts_act.c */
handler get_silences, post_silence, post_rehearsal, get_rehearsal, delete_silence; /* silences.c */
handler get_runbooks, get_runbook;                            /* runbooks.c */
handler get_rules, get_rule_rehearsal, post_rules_rehearsal;                      /* rules.c */
handler get_downtimes, get_coverage, post_downtime, delete_downtime;
handler post_alertmanager, post_events;                       /* feeds.c */
handler get_heartbeats, post_heartbeat;                       /* heartbeats.c */
handler get_applications, get_application, post_application_check, post_application_restart; /* applications.c */
handler get_application_states; /* applications_states.c */
handler get_events;                                           /* events.c */
handler get_redundancy;                                       /* redundancy.c */
handler get_notifications, post_notification_test;            /* notifications.c */

handler get_servers, get_server, get_network;                  /* servers.c */
handler post_server_restart, post_server_shell;               /* servers_act.c */
handler get_server_logs;                                      /* servers_logs.c */
handler get_capsule;                                          /* capsule.c */
handler get_capacity, get_report;                             /* capacity.c */
handler get_security, get_security_row, get_security_breaches; /* security.c */

#endif
