CREATE OR REPLACE VIEW marts.hourly_volume AS
SELECT
    date_trunc('hour', published_at) AS hour, feed_id, language,
    count(*) AS articles, sum(word_count) AS words
FROM clean.articles
GROUP BY ALL
ORDER BY hour DESC, articles DESC;
COMMENT ON VIEW marts.hourly_volume IS 'Articles and words an hour (UTC), by feed and language.';
