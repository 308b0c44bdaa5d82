DELETE FROM sqlite_stat1 WHERE tbl IN ('campaigns', 'campaign_members', 'campaign_reports', 'touches');
DROP TABLE touches;
DROP TABLE campaign_reports;
DROP TABLE campaign_members;
DROP TABLE campaigns;
ANALYZE sqlite_schema;
