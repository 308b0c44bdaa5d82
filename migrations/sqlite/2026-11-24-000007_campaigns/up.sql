-- Campaigns, who was in them, and every contact with a customer.

-- plan: the document that the campaign was made from. launch_token and launch_until: who is drawing the audience now and
-- how long the others wait for it; only with launched_at does the audience exist for anybody else.
CREATE TABLE campaigns (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    purpose TEXT NOT NULL,
    state TEXT NOT NULL,
    plan TEXT NOT NULL,
    seed TEXT NOT NULL,
    external INTEGER NOT NULL,
    scheduled_at INTEGER,
    launched_at INTEGER,
    ends_at INTEGER,
    ended_at INTEGER,
    launch_token BLOB,
    launch_until INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE INDEX campaigns_by_state ON campaigns (tenant_id, state, scheduled_at);
CREATE INDEX campaigns_by_launch ON campaigns (tenant_id, launched_at);

-- arm: a variant's key or 'holdout'; NULL for those who were kept out before the draw, with the reason in suppressed.
-- stage, spend_band, shop_id and covariate_amount (spent in the 365 days before) are as they were at the launch.
CREATE TABLE campaign_members (
    tenant_id BLOB NOT NULL,
    campaign_id BLOB NOT NULL,
    origin_id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    arm TEXT,
    suppressed TEXT,
    stage TEXT,
    spend_band TEXT,
    shop_id BLOB,
    covariate_amount INTEGER,
    PRIMARY KEY (tenant_id, campaign_id, origin_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX campaign_members_by_customer ON campaign_members (tenant_id, customer_id, campaign_id);

-- The last report of a campaign that is over, for as long as nothing that it was made from changes.
CREATE TABLE campaign_reports (
    tenant_id BLOB NOT NULL,
    campaign_id BLOB NOT NULL,
    version TEXT NOT NULL,
    report TEXT NOT NULL,
    PRIMARY KEY (tenant_id, campaign_id)
) STRICT, WITHOUT ROWID;

-- One contact with one customer over one channel, with the first moment of each outcome. touched_at: when it was sent,
-- or else the earliest that is known of it. arm: in which the customer was drawn.
CREATE TABLE touches (
    tenant_id BLOB NOT NULL,
    channel TEXT NOT NULL,
    external_id TEXT NOT NULL,
    id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    origin_id BLOB NOT NULL,
    campaign_id BLOB,
    arm TEXT,
    subject TEXT,
    touched_at INTEGER NOT NULL,
    sent_at INTEGER,
    delivered_at INTEGER,
    opened_at INTEGER,
    clicked_at INTEGER,
    replied_at INTEGER,
    answered_at INTEGER,
    refused_at INTEGER,
    objected_at INTEGER,
    objection TEXT,
    bounced_at INTEGER,
    complained_at INTEGER,
    unsubscribed_at INTEGER,
    units INTEGER,
    seconds INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, channel, external_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX touches_by_customer ON touches (tenant_id, customer_id, touched_at);
CREATE INDEX touches_by_campaign ON touches (tenant_id, campaign_id, arm, origin_id);

-- As in the archive: the figures of one tenant with a million customers.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('campaigns', 'sqlite_autoindex_campaigns_1', '200 200 1'),
    ('campaigns', 'campaigns_by_state', '200 200 50 2'),
    ('campaigns', 'campaigns_by_launch', '200 200 2'),
    ('campaign_members', 'campaign_members', '5000000 5000000 50000 1'),
    ('campaign_members', 'campaign_members_by_customer', '5000000 5000000 5 1'),
    ('campaign_reports', 'campaign_reports', '200 200 1'),
    ('touches', 'touches', '5000000 5000000 2000000 1'),
    ('touches', 'touches_by_customer', '5000000 5000000 5 1'),
    ('touches', 'touches_by_campaign', '5000000 5000000 50000 20000 1');
ANALYZE sqlite_schema;
