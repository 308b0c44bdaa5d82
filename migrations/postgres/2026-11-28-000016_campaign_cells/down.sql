ALTER TABLE campaign_members DROP COLUMN segments;
