-- Keeps the last one of each feed.
DELETE FROM ops.fetches
WHERE started_at < $1 AND (feed_id, started_at) NOT IN (SELECT feed_id, max(started_at) FROM ops.fetches GROUP BY feed_id)
