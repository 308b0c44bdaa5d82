DROP TABLE own_contacts;
DROP TABLE separations;
DROP TABLE merges;
DROP TABLE match_links;
DROP TABLE match_keys;
DROP INDEX customers_by_survivor;
ALTER TABLE customers DROP COLUMN regrouped;
ALTER TABLE identities DROP COLUMN origin_id;
