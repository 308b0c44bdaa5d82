-- The archive: tenants, shops, customers, products, orders, and the facts that follow from orders.
--
-- tenant_id comes first in every key and index, so that tenants stay apart, indexes stay narrow and the tables can be
-- distributed by it. The tables that orders are written to carry no foreign keys: one door writes them, in one
-- transaction, and a check per row would cost more than the row. Names, keys and texts compare by bytes.

CREATE TABLE tenants (
    tenant_id BLOB NOT NULL,
    name TEXT NOT NULL,
    timezone TEXT NOT NULL,
    currency TEXT NOT NULL,
    country TEXT,
    settings TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (tenant_id)
) STRICT;

CREATE TABLE shops (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    platform TEXT NOT NULL,
    external_id TEXT NOT NULL,
    name TEXT NOT NULL,
    timezone TEXT NOT NULL,
    currency TEXT NOT NULL,
    lifecycle TEXT NOT NULL,
    webhook_secrets TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, platform, external_id)
) STRICT;

-- stamps: which source and version each contact field came from. phone_reversed: digits backwards, so that one index
-- finds a number by its last digits and as a whole.
CREATE TABLE customers (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT,
    name_key TEXT,
    nick TEXT,
    nick_key TEXT,
    gender TEXT,
    birthday TEXT,
    language TEXT,
    phone TEXT,
    phone_reversed TEXT,
    email TEXT,
    email_key TEXT,
    country TEXT,
    province TEXT,
    city TEXT,
    district TEXT,
    address_line TEXT,
    postcode TEXT,
    attributes TEXT NOT NULL,
    stamps TEXT NOT NULL,
    merged_into BLOB,
    erased_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE INDEX customers_by_name ON customers (tenant_id, name_key);
CREATE INDEX customers_by_nick ON customers (tenant_id, nick_key);
CREATE INDEX customers_by_phone ON customers (tenant_id, phone_reversed);
CREATE INDEX customers_by_email ON customers (tenant_id, email_key);
CREATE INDEX customers_by_update ON customers (tenant_id, updated_at, id);

-- How a shop or a channel knows a person. kind external: scope is the shop's id, value the platform's id for the buyer.
CREATE TABLE identities (
    tenant_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    value TEXT NOT NULL,
    id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    verified INTEGER NOT NULL,
    source TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, kind, scope, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_by_customer ON identities (tenant_id, customer_id);
CREATE INDEX identities_by_value ON identities (tenant_id, value);

CREATE TABLE products (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    shop_id BLOB NOT NULL,
    external_id TEXT NOT NULL,
    title TEXT NOT NULL,
    category TEXT,
    brand TEXT,
    tags TEXT NOT NULL,
    currency TEXT NOT NULL,
    price_amount INTEGER,
    cost_amount INTEGER,
    attributes TEXT NOT NULL,
    variants TEXT NOT NULL,
    status TEXT NOT NULL,
    url TEXT,
    image_url TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, shop_id, external_id)
) STRICT;

-- status and the dates are what follows from all that was told (see merge_state for what was told and by which
-- version). gross_amount and net_amount are in the tenant's currency, NULL while no exchange rate is known.
CREATE TABLE orders (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    shop_id BLOB NOT NULL,
    external_id TEXT NOT NULL,
    customer_id BLOB,
    identity_id BLOB,
    status TEXT NOT NULL,
    version INTEGER NOT NULL,
    ordered_at INTEGER NOT NULL,
    paid_at INTEGER,
    shipped_at INTEGER,
    delivered_at INTEGER,
    completed_at INTEGER,
    closed_at INTEGER,
    currency TEXT,
    total_amount INTEGER,
    discount_amount INTEGER,
    shipping_amount INTEGER,
    refunded_amount INTEGER NOT NULL,
    exchange_rate TEXT,
    gross_amount INTEGER,
    net_amount INTEGER,
    items INTEGER NOT NULL,
    source TEXT,
    promotions TEXT NOT NULL,
    coupon_codes TEXT NOT NULL,
    personal TEXT NOT NULL,
    attributes TEXT NOT NULL,
    merge_state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, shop_id, external_id)
) STRICT;
CREATE INDEX orders_by_customer ON orders (tenant_id, customer_id, ordered_at, id);
CREATE INDEX orders_by_order_time ON orders (tenant_id, ordered_at, id);
CREATE INDEX orders_by_payment ON orders (tenant_id, paid_at);

