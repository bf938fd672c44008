-- topic: Who and what
-- unit articles: articles
-- example:
--   SELECT category, sum(articles) AS articles FROM marts.categories GROUP BY category ORDER BY articles DESC LIMIT 20
CREATE OR REPLACE VIEW marts.categories AS
SELECT
    mode(given ORDER BY given) AS category, feed_id, count(*) AS articles,
    min(published_at) AS first_published_at, max(published_at) AS last_published_at
FROM (SELECT unnest(categories) AS given, feed_id, published_at FROM clean.articles)
GROUP BY lower(given), feed_id
ORDER BY articles DESC, category;
COMMENT ON VIEW marts.categories IS 'Articles by the categories and tags their feeds give them.';
COMMENT ON COLUMN marts.categories.category IS 'A category or tag, as the feed mostly writes it: spellings that differ only by case are one; an article with several counts in the row of each';
COMMENT ON COLUMN marts.categories.feed_id IS 'The feed that gives it; its id in feeds.toml';
COMMENT ON COLUMN marts.categories.articles IS 'Number of articles of the feed with this category: counted in clean.articles';
COMMENT ON COLUMN marts.categories.first_published_at IS 'When the earliest of them was published, UTC: the least published_at';
COMMENT ON COLUMN marts.categories.last_published_at IS 'When the latest of them was published, UTC: the greatest published_at';
