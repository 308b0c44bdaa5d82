DROP TABLE events;
DROP TABLE notes;
DROP TABLE customer_channels;
DROP TABLE consents;
