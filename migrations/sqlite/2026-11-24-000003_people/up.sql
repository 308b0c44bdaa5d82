-- Who is one person: what was told of people's own phones and mailboxes, and what was merged, by whom and why.

-- The customer for whom an identity was made; customer_id follows merges.
ALTER TABLE identities ADD COLUMN origin_id BLOB;
UPDATE identities SET origin_id = customer_id;

-- Counts how often a merge or its undo changed who belongs to this customer; NULL while none did.
ALTER TABLE customers ADD COLUMN regrouped INTEGER;
CREATE INDEX customers_by_survivor ON customers (tenant_id, merged_into) WHERE merged_into IS NOT NULL;

-- Phones and mailboxes that somebody vouched for. Who changes a key's links holds its row. shared_at: since when it is
-- known to be used by more people than one, and matches nobody.
CREATE TABLE match_keys (
    tenant_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    shared_at INTEGER,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, kind, value)
) STRICT, WITHOUT ROWID;

-- Of which customers they were told. customer_id stays whatever is merged; shop_id: the shop that told, where it knows
-- the customer by an id of its own.
CREATE TABLE match_links (
    tenant_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    customer_id BLOB NOT NULL,
    id BLOB NOT NULL,
    shop_id BLOB,
    source TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, kind, value, customer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX match_links_by_customer ON match_links (tenant_id, customer_id);

-- sides: the customers who stood on either side when it was done.
CREATE TABLE merges (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    into_id BLOB NOT NULL,
    from_id BLOB NOT NULL,
    key_kind TEXT,
    key_value TEXT,
    sides TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT,
    undone_at INTEGER,
    undone_by TEXT,
    undone_because TEXT,
    PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE INDEX merges_by_from ON merges (tenant_id, from_id);
CREATE INDEX merges_by_into ON merges (tenant_id, into_id);

-- Those on one side are not the same as those on the other.
CREATE TABLE separations (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    side INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT,
    PRIMARY KEY (tenant_id, id, customer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX separations_by_customer ON separations (tenant_id, customer_id);

-- What was told of a customer alone, while their row shows the join with all who are merged into them.
CREATE TABLE own_contacts (
    tenant_id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    contact TEXT NOT NULL,
    PRIMARY KEY (tenant_id, customer_id)
) STRICT, WITHOUT ROWID;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('customers', 'customers_by_survivor', '50000 50000 2'),
    ('match_keys', 'match_keys', '500000 500000 250000 1'),
    ('match_links', 'match_links', '600000 600000 300000 2 1'),
    ('match_links', 'match_links_by_customer', '600000 600000 2'),
    ('merges', 'sqlite_autoindex_merges_1', '50000 50000 1'),
    ('merges', 'merges_by_from', '50000 50000 1'),
    ('merges', 'merges_by_into', '50000 50000 2'),
    ('separations', 'separations', '1000 1000 2 1'),
    ('separations', 'separations_by_customer', '1000 1000 1'),
    ('own_contacts', 'own_contacts', '50000 50000 1');
ANALYZE sqlite_schema;
