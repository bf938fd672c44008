-- The newest articles of the sites without duplicates. $sites: feed ids, all if empty; $limit: how many
SELECT
    article_id, feed_id, title, url, author, authors, published_at, updated_at, summary, content_html,
    (
        SELECT list({url: e.url, media_type: e.media_type, bytes: e.bytes} ORDER BY e.position)
        FROM clean.enclosures e WHERE e.article_id = a.article_id
    ) AS enclosures
FROM clean.articles a
WHERE duplicate_of IS NULL AND (len($sites::VARCHAR[]) = 0 OR list_contains($sites, feed_id))
ORDER BY published_at DESC, article_id
LIMIT $limit
