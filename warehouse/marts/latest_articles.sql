-- topic: What is new
-- note: Near duplicates are left out.
-- unit word_count: words; characters in Chinese, Japanese, Korean and Thai
-- unit version: from 1
-- example:
--   SELECT published_at, feed, title FROM marts.latest_articles LIMIT 20
CREATE OR REPLACE VIEW marts.latest_articles AS
SELECT
    a.article_id, a.feed_id, f.name AS feed, a.title, a.author, a.published_at, a.first_seen_at, a.language,
    a.word_count, a.summary, a.url, a.version, i.path AS lead_image
FROM clean.articles a
LEFT JOIN ops.feeds f USING (feed_id)
LEFT JOIN clean.images i ON i.image_id = a.lead_image_id AND i.status = 'stored'
WHERE a.duplicate_of IS NULL
ORDER BY a.published_at DESC;
COMMENT ON VIEW marts.latest_articles IS 'Articles, the newest first, with their feed and lead image.';
COMMENT ON COLUMN marts.latest_articles.article_id IS 'Digest of what first identified it, the same in every warehouse; clean.articles.article_id';
COMMENT ON COLUMN marts.latest_articles.feed_id IS 'The feed whose text this is; its id in feeds.toml';
COMMENT ON COLUMN marts.latest_articles.feed IS 'The feed''s name in feeds.toml';
COMMENT ON COLUMN marts.latest_articles.title IS 'Title as plain text';
COMMENT ON COLUMN marts.latest_articles.author IS 'Names as the feed gives them, joined by commas';
COMMENT ON COLUMN marts.latest_articles.published_at IS 'When it was published, UTC; when newsmill first saw it where the feed doesn''t say';
COMMENT ON COLUMN marts.latest_articles.first_seen_at IS 'When newsmill first saw it, UTC';
COMMENT ON COLUMN marts.latest_articles.language IS 'ISO 639-1, detected from the text; the feed''s own where the text is too short';
COMMENT ON COLUMN marts.latest_articles.word_count IS 'Length of the text: words in spaced scripts, characters in Chinese, Japanese, Korean and Thai';
COMMENT ON COLUMN marts.latest_articles.summary IS 'The feed''s summary or the beginning of the text: plain text, about 300 characters at most';
COMMENT ON COLUMN marts.latest_articles.url IS 'Its address, tracking left out';
COMMENT ON COLUMN marts.latest_articles.version IS 'Number of versions that have been seen, from 1; this row is the last';
COMMENT ON COLUMN marts.latest_articles.lead_image IS 'File of its first image, relative to the image store; NULL where it has none, or that is not stored';
