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

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('jobs', 'jobs', '50000 5 1');
ANALYZE sqlite_schema;
