-- Which of the campaign's cell_segments the member was in at the launch: one bit for each, in their order.
ALTER TABLE campaign_members ADD COLUMN segments bigint;
-- Reports are kept as they were answered, to the last digit.
ALTER TABLE campaign_reports ALTER COLUMN report TYPE text USING report::text;
