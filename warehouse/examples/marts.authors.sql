SELECT author, feed_id, articles, last_published_at FROM marts.authors LIMIT 20
