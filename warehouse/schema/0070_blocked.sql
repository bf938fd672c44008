-- Which entries a feed's keep and block rules leave out. They count for how often the feed publishes, so that their own
-- dates are needed.

ALTER TABLE raw.entries ADD COLUMN published_at TIMESTAMPTZ;
ALTER TABLE raw.entries ADD COLUMN blocked_by VARCHAR;
COMMENT ON COLUMN raw.entries.published_at IS 'When it was published, as the feed says, UTC; NULL where it doesn''t, and in rows that an earlier newsmill loaded';
COMMENT ON COLUMN raw.entries.blocked_by IS 'The keep or block rule in feeds.toml that makes no article of it; NULL for all others';
COMMENT ON COLUMN raw.entries.article_id IS 'The article it is; clean.articles.article_id; NULL if it could not be cleaned, or a rule blocks it';
