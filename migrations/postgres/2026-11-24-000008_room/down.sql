ALTER TABLE customers RESET (fillfactor);
ALTER TABLE customer_facts RESET (fillfactor);
ALTER TABLE customer_shop_facts RESET (fillfactor);
