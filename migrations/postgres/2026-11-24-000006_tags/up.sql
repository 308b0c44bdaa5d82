-- Tags, who has them, and who got and lost them when.

-- name_key: the name in small letters, which is what must be unique. segment_id: the segment that the tag follows.
CREATE TABLE tags (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    description text,
    color text,
    segment_id uuid,
    refreshed_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name_key)
);

-- Who has which tag now. source: 'hand', 'rule', or the id of the identity whose platform tells it. One customer may
-- have one tag by several sources, and after a merge by several origins: count customers, not rows.
CREATE TABLE customer_tags (
    tenant_id uuid NOT NULL,
    tag_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    origin_id uuid NOT NULL,
    source text COLLATE "C" NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, tag_id, customer_id, origin_id, source)
);
CREATE INDEX customer_tags_by_customer ON customer_tags (tenant_id, customer_id, tag_id);
CREATE INDEX customer_tags_by_source ON customer_tags (tenant_id, source, tag_id);

-- Each row of customer_tags that came or went. act_id: what one call or one refresh did together. actor: the subject of
-- the token, the segment or the shop.
CREATE TABLE tag_changes (
    tenant_id uuid NOT NULL,
    tag_id uuid NOT NULL,
    act_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    origin_id uuid NOT NULL,
    source text COLLATE "C" NOT NULL,
    gained boolean NOT NULL,
    actor text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, tag_id, act_id, customer_id, origin_id, source)
);
CREATE INDEX tag_changes_by_customer ON tag_changes (tenant_id, customer_id, changed_at);

-- Which version of a person's record told their platform's tags last.
CREATE TABLE platform_tags (
    tenant_id uuid NOT NULL,
    identity_id uuid NOT NULL,
    version timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, identity_id)
);
