DO $$ BEGIN
    DROP INDEX order_lines_by_category;
    DROP INDEX customers_gone;
END $$;
DROP TABLE segment_uses;
DROP TABLE segments;
