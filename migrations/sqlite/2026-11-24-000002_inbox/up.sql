-- Work that comes due by itself, and the inbox of what platforms push.

-- One row a tenant and job. due_at: for when it is planned; run_at: when it is next looked at (later than due_at after
-- a failure); both are null while a job that runs only when asked has nothing to do. Whoever works on it holds a lease.
CREATE TABLE jobs (
    tenant_id BLOB NOT NULL,
    name TEXT NOT NULL,
    due_at INTEGER,
    run_at INTEGER,
    lease_until INTEGER,
    holder BLOB,
    failures INTEGER NOT NULL,
    last_error TEXT,
    finished_at INTEGER,
    PRIMARY KEY (tenant_id, name)
) STRICT, WITHOUT ROWID;

-- What platforms pushed, as it came, and what became of it. Ids ascend with the time of arrival. subject: the platform's
-- id of the order or customer that it is about; null where it is about several or could not be read.
CREATE TABLE webhook_deliveries (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    shop_id BLOB NOT NULL,
    platform TEXT NOT NULL,
    delivery_key TEXT NOT NULL,
    topic TEXT NOT NULL,
    subject TEXT,
    status TEXT NOT NULL,
    error TEXT,
    received_at INTEGER NOT NULL,
    event_at INTEGER,
    settled_at INTEGER,
    attempts INTEGER NOT NULL,
    headers TEXT NOT NULL,
    tail TEXT NOT NULL,
    query TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, shop_id, delivery_key)
) STRICT;
-- Nearly all deliveries are applied at once; these are the others.
CREATE INDEX webhook_deliveries_by_status ON webhook_deliveries (tenant_id, status, id) WHERE status <> 'applied';
CREATE INDEX webhook_deliveries_by_subject ON webhook_deliveries (tenant_id, shop_id, subject);

-- Requests with a wrong signature: the last hundred of each shop, for slots are overwritten. No bodies.
CREATE TABLE webhook_rejections (
    tenant_id BLOB NOT NULL,
    shop_id BLOB NOT NULL,
    slot INTEGER NOT NULL,
    rejected_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    body_bytes INTEGER NOT NULL,
    user_agent TEXT,
    PRIMARY KEY (tenant_id, shop_id, slot)
) STRICT, WITHOUT ROWID;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('jobs', 'jobs', '50000 5 1'),
    ('webhook_deliveries', 'sqlite_autoindex_webhook_deliveries_1', '1000000 1000000 1'),
    ('webhook_deliveries', 'sqlite_autoindex_webhook_deliveries_2', '1000000 1000000 300000 1'),
    ('webhook_deliveries', 'webhook_deliveries_by_status', '10000 10000 3000 1'),
    ('webhook_deliveries', 'webhook_deliveries_by_subject', '1000000 1000000 300000 4'),
    ('webhook_rejections', 'webhook_rejections', '300 300 100 1');
ANALYZE sqlite_schema;
