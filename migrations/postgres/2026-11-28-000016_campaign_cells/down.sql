ALTER TABLE campaign_reports ALTER COLUMN report TYPE jsonb USING report::jsonb;
ALTER TABLE campaign_members DROP COLUMN segments;
