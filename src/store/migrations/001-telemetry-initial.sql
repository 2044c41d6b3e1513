-- Readings and states, by the thousand. Besides these there is one table for each part that `part` lists:
--   readings_YYYYMMDD (asset, metric, start, data)   raw readings of a UTC day, in chunks (pack.h); start is ms in the day
--   hours_YYYYMM      (day, asset, metric, data)     24 hourly buckets of each UTC day (day: days since 1970)
--   days_YYYY         (day, asset, metric, data)     the bucket of each UTC day
--   states_YYYYMM     (since, asset, health, reason, link, comm)   each change of state, in the month it happened
--   kept_YYYYMMDD     (asset, list, time, whole, data)   what is kept of hosts in a UTC day (model/host_keep.h)
CREATE TABLE part (
    kind   TEXT NOT NULL,
    number INTEGER NOT NULL,       -- as in the table's name
    closed INTEGER NOT NULL,       -- of a day: its roll-ups are complete
    PRIMARY KEY (kind, number)
) WITHOUT ROWID;

CREATE TABLE metric (
    key  INTEGER PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE TABLE journal (             -- batches as they came, until they are packed into their day's table
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL             -- asset, metric (4 bytes each), time, value (8 each), little-endian, repeated
);

CREATE TABLE last (                -- of the packed readings, the newest of each series
    asset  INTEGER NOT NULL,
    metric INTEGER NOT NULL,
    time   INTEGER NOT NULL,
    value  REAL NOT NULL,
    PRIMARY KEY (asset, metric)
) WITHOUT ROWID;

CREATE TABLE state_open (          -- what each asset is now
    asset  INTEGER PRIMARY KEY,
    since  INTEGER NOT NULL,
    health INTEGER NOT NULL, reason INTEGER NOT NULL, link INTEGER NOT NULL, comm INTEGER NOT NULL
);

CREATE TABLE state_frame (         -- the state of every asset at some instant, so that any instant is near one
    at   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
);
