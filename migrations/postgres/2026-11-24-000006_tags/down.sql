DROP TABLE platform_tags;
DROP TABLE tag_changes;
DROP TABLE customer_tags;
DROP TABLE tags;
