-- topic: How well
-- empty in the demo: the sample site's feeds have a few articles in two weeks; a gap takes a usual 4 a day
-- unit day: days, UTC
-- unit articles: articles
-- unit usual: articles a day
-- example:
--   SELECT day, feed_id, articles, usual FROM marts.coverage_gaps WHERE day > current_date - 90
CREATE OR REPLACE VIEW marts.coverage_gaps AS
WITH published AS (
    SELECT feed_id, CAST(published_at AT TIME ZONE 'UTC' AS DATE) AS day FROM clean.articles WHERE published_known
), dated AS (
    SELECT feed_id, min(day) AS first_day, max(day) AS last_day FROM published GROUP BY feed_id
), spans AS (
    -- up to the last whole day before the last successful fetch: a feed that has stopped has a gap, too
    SELECT
        d.feed_id, d.first_day,
        greatest(d.last_day, coalesce(CAST(f.last_success_at AT TIME ZONE 'UTC' AS DATE) - 1, d.last_day)) AS last_day
    FROM dated d LEFT JOIN ops.feeds f ON f.feed_id = d.feed_id
), days AS (
    SELECT feed_id, CAST(unnest(generate_series(first_day, last_day, INTERVAL 1 DAY)) AS DATE) AS day FROM spans
), counted AS (
    SELECT feed_id, day, count(*) AS articles FROM published GROUP BY ALL
), daily AS MATERIALIZED (
    SELECT feed_id, day, coalesce(articles, 0) AS articles FROM days LEFT JOIN counted USING (feed_id, day)
), low AS (
    -- the median is at most the maximum, which is far cheaper to compute
    SELECT feed_id, day, articles
    FROM daily
    QUALIFY max(articles) OVER (
        PARTITION BY feed_id ORDER BY day ROWS BETWEEN 28 PRECEDING AND 1 PRECEDING
    ) > greatest(4 * articles, 3)
), before AS (
    SELECT *, day - CAST(unnest(range(1, 29)) AS INTEGER) AS earlier FROM low
)
SELECT b.feed_id, b.day, b.articles, median(d.articles) AS usual
FROM before b JOIN daily d ON d.feed_id = b.feed_id AND d.day = b.earlier
GROUP BY b.feed_id, b.day, b.articles
HAVING usual >= 4 AND b.articles < usual / 4
ORDER BY b.day DESC, b.feed_id;
COMMENT ON VIEW marts.coverage_gaps IS 'Days (UTC) on which a feed has less than a quarter of its usual articles: of the median of the 28 days before, where that is 4 or more.';
COMMENT ON COLUMN marts.coverage_gaps.feed_id IS 'The feed that has the gap; its id in feeds.toml';
COMMENT ON COLUMN marts.coverage_gaps.day IS 'The day of the gap, UTC: by published_at';
COMMENT ON COLUMN marts.coverage_gaps.articles IS 'Number of articles that the feed dates on that day, 0 included: counted in clean.articles';
COMMENT ON COLUMN marts.coverage_gaps.usual IS 'Usual number of articles a day: the median of the 28 days before, as far as the feed''s articles reach back';
