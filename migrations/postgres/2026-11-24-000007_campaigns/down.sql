DROP TABLE touches;
DROP TABLE campaign_reports;
DROP TABLE campaign_members;
DROP TABLE campaigns;
