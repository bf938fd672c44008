-- topic: How well
-- unit articles: articles
-- unit median_seconds: seconds
-- unit p90_seconds: seconds
-- example:
--   SELECT feed_id, articles, to_seconds(median_seconds) AS median, to_seconds(p90_seconds) AS p90
--   FROM marts.publication_lag
CREATE OR REPLACE VIEW marts.publication_lag AS
SELECT
    feed_id,
    count(*) AS articles,
    quantile_cont(epoch(first_seen_at - published_at), 0.5) AS median_seconds,
    quantile_cont(epoch(first_seen_at - published_at), 0.9) AS p90_seconds
FROM clean.articles
WHERE published_known AND source = 'feed'
GROUP BY feed_id
ORDER BY median_seconds;
COMMENT ON VIEW marts.publication_lag IS 'How long after their publication a feed''s articles are first seen: the median and the 90th percentile, in seconds. Only live feeds, and articles whose feed says when they were published. What a feed held when it was added counts too.';
COMMENT ON COLUMN marts.publication_lag.feed_id IS 'The feed that was measured; its id in feeds.toml';
COMMENT ON COLUMN marts.publication_lag.articles IS 'Number of articles that were measured: those from the live feed that have a date of their own';
COMMENT ON COLUMN marts.publication_lag.median_seconds IS 'Seconds from published_at to first_seen_at in which half of them were seen: the median';
COMMENT ON COLUMN marts.publication_lag.p90_seconds IS 'Seconds from published_at to first_seen_at in which nine tenths of them were seen: the 90th percentile';
