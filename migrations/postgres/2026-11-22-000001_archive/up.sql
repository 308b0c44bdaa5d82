-- The archive: tenants, shops, customers, products, orders, and the facts that follow from orders.
--
-- tenant_id comes first in every key and index, so that tenants stay apart, indexes stay narrow and the tables can be
-- distributed by it. The tables that orders are written to carry no foreign keys: one door writes them, in one
-- transaction, and a check per row would cost more than the row. Names, keys and texts compare by bytes ("C").

CREATE TABLE tenants (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    timezone text NOT NULL,
    currency text NOT NULL,
    country text,
    settings jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (tenant_id)
);

CREATE TABLE shops (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    platform text COLLATE "C" NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    timezone text NOT NULL,
    currency text NOT NULL,
    lifecycle jsonb NOT NULL,
    webhook_secrets text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, platform, external_id)
);

-- stamps: which source and version each contact field came from. phone_reversed: digits backwards, so that one index
-- finds a number by its last digits and as a whole.
CREATE TABLE customers (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text,
    name_key text COLLATE "C",
    nick text,
    nick_key text COLLATE "C",
    gender text,
    birthday text,
    language text,
    phone text,
    phone_reversed text COLLATE "C",
    email text,
    email_key text COLLATE "C",
    country text,
    province text,
    city text,
    district text,
    address_line text,
    postcode text,
    attributes jsonb NOT NULL,
    stamps jsonb NOT NULL,
    merged_into uuid,
    erased_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX customers_by_name ON customers (tenant_id, name_key);
CREATE INDEX customers_by_nick ON customers (tenant_id, nick_key);
CREATE INDEX customers_by_phone ON customers (tenant_id, phone_reversed);
CREATE INDEX customers_by_email ON customers (tenant_id, email_key);
CREATE INDEX customers_by_update ON customers (tenant_id, updated_at, id);

-- How a shop or a channel knows a person. kind external: scope is the shop's id, value the platform's id for the buyer.
CREATE TABLE identities (
    tenant_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    scope text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    verified boolean NOT NULL,
    source text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, kind, scope, value)
);
CREATE INDEX identities_by_customer ON identities (tenant_id, customer_id);
CREATE INDEX identities_by_value ON identities (tenant_id, value);

CREATE TABLE products (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    shop_id uuid NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    title text NOT NULL,
    category text COLLATE "C",
    brand text,
    tags jsonb NOT NULL,
    currency text NOT NULL,
    price_amount bigint,
    cost_amount bigint,
    attributes jsonb NOT NULL,
    variants jsonb NOT NULL,
    status text NOT NULL,
    url text,
    image_url text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, shop_id, external_id)
);

-- status and the dates are what follows from all that was told (see merge_state for what was told and by which
-- version). gross_amount and net_amount are in the tenant's currency, NULL while no exchange rate is known.
CREATE TABLE orders (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    shop_id uuid NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    customer_id uuid,
    identity_id uuid,
    status text NOT NULL,
    version timestamptz NOT NULL,
    ordered_at timestamptz NOT NULL,
    paid_at timestamptz,
    shipped_at timestamptz,
    delivered_at timestamptz,
    completed_at timestamptz,
    closed_at timestamptz,
    currency text,
    total_amount bigint,
    discount_amount bigint,
    shipping_amount bigint,
    refunded_amount bigint NOT NULL,
    exchange_rate text,
    gross_amount bigint,
    net_amount bigint,
    items bigint NOT NULL,
    source text,
    promotions jsonb NOT NULL,
    coupon_codes jsonb NOT NULL,
    personal jsonb NOT NULL,
    attributes jsonb NOT NULL,
    merge_state jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, shop_id, external_id)
);
CREATE INDEX orders_by_customer ON orders (tenant_id, customer_id, ordered_at, id);
CREATE INDEX orders_by_order_time ON orders (tenant_id, ordered_at, id);
CREATE INDEX orders_by_payment ON orders (tenant_id, paid_at);

-- customer_id, shop_id and paid_at are the order's, carried along so that purchase conditions need no join.
CREATE TABLE order_lines (
    tenant_id uuid NOT NULL,
    order_id uuid NOT NULL,
    position bigint NOT NULL,
    shop_id uuid NOT NULL,
    customer_id uuid,
    paid_at timestamptz,
    external_id text,
    sku text COLLATE "C",
    product_external_id text COLLATE "C",
    title text,
    category text COLLATE "C",
    attributes jsonb NOT NULL,
    quantity bigint NOT NULL,
    unit_amount bigint,
    total_amount bigint NOT NULL,
    PRIMARY KEY (tenant_id, order_id, position)
);
CREATE INDEX order_lines_by_sku ON order_lines (tenant_id, sku, paid_at, customer_id);

-- derived: refunded money that a total told and no refund of its own explains.
CREATE TABLE order_refunds (
    tenant_id uuid NOT NULL,
    order_id uuid NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    refunded_at timestamptz NOT NULL,
    amount bigint NOT NULL,
    derived boolean NOT NULL,
    PRIMARY KEY (tenant_id, order_id, external_id)
);

-- What a customer's orders add up to, in the tenant's currency; every customer has a row. Rebuildable from orders.
CREATE TABLE customer_facts (
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    orders bigint NOT NULL,
    orders_kept bigint NOT NULL,
    orders_unconverted bigint NOT NULL,
    orders_refunded bigint NOT NULL,
    unpaid_orders bigint NOT NULL,
    gross_amount bigint NOT NULL,
    refunded_amount bigint NOT NULL,
    spent_amount bigint NOT NULL,
    items bigint NOT NULL,
    first_order_at timestamptz,
    last_order_at timestamptz,
    PRIMARY KEY (tenant_id, customer_id)
);

-- The same for each shop in which the customer ordered.
CREATE TABLE customer_shop_facts (
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    orders bigint NOT NULL,
    orders_kept bigint NOT NULL,
    orders_unconverted bigint NOT NULL,
    orders_refunded bigint NOT NULL,
    unpaid_orders bigint NOT NULL,
    gross_amount bigint NOT NULL,
    refunded_amount bigint NOT NULL,
    spent_amount bigint NOT NULL,
    items bigint NOT NULL,
    first_order_at timestamptz,
    last_order_at timestamptz,
    PRIMARY KEY (tenant_id, customer_id, shop_id)
);
CREATE INDEX customer_shop_facts_by_shop ON customer_shop_facts (tenant_id, shop_id, customer_id);

-- Answers to POST requests that carried an Idempotency-Key, kept for a day.
CREATE TABLE idempotency_keys (
    tenant_id uuid NOT NULL,
    subject text COLLATE "C" NOT NULL,
    route text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    body_hash text NOT NULL,
    status bigint NOT NULL,
    answer jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, subject, route, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (tenant_id, created_at);
