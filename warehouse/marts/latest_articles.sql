CREATE OR REPLACE VIEW marts.latest_articles AS
SELECT
    a.article_id, a.feed_id, f.name AS feed, a.title, a.author, a.published_at, a.first_seen_at, a.language,
    a.word_count, a.summary, a.url, a.version, i.path AS lead_image
FROM clean.articles a
LEFT JOIN ops.feeds f USING (feed_id)
LEFT JOIN clean.images i ON i.image_id = a.lead_image_id AND i.status = 'stored'
WHERE a.duplicate_of IS NULL
ORDER BY a.published_at DESC;
COMMENT ON VIEW marts.latest_articles IS 'Articles, the newest first, with their feed and lead image.';