-- customer_id, shop_id and paid_at are the order's, carried along so that purchase conditions need no join.
CREATE TABLE order_lines (
    tenant_id BLOB NOT NULL,
    order_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    shop_id BLOB NOT NULL,
    customer_id BLOB,
    paid_at INTEGER,
    external_id TEXT,
    sku TEXT,
    product_external_id TEXT,
    title TEXT,
    category TEXT,
    attributes TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    unit_amount INTEGER,
    total_amount INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, order_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_lines_by_sku ON order_lines (tenant_id, sku, paid_at, customer_id);

-- derived: refunded money that a total told and no refund of its own explains.
CREATE TABLE order_refunds (
    tenant_id BLOB NOT NULL,
    order_id BLOB NOT NULL,
    external_id TEXT NOT NULL,
    refunded_at INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    derived INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, order_id, external_id)
) STRICT, WITHOUT ROWID;

-- What a customer's orders add up to, in the tenant's currency; every customer has a row. Rebuildable from orders.
CREATE TABLE customer_facts (
    tenant_id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    orders INTEGER NOT NULL,
    orders_kept INTEGER NOT NULL,
    orders_unconverted INTEGER NOT NULL,
    orders_refunded INTEGER NOT NULL,
    unpaid_orders INTEGER NOT NULL,
    gross_amount INTEGER NOT NULL,
    refunded_amount INTEGER NOT NULL,
    spent_amount INTEGER NOT NULL,
    items INTEGER NOT NULL,
    first_order_at INTEGER,
    last_order_at INTEGER,
    PRIMARY KEY (tenant_id, customer_id)
) STRICT, WITHOUT ROWID;

-- The same for each shop in which the customer ordered.
CREATE TABLE customer_shop_facts (
    tenant_id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    shop_id BLOB NOT NULL,
    orders INTEGER NOT NULL,
    orders_kept INTEGER NOT NULL,
    orders_unconverted INTEGER NOT NULL,
    orders_refunded INTEGER NOT NULL,
    unpaid_orders INTEGER NOT NULL,
    gross_amount INTEGER NOT NULL,
    refunded_amount INTEGER NOT NULL,
    spent_amount INTEGER NOT NULL,
    items INTEGER NOT NULL,
    first_order_at INTEGER,
    last_order_at INTEGER,
    PRIMARY KEY (tenant_id, customer_id, shop_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_shop_facts_by_shop ON customer_shop_facts (tenant_id, shop_id, customer_id);

-- Answers to POST requests that carried an Idempotency-Key, kept for a day.
CREATE TABLE idempotency_keys (
    tenant_id BLOB NOT NULL,
    subject TEXT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    status INTEGER NOT NULL,
    answer TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, subject, route, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (tenant_id, created_at);

-- What the planner goes by: how many rows a table has, and how many share the first column of an index, the first two, …
-- Without it SQLite takes a tenant for a handful of rows and reads all of them. The figures are those of one tenant with
-- a million customers; they stay as they are, so that plans do.
ANALYZE;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('customers', 'sqlite_autoindex_customers_1', '1000000 1000000 1'),
    ('customers', 'customers_by_name', '1000000 1000000 20'),
    ('customers', 'customers_by_nick', '1000000 1000000 10'),
    ('customers', 'customers_by_phone', '1000000 1000000 2'),
    ('customers', 'customers_by_email', '1000000 1000000 2'),
    ('customers', 'customers_by_update', '1000000 1000000 10 1'),
    ('identities', 'identities', '1200000 1200000 1200000 400000 1'),
    ('identities', 'identities_by_customer', '1200000 1200000 2'),
    ('identities', 'identities_by_value', '1200000 1200000 2'),
    ('products', 'sqlite_autoindex_products_1', '10000 10000 1'),
    ('products', 'sqlite_autoindex_products_2', '10000 10000 3000 1'),
    ('orders', 'sqlite_autoindex_orders_1', '5000000 5000000 1'),
    ('orders', 'sqlite_autoindex_orders_2', '5000000 5000000 1500000 1'),
    ('orders', 'orders_by_customer', '5000000 5000000 5 2 1'),
    ('orders', 'orders_by_order_time', '5000000 5000000 2 1'),
    ('orders', 'orders_by_payment', '5000000 5000000 2'),
    ('order_lines', 'order_lines', '10000000 10000000 2 1'),
    ('order_lines', 'order_lines_by_sku', '10000000 10000000 1000 2 1'),
    ('order_refunds', 'order_refunds', '500000 500000 2 1'),
    ('customer_facts', 'customer_facts', '1000000 1000000 1'),
    ('customer_shop_facts', 'customer_shop_facts', '1500000 1500000 2 1'),
    ('customer_shop_facts', 'customer_shop_facts_by_shop', '1500000 1500000 500000 1');
ANALYZE sqlite_schema;
