DROP TABLE privacy_requests;
DROP TABLE audit_log;
DROP TABLE tombstones;
DELETE FROM sqlite_stat1 WHERE tbl IN ('tombstones', 'audit_log', 'privacy_requests');
