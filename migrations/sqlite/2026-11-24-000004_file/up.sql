-- The rest of a customer's file: consents, notes, behaviour events.
--
-- customer_id is in whose file a row is now, origin_id with whom it was recorded: a merge changes the one and never the
-- other.

-- What was said about contact over a channel, for ever: by whom, when, where. A statement that is told again is the same
-- row. recorded_by: the subject of the token, or null where a platform or a touch told it.
CREATE TABLE consents (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    origin_id BLOB NOT NULL,
    channel TEXT NOT NULL,
    granted INTEGER NOT NULL,
    stated_at INTEGER NOT NULL,
    source TEXT NOT NULL,
    note TEXT,
    recorded_by TEXT,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, origin_id, channel, stated_at, granted, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX consents_by_customer ON consents (tenant_id, customer_id, stated_at, id);
CREATE INDEX consents_by_channel ON consents (tenant_id, channel, customer_id, stated_at, granted);

-- What follows from the statements: the state of each channel now, and since when it has been so. Rebuildable.
CREATE TABLE customer_channels (
    tenant_id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    channel TEXT NOT NULL,
    granted INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, customer_id, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_channels_by_consent ON customer_channels (tenant_id, channel, granted, customer_id);

-- What people at the desk wrote down.
CREATE TABLE notes (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    origin_id BLOB NOT NULL,
    body TEXT NOT NULL,
    author TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX notes_by_customer ON notes (tenant_id, customer_id, created_at, id);

-- What customers did beside buying. external_id: the sender's own, so that an event that is sent again is one.
CREATE TABLE events (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    origin_id BLOB NOT NULL,
    shop_id BLOB,
    type TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    properties TEXT NOT NULL,
    external_id TEXT,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, occurred_at, id),
    UNIQUE (tenant_id, shop_id, external_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_by_type ON events (tenant_id, type, occurred_at, id, customer_id);
CREATE INDEX events_by_customer ON events (tenant_id, customer_id, occurred_at, id, type);

-- What the planner goes by, as in the archive: the figures of one tenant with a million customers.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('consents', 'consents', '1500000 1500000 1'),
    ('consents', 'sqlite_autoindex_consents_2', '1500000 1500000 2 1 1 1 1'),
    ('consents', 'consents_by_customer', '1500000 1500000 2 1 1'),
    ('consents', 'consents_by_channel', '1500000 1500000 500000 2 1 1'),
    ('customer_channels', 'customer_channels', '1400000 1400000 2 1'),
    ('customer_channels', 'customer_channels_by_consent', '1400000 1400000 400000 300000 1'),
    ('notes', 'notes', '500000 500000 1'),
    ('notes', 'notes_by_customer', '500000 500000 5 1 1'),
    ('events', 'events', '10000000 10000000 2 1'),
    ('events', 'sqlite_autoindex_events_2', '10000000 10000000 3000000 1'),
    ('events', 'events_by_type', '10000000 10000000 1000000 2 1 1'),
    ('events', 'events_by_customer', '10000000 10000000 20 1 1 1');
ANALYZE sqlite_schema;
