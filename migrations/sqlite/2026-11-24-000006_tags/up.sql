-- Tags, who has them, and who got and lost them when.

-- name_key: the name in small letters, which is what must be unique. segment_id: the segment that the tag follows.
CREATE TABLE tags (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT,
    color TEXT,
    segment_id BLOB,
    refreshed_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name_key)
) STRICT;

-- Who has which tag now. source: 'hand', 'rule', or the id of the identity whose platform tells it. One customer may
-- have one tag by several sources, and after a merge by several origins: count customers, not rows.
CREATE TABLE customer_tags (
    tenant_id BLOB NOT NULL,
    tag_id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    origin_id BLOB NOT NULL,
    source TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, tag_id, customer_id, origin_id, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_tags_by_customer ON customer_tags (tenant_id, customer_id, tag_id);
CREATE INDEX customer_tags_by_source ON customer_tags (tenant_id, source, tag_id);

-- Each row of customer_tags that came or went. act_id: what one call or one refresh did together. actor: the subject of
-- the token, the segment or the shop.
CREATE TABLE tag_changes (
    tenant_id BLOB NOT NULL,
    tag_id BLOB NOT NULL,
    act_id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    origin_id BLOB NOT NULL,
    source TEXT NOT NULL,
    gained INTEGER NOT NULL,
    actor TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, tag_id, act_id, customer_id, origin_id, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_changes_by_customer ON tag_changes (tenant_id, customer_id, changed_at);

-- Which version of a person's record told their platform's tags last.
CREATE TABLE platform_tags (
    tenant_id BLOB NOT NULL,
    identity_id BLOB NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, identity_id)
) STRICT, WITHOUT ROWID;

-- What the planner goes by; see the archive's tables.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('tags', 'sqlite_autoindex_tags_1', '200 200 1'),
    ('tags', 'sqlite_autoindex_tags_2', '200 200 1'),
    ('customer_tags', 'customer_tags', '2000000 2000000 10000 1 1 1'),
    ('customer_tags', 'customer_tags_by_customer', '2000000 2000000 2 1'),
    ('customer_tags', 'customer_tags_by_source', '2000000 2000000 1000 10'),
    ('tag_changes', 'tag_changes', '5000000 5000000 25000 1000 1 1 1'),
    ('tag_changes', 'tag_changes_by_customer', '5000000 5000000 5 1'),
    ('platform_tags', 'platform_tags', '1000000 1000000 1');
ANALYZE sqlite_schema;
