-- $outbox, $feeds, $kinds, $backfilled, $now. Messages for the events after the outbox's cursor.
INSERT INTO ops.outbox BY NAME
SELECT
    $outbox AS outbox, event_id, position, article_id, 'pending' AS state, 0 AS attempts, $now AS next_try_at,
    $now AS queued_at
FROM ops.article_events
WHERE position > (SELECT position FROM ops.outbox_cursors WHERE outbox = $outbox)
    AND ($feeds IS NULL OR list_contains($feeds, feed_id))
    AND ($kinds IS NULL OR list_contains($kinds, kind))
    AND ($backfilled OR source = 'feed')
