-- Tags that a platform told one by one, as given and taken, instead of all at once: for each name what was said last, and by
-- which version. What platform_tags says was told of all tags later stands above it.
CREATE TABLE platform_tag_words (
    tenant_id BLOB NOT NULL,
    identity_id BLOB NOT NULL,
    name_key TEXT NOT NULL,
    given INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, identity_id, name_key)
) STRICT, WITHOUT ROWID;

-- What the planner goes by; see the archive's tables.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('platform_tag_words', 'platform_tag_words', '2000000 2000000 2 1');
ANALYZE sqlite_schema;
