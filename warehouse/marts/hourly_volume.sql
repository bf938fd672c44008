-- topic: How much
-- unit articles: articles
-- unit words: words; characters in Chinese, Japanese, Korean and Thai
-- example:
--   SELECT hour(hour AT TIME ZONE 'UTC') AS hour_of_day, sum(articles) AS articles FROM marts.hourly_volume GROUP BY ALL ORDER BY ALL
CREATE OR REPLACE VIEW marts.hourly_volume AS
SELECT
    -- in UTC, because half an hour divides some time zones from it
    date_trunc('hour', published_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS hour, feed_id, language,
    count(*) AS articles, sum(word_count) AS words
FROM clean.articles
GROUP BY ALL
ORDER BY hour DESC, articles DESC;
COMMENT ON VIEW marts.hourly_volume IS 'Articles and words an hour (UTC), by feed and language.';
COMMENT ON COLUMN marts.hourly_volume.hour IS 'Beginning of the hour, UTC: published_at without minutes and seconds';
COMMENT ON COLUMN marts.hourly_volume.feed_id IS 'The feed whose texts these are; its id in feeds.toml';
COMMENT ON COLUMN marts.hourly_volume.language IS 'ISO 639-1, detected from the text; the feed''s own where the text is too short';
COMMENT ON COLUMN marts.hourly_volume.articles IS 'Number of articles published in that hour, those that repeat another included: counted in clean.articles';
COMMENT ON COLUMN marts.hourly_volume.words IS 'Length of their texts together: words in spaced scripts, characters in Chinese, Japanese, Korean and Thai; the sum of word_count';
