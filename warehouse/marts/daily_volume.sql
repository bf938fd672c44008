CREATE OR REPLACE VIEW marts.daily_volume AS
SELECT
    CAST(published_at AS DATE) AS day, feed_id, language,
    count(*) AS articles, sum(word_count) AS words
FROM clean.articles
GROUP BY ALL
ORDER BY day DESC, articles DESC;
COMMENT ON VIEW marts.daily_volume IS 'Articles and words a day (UTC), by feed and language.';
