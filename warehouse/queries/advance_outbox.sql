-- $outbox. Its cursor stands after the last event.
UPDATE ops.outbox_cursors SET position = (SELECT coalesce(max(position), 0) FROM ops.article_events)
WHERE outbox = $outbox
