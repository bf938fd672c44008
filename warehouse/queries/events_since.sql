-- $since, $most, $feeds, $kinds, $backfilled. Events after the position, oldest first.
SELECT *
FROM ops.article_events
WHERE position > $since
    AND ($feeds IS NULL OR list_contains($feeds, feed_id))
    AND ($kinds IS NULL OR list_contains($kinds, kind))
    AND ($backfilled OR source = 'feed')
ORDER BY position
LIMIT $most
