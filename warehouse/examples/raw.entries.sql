SELECT first_seen_at, feed_id, title, parsed ->> 'author' AS author FROM raw.entries ORDER BY first_seen_at DESC LIMIT 20
