-- The rest of a customer's file: consents, notes, behaviour events.
--
-- customer_id is in whose file a row is now, origin_id with whom it was recorded: a merge changes the one and never the
-- other.

-- What was said about contact over a channel, for ever: by whom, when, where. A statement that is told again is the same
-- row. recorded_by: the subject of the token, or null where a platform or a touch told it.
CREATE TABLE consents (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    origin_id uuid NOT NULL,
    channel text COLLATE "C" NOT NULL,
    granted boolean NOT NULL,
    stated_at timestamptz NOT NULL,
    source text COLLATE "C" NOT NULL,
    note text,
    recorded_by text,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, origin_id, channel, stated_at, granted, source)
);
CREATE INDEX consents_by_customer ON consents (tenant_id, customer_id, stated_at, id);
CREATE INDEX consents_by_channel ON consents (tenant_id, channel, customer_id, stated_at, granted);

-- What follows from the statements: the state of each channel now, and since when it has been so. Rebuildable.
CREATE TABLE customer_channels (
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    channel text COLLATE "C" NOT NULL,
    granted boolean NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, customer_id, channel)
);
CREATE INDEX customer_channels_by_consent ON customer_channels (tenant_id, channel, granted, customer_id);

-- What people at the desk wrote down.
CREATE TABLE notes (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    origin_id uuid NOT NULL,
    body text NOT NULL,
    author text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX notes_by_customer ON notes (tenant_id, customer_id, created_at, id);

-- What customers did beside buying. external_id: the sender's own, so that an event that is sent again is one.
CREATE TABLE events (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    origin_id uuid NOT NULL,
    shop_id uuid,
    type text COLLATE "C" NOT NULL,
    occurred_at timestamptz NOT NULL,
    properties jsonb NOT NULL,
    external_id text COLLATE "C",
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, occurred_at, id),
    UNIQUE (tenant_id, shop_id, external_id)
);
CREATE INDEX events_by_type ON events (tenant_id, type, occurred_at, id, customer_id);
CREATE INDEX events_by_customer ON events (tenant_id, customer_id, occurred_at, id, type);
