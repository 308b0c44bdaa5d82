-- Each order of a known customer changes these rows, and none of their indexed columns. Where a page has room for the
-- new version of a row, the indexes need not be touched.
ALTER TABLE customers SET (fillfactor = 80);
ALTER TABLE customer_facts SET (fillfactor = 80);
ALTER TABLE customer_shop_facts SET (fillfactor = 80);
