-- Work that comes due by itself, and the inbox of what platforms push.

-- One row a tenant and job. due_at: for when it is planned; run_at: when it is next looked at (later than due_at after
-- a failure); both are null while a job that runs only when asked has nothing to do. Whoever works on it holds a lease.
CREATE TABLE jobs (
    tenant_id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    due_at timestamptz,
    run_at timestamptz,
    lease_until timestamptz,
    holder uuid,
    failures bigint NOT NULL,
    last_error text,
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, name)
);
