-- Who is one person: what was told of people's own phones and mailboxes, and what was merged, by whom and why.

-- The customer for whom an identity was made; customer_id follows merges.
ALTER TABLE identities ADD COLUMN origin_id uuid;
UPDATE identities SET origin_id = customer_id;

-- Counts how often a merge or its undo changed who belongs to this customer; NULL while none did.
ALTER TABLE customers ADD COLUMN regrouped bigint;
DO $$ BEGIN
    CREATE INDEX customers_by_survivor ON customers (tenant_id, merged_into) WHERE merged_into IS NOT NULL;
END $$;

-- Phones and mailboxes that somebody vouched for. Who changes a key's links holds its row. shared_at: since when it is
-- known to be used by more people than one, and matches nobody.
CREATE TABLE match_keys (
    tenant_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    shared_at timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, kind, value)
);

-- Of which customers they were told. customer_id stays whatever is merged; shop_id: the shop that told, where it knows
-- the customer by an id of its own.
CREATE TABLE match_links (
    tenant_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    customer_id uuid NOT NULL,
    id uuid NOT NULL,
    shop_id uuid,
    source text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, kind, value, customer_id)
);
CREATE INDEX match_links_by_customer ON match_links (tenant_id, customer_id);

-- sides: the customers who stood on either side when it was done.
CREATE TABLE merges (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    into_id uuid NOT NULL,
    from_id uuid NOT NULL,
    key_kind text,
    key_value text,
    sides jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text,
    undone_at timestamptz,
    undone_by text,
    undone_because text,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX merges_by_from ON merges (tenant_id, from_id);
CREATE INDEX merges_by_into ON merges (tenant_id, into_id);

-- Those on one side are not the same as those on the other.
CREATE TABLE separations (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    side bigint NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text,
    PRIMARY KEY (tenant_id, id, customer_id)
);
CREATE INDEX separations_by_customer ON separations (tenant_id, customer_id);

-- What was told of a customer alone, while their row shows the join with all who are merged into them.
CREATE TABLE own_contacts (
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    contact jsonb NOT NULL,
    PRIMARY KEY (tenant_id, customer_id)
);
