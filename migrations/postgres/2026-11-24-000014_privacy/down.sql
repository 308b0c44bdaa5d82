DROP TABLE privacy_requests;
DROP TABLE audit_log;
DROP TABLE tombstones;
