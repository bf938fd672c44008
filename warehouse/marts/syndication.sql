CREATE OR REPLACE VIEW marts.syndication AS
SELECT
    o.article_id, o.title, o.feed_id, o.url, o.published_at,
    count(*) AS copies,
    count(DISTINCT c.feed_id) FILTER (WHERE c.feed_id <> o.feed_id) AS other_feeds,
    list(DISTINCT c.feed_id ORDER BY c.feed_id) AS copied_by,
    min(c.published_at) AS first_copied_at,
    max(c.published_at) AS last_copied_at,
    epoch(min(c.published_at) - o.published_at) AS seconds_to_first_copy,
    list(c.article_id ORDER BY c.published_at, c.article_id) AS copy_ids
FROM clean.articles o
JOIN clean.articles c ON c.duplicate_of = o.article_id
GROUP BY o.article_id, o.title, o.feed_id, o.url, o.published_at;
COMMENT ON VIEW marts.syndication IS 'Stories that were told more than once: the first article, and who carried nearly the same text within two weeks of it.';
