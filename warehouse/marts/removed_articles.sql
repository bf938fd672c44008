-- topic: The past
-- unit seconds_online: seconds
-- unit word_count: words; characters in Chinese, Japanese, Korean and Thai
-- empty in the demo: nothing is taken down there
-- example:
--   SELECT gone_at, feed_id, title, gone_reason, to_seconds(seconds_online) AS after
--   FROM marts.removed_articles
--   LIMIT 20
CREATE OR REPLACE VIEW marts.removed_articles AS
SELECT
    a.article_id, p.feed_id, a.url, a.title, a.published_at, a.first_seen_at, p.gone_at, p.gone_reason, p.back_at,
    CAST(epoch(p.gone_at) - epoch(least(a.published_at, a.first_seen_at)) AS BIGINT) AS seconds_online,
    a.word_count
FROM clean.pages p JOIN clean.articles a ON a.article_id = p.article_id
WHERE p.gone_at IS NOT NULL
ORDER BY p.gone_at DESC;
COMMENT ON VIEW marts.removed_articles IS 'Articles whose pages were taken down: missing twice, a day apart by default. Their texts and images stay in the warehouse. They are asked for again a week and a month later: back_at has those that were there again.';
COMMENT ON COLUMN marts.removed_articles.article_id IS 'The article; clean.articles.article_id';
COMMENT ON COLUMN marts.removed_articles.feed_id IS 'The feed that it came from; its id in feeds.toml';
COMMENT ON COLUMN marts.removed_articles.url IS 'The address that its page had, tracking left out';
COMMENT ON COLUMN marts.removed_articles.title IS 'Plain text';
COMMENT ON COLUMN marts.removed_articles.published_at IS 'When it was published, UTC; when newsmill first saw it where the feed doesn''t say';
COMMENT ON COLUMN marts.removed_articles.first_seen_at IS 'When newsmill first saw it, UTC';
COMMENT ON COLUMN marts.removed_articles.gone_at IS 'When its page was found to be gone, UTC';
COMMENT ON COLUMN marts.removed_articles.gone_reason IS 'How that shows: the answer, or where its address leads';
COMMENT ON COLUMN marts.removed_articles.back_at IS 'When its page was read again, UTC; NULL while it is gone';
COMMENT ON COLUMN marts.removed_articles.seconds_online IS 'From its publication until its page was found to be gone';
COMMENT ON COLUMN marts.removed_articles.word_count IS 'Length of the text that is kept: words in spaced scripts, characters in Chinese, Japanese, Korean and Thai';
