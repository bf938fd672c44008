CREATE OR REPLACE VIEW marts.coverage_gaps AS
WITH spans AS (
    SELECT feed_id, min(CAST(published_at AS DATE)) AS first_day, max(CAST(published_at AS DATE)) AS last_day
    FROM clean.articles WHERE published_known GROUP BY feed_id
), days AS (
    SELECT feed_id, CAST(unnest(generate_series(first_day, last_day, INTERVAL 1 DAY)) AS DATE) AS day FROM spans
), counted AS (
    SELECT feed_id, CAST(published_at AS DATE) AS day, count(*) AS articles
    FROM clean.articles WHERE published_known GROUP BY ALL
), usual AS (
    SELECT
        feed_id, day, coalesce(articles, 0) AS articles,
        median(coalesce(articles, 0)) OVER (
            PARTITION BY feed_id ORDER BY day ROWS BETWEEN 28 PRECEDING AND 1 PRECEDING
        ) AS usual
    FROM days LEFT JOIN counted USING (feed_id, day)
)
SELECT feed_id, day, articles, usual
FROM usual
WHERE usual >= 4 AND articles < usual / 4
ORDER BY day DESC, feed_id;
COMMENT ON VIEW marts.coverage_gaps IS 'Days (UTC) on which a feed has less than a quarter of its usual articles: of the median of the 28 days before, where that is 4 or more.';
