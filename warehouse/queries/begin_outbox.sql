-- $outbox, $since. The cursor of an outbox that has none: before the first event that was recorded from then on.
INSERT INTO ops.outbox_cursors BY NAME
SELECT $outbox AS outbox, (SELECT coalesce(max(position), 0) FROM ops.article_events WHERE recorded_at < $since) AS position
WHERE NOT EXISTS (FROM ops.outbox_cursors WHERE outbox = $outbox)
