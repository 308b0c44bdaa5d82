DROP TABLE events;
DROP TABLE notes;
DROP TABLE customer_channels;
DROP TABLE consents;
DELETE FROM sqlite_stat1 WHERE tbl IN ('consents', 'customer_channels', 'notes', 'events');
