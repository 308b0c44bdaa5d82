-- Segments, and what makes conditions over customers and purchases fast.
--
-- query: the canonical text; filter: the same as JSON.
CREATE TABLE segments (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    query TEXT NOT NULL,
    filter TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
) STRICT;

-- Which segments a segment names in its query.
CREATE TABLE segment_uses (
    tenant_id BLOB NOT NULL,
    segment_id BLOB NOT NULL,
    used_id BLOB NOT NULL,
    PRIMARY KEY (tenant_id, segment_id, used_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX segment_uses_by_used ON segment_uses (tenant_id, used_id, segment_id);

-- The few customers who are no member of anything, so that a condition over facts alone need not read customers.
CREATE INDEX customers_gone ON customers (tenant_id, id) WHERE merged_into IS NOT NULL OR erased_at IS NOT NULL;

-- Purchases by category, which need not read the lines.
CREATE INDEX order_lines_by_category ON order_lines (tenant_id, category, paid_at, customer_id);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('segments', 'sqlite_autoindex_segments_1', '100 100 1'),
    ('segments', 'sqlite_autoindex_segments_2', '100 100 1'),
    ('segment_uses', 'segment_uses', '100 100 2 1'),
    ('segment_uses', 'segment_uses_by_used', '100 100 2 1'),
    ('customers', 'customers_gone', '1000 1000 1'),
    ('order_lines', 'order_lines_by_category', '10000000 10000000 100000 2 1');
ANALYZE sqlite_schema;
