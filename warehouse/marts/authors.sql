CREATE OR REPLACE VIEW marts.authors AS
SELECT
    author, feed_id, count(*) AS articles, sum(word_count) AS words,
    min(published_at) AS first_published_at, max(published_at) AS last_published_at
FROM clean.articles
WHERE author IS NOT NULL
GROUP BY author, feed_id
ORDER BY articles DESC, author;
COMMENT ON VIEW marts.authors IS 'Who wrote how much for which feed, as the feeds name them.';
