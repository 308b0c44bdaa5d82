DELETE FROM sqlite_stat1 WHERE tbl IN ('jobs', 'webhook_deliveries', 'webhook_rejections');
DROP TABLE webhook_rejections;
DROP TABLE webhook_deliveries;
DROP TABLE jobs;
ANALYZE sqlite_schema;
