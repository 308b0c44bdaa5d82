-- Tags that a platform told one by one, as given and taken, instead of all at once: for each name what was said last, and by
-- which version. What platform_tags says was told of all tags later stands above it.
CREATE TABLE platform_tag_words (
    tenant_id uuid NOT NULL,
    identity_id uuid NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    given boolean NOT NULL,
    version timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, identity_id, name_key)
);
