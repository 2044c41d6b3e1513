-- Alerts: one row each, replaced as it changes, and what happened to it. The columns stand in the order of
-- STORE_ALERT_NUMBERS, value, threshold, STORE_ALERT_TEXTS in store.h. Instants are ms since 1970; -2^63: none.
CREATE TABLE alert (
    number INTEGER PRIMARY KEY,    -- yyyymmdd * 10,000,000 + place in the day
    fingerprint INTEGER NOT NULL, asset INTEGER NOT NULL, closed_at INTEGER NOT NULL,
    revision INTEGER NOT NULL, rule_version INTEGER NOT NULL, cause INTEGER NOT NULL,
    cause_by_hand INTEGER NOT NULL, previous INTEGER NOT NULL, notes INTEGER NOT NULL,
    news INTEGER NOT NULL, news_at INTEGER NOT NULL, condition INTEGER NOT NULL,
    acknowledged INTEGER NOT NULL, sticky INTEGER NOT NULL, suppression INTEGER NOT NULL,
    severity INTEGER NOT NULL, worst INTEGER NOT NULL, raise_told INTEGER NOT NULL,
    closed INTEGER NOT NULL, occurrences INTEGER NOT NULL, reopens INTEGER NOT NULL,
    breaches INTEGER NOT NULL, flaps INTEGER NOT NULL, pending_since INTEGER NOT NULL,
    raised_at INTEGER NOT NULL, cleared_at INTEGER NOT NULL, normal_since INTEGER NOT NULL,
    last_seen INTEGER NOT NULL, acknowledged_at INTEGER NOT NULL,
    acknowledge_until INTEGER NOT NULL, shelved_until INTEGER NOT NULL,
    unsuppressed_for INTEGER NOT NULL, counted_at INTEGER NOT NULL, reminded_at INTEGER NOT NULL,
    value REAL, threshold REAL,    -- NULL: the rule compares nothing
    source TEXT NOT NULL, rule TEXT NOT NULL, point TEXT NOT NULL, name TEXT NOT NULL,
    type TEXT NOT NULL, summary TEXT NOT NULL, runbook TEXT NOT NULL, policy TEXT NOT NULL,
    note TEXT NOT NULL, acknowledged_by TEXT NOT NULL, assignee TEXT NOT NULL, ticket TEXT NOT NULL,
    silence TEXT NOT NULL, fixed_by TEXT NOT NULL
);
CREATE INDEX alert_closed ON alert (closed_at);
CREATE INDEX alert_fingerprint ON alert (fingerprint, number);

CREATE TABLE alert_event (         -- the timeline, machine and human
    id    INTEGER PRIMARY KEY,
    alert INTEGER NOT NULL,
    time  INTEGER NOT NULL,
    actor TEXT NOT NULL, verb TEXT NOT NULL, text TEXT NOT NULL,
    state INTEGER NOT NULL         -- what the alert was afterwards, packed
);
CREATE INDEX alert_event_alert ON alert_event (alert, time);
