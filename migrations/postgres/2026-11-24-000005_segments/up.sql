-- Segments, and what makes conditions over customers and purchases fast.
--
-- query: the canonical text; filter: the same as JSON.
CREATE TABLE segments (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    description text,
    query text NOT NULL,
    filter jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
);

-- Which segments a segment names in its query.
CREATE TABLE segment_uses (
    tenant_id uuid NOT NULL,
    segment_id uuid NOT NULL,
    used_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, segment_id, used_id)
);
CREATE INDEX segment_uses_by_used ON segment_uses (tenant_id, used_id, segment_id);

-- The few customers who are no member of anything, so that a condition over facts alone need not read customers.
-- Purchases by category, which need not read the lines.
DO $$ BEGIN
    CREATE INDEX customers_gone ON customers (tenant_id, id) WHERE merged_into IS NOT NULL OR erased_at IS NOT NULL;
    CREATE INDEX order_lines_by_category ON order_lines (tenant_id, category, paid_at, customer_id);
END $$;
