CREATE OR REPLACE VIEW marts.categories AS
SELECT
    category, feed_id, count(*) AS articles,
    min(published_at) AS first_published_at, max(published_at) AS last_published_at
FROM (SELECT unnest(categories) AS category, feed_id, published_at FROM clean.articles)
GROUP BY category, feed_id
ORDER BY articles DESC, category;
COMMENT ON VIEW marts.categories IS 'Articles by the categories and tags their feeds give them.';
