-- topic: How much
-- unit day: days, UTC
-- unit articles: articles
-- unit words: words; characters in Chinese, Japanese, Korean and Thai
-- example:
--   SELECT day, sum(articles) AS articles FROM marts.daily_volume WHERE language = 'zh' GROUP BY day ORDER BY day DESC
CREATE OR REPLACE VIEW marts.daily_volume AS
SELECT
    CAST(published_at AT TIME ZONE 'UTC' AS DATE) AS day, feed_id, language,
    count(*) AS articles, sum(word_count) AS words
FROM clean.articles
GROUP BY ALL
ORDER BY day DESC, articles DESC;
COMMENT ON VIEW marts.daily_volume IS 'Articles and words a day (UTC), by feed and language.';
COMMENT ON COLUMN marts.daily_volume.day IS 'The day, UTC: the date of published_at';
COMMENT ON COLUMN marts.daily_volume.feed_id IS 'The feed whose texts these are; its id in feeds.toml';
COMMENT ON COLUMN marts.daily_volume.language IS 'ISO 639-1, detected from the text; the feed''s own where the text is too short';
COMMENT ON COLUMN marts.daily_volume.articles IS 'Number of articles published on that day, those that repeat another included: counted in clean.articles';
COMMENT ON COLUMN marts.daily_volume.words IS 'Length of their texts together: words in spaced scripts, characters in Chinese, Japanese, Korean and Thai; the sum of word_count';
