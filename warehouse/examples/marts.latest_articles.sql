SELECT published_at, feed, title FROM marts.latest_articles LIMIT 20
