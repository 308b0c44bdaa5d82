DELETE FROM sqlite_stat1
WHERE tbl IN ('segments', 'segment_uses') OR idx IN ('customers_gone', 'order_lines_by_category');
DROP INDEX order_lines_by_category;
DROP INDEX customers_gone;
DROP TABLE segment_uses;
DROP TABLE segments;
