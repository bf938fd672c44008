SELECT published_at, feed_id, title, word_count
FROM clean.articles
WHERE duplicate_of IS NULL
ORDER BY published_at DESC LIMIT 20
