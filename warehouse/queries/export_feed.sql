-- The newest articles of the sites without duplicates. $sites: feed ids, all if empty; $limit: how many
SELECT article_id, feed_id, title, url, author, published_at, updated_at, summary, content_html
FROM clean.articles
WHERE duplicate_of IS NULL AND (len($sites::VARCHAR[]) = 0 OR list_contains($sites, feed_id))
ORDER BY published_at DESC, article_id
LIMIT $limit
