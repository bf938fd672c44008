-- $outbox. The cursor of an outbox that has none: after the last event.
INSERT INTO ops.outbox_cursors BY NAME
SELECT $outbox AS outbox, (SELECT coalesce(max(position), 0) FROM ops.article_events) AS position
WHERE NOT EXISTS (FROM ops.outbox_cursors WHERE outbox = $outbox)
