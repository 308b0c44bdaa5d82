DROP TABLE webhook_rejections;
DROP TABLE webhook_deliveries;
DROP TABLE jobs;
