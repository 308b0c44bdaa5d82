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

-- What platforms pushed, as it came, and what became of it. Ids ascend with the time of arrival. subject: the platform's
-- id of the order or customer that it is about; null where it is about several or could not be read.
CREATE TABLE webhook_deliveries (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    shop_id uuid NOT NULL,
    platform text NOT NULL,
    delivery_key text COLLATE "C" NOT NULL,
    topic text NOT NULL,
    subject text COLLATE "C",
    status text COLLATE "C" NOT NULL,
    error text,
    received_at timestamptz NOT NULL,
    event_at timestamptz,
    settled_at timestamptz,
    attempts bigint NOT NULL,
    headers jsonb NOT NULL,
    tail text NOT NULL,
    query text NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, shop_id, delivery_key)
);
-- Nearly all deliveries are applied at once; these are the others.
CREATE INDEX webhook_deliveries_by_status ON webhook_deliveries (tenant_id, status, id) WHERE status <> 'applied';
CREATE INDEX webhook_deliveries_by_subject ON webhook_deliveries (tenant_id, shop_id, subject);

-- Requests with a wrong signature: the last hundred of each shop, for slots are overwritten. No bodies.
CREATE TABLE webhook_rejections (
    tenant_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    slot bigint NOT NULL,
    rejected_at timestamptz NOT NULL,
    reason text NOT NULL,
    body_bytes bigint NOT NULL,
    user_agent text,
    PRIMARY KEY (tenant_id, shop_id, slot)
);
