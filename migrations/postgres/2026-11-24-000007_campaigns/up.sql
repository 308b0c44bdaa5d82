-- Campaigns, who was in them, and every contact with a customer.

-- plan: the document that the campaign was made from. launch_token and launch_until: who is drawing the audience now and
-- how long the others wait for it; only with launched_at does the audience exist for anybody else.
CREATE TABLE campaigns (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    purpose text NOT NULL,
    state text COLLATE "C" NOT NULL,
    plan jsonb NOT NULL,
    seed text NOT NULL,
    external boolean NOT NULL,
    scheduled_at timestamptz,
    launched_at timestamptz,
    ends_at timestamptz,
    ended_at timestamptz,
    launch_token uuid,
    launch_until timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX campaigns_by_state ON campaigns (tenant_id, state, scheduled_at);
CREATE INDEX campaigns_by_launch ON campaigns (tenant_id, launched_at);

-- arm: a variant's key or 'holdout'; NULL for those who were kept out before the draw, with the reason in suppressed.
-- stage, spend_band, shop_id and covariate_amount (spent in the 365 days before) are as they were at the launch.
CREATE TABLE campaign_members (
    tenant_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    origin_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    arm text COLLATE "C",
    suppressed text,
    stage text,
    spend_band text,
    shop_id uuid,
    covariate_amount bigint,
    PRIMARY KEY (tenant_id, campaign_id, origin_id)
);
CREATE INDEX campaign_members_by_customer ON campaign_members (tenant_id, customer_id, campaign_id);

-- The last report of a campaign that is over, for as long as nothing that it was made from changes.
CREATE TABLE campaign_reports (
    tenant_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    version text NOT NULL,
    report jsonb NOT NULL,
    PRIMARY KEY (tenant_id, campaign_id)
);

-- One contact with one customer over one channel, with the first moment of each outcome. touched_at: when it was sent,
-- or else the earliest that is known of it. arm: in which the customer was drawn.
CREATE TABLE touches (
    tenant_id uuid NOT NULL,
    channel text COLLATE "C" NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    origin_id uuid NOT NULL,
    campaign_id uuid,
    arm text COLLATE "C",
    subject text COLLATE "C",
    touched_at timestamptz NOT NULL,
    sent_at timestamptz,
    delivered_at timestamptz,
    opened_at timestamptz,
    clicked_at timestamptz,
    replied_at timestamptz,
    answered_at timestamptz,
    refused_at timestamptz,
    objected_at timestamptz,
    objection text COLLATE "C",
    bounced_at timestamptz,
    complained_at timestamptz,
    unsubscribed_at timestamptz,
    units bigint,
    seconds bigint,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, channel, external_id)
);
CREATE INDEX touches_by_customer ON touches (tenant_id, customer_id, touched_at);
CREATE INDEX touches_by_campaign ON touches (tenant_id, campaign_id, arm, origin_id);
