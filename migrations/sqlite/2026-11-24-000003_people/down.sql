DROP TABLE own_contacts;
DROP TABLE separations;
DROP TABLE merges;
DROP TABLE match_links;
DROP TABLE match_keys;
DROP INDEX customers_by_survivor;
ALTER TABLE customers DROP COLUMN regrouped;
ALTER TABLE identities DROP COLUMN origin_id;

DELETE FROM sqlite_stat1
WHERE idx = 'customers_by_survivor' OR tbl IN ('match_keys', 'match_links', 'merges', 'separations', 'own_contacts');
ANALYZE sqlite_schema;
