-- What people made: the ledger's rows, documents, the audit chain. Committed with a full sync.
CREATE TABLE asset (               -- every revision; the newest number of a key is the one in force
    number     INTEGER PRIMARY KEY,
    key        INTEGER NOT NULL,
    time       INTEGER NOT NULL,   -- ms since 1970
    revision   INTEGER NOT NULL,
    removed    INTEGER NOT NULL,
    discovered INTEGER NOT NULL,
    id TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, class TEXT NOT NULL, parent TEXT NOT NULL,
    subsystem TEXT NOT NULL, site TEXT NOT NULL, building TEXT NOT NULL, floor TEXT NOT NULL, room TEXT NOT NULL,
    model TEXT NOT NULL, vendor TEXT NOT NULL, serial TEXT NOT NULL, asset_tag TEXT NOT NULL, unit TEXT NOT NULL,
    tags TEXT NOT NULL, address TEXT NOT NULL, period TEXT NOT NULL, status TEXT NOT NULL, contract TEXT NOT NULL,
    attributes TEXT NOT NULL       -- one JSON object, or ''
);
CREATE INDEX asset_key ON asset (key, number);

CREATE TABLE record (              -- versioned documents of any kind
    kind     TEXT NOT NULL,
    id       TEXT NOT NULL,
    revision INTEGER NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (kind, id)
);

CREATE TABLE audit (               -- a hash chain; its end is also in meta ('audit_end')
    sequence INTEGER PRIMARY KEY,
    time     INTEGER NOT NULL,
    actor TEXT NOT NULL, verb TEXT NOT NULL, target TEXT NOT NULL, detail TEXT NOT NULL,
    hash     BLOB NOT NULL         -- SHA-256, see action.h
);

CREATE TABLE idempotency (         -- what was done under a key, for a day
    actor TEXT NOT NULL,
    key   TEXT NOT NULL,
    verb TEXT NOT NULL, target TEXT NOT NULL,
    time  INTEGER NOT NULL,
    PRIMARY KEY (actor, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_time ON idempotency (time);
