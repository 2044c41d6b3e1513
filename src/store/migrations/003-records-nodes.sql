-- What each part of an application was, from when on: a row for each change, kept as long as states.
CREATE TABLE node (
    id       TEXT NOT NULL,        -- "energy/web"
    time     INTEGER NOT NULL,     -- ms since 1970
    verdict  INTEGER NOT NULL,
    evidence TEXT NOT NULL,
    PRIMARY KEY (id, time)
) WITHOUT ROWID;
CREATE INDEX node_time ON node (time);
