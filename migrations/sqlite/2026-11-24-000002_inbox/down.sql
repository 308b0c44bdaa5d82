DELETE FROM sqlite_stat1 WHERE tbl = 'jobs';
DROP TABLE jobs;
ANALYZE sqlite_schema;
