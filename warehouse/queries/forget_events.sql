-- Keeps what a message tells, and the last event: its position tells where the next one stands.
DELETE FROM ops.article_events
WHERE recorded_at < $1
    AND position < (SELECT max(position) FROM ops.article_events)
    AND event_id NOT IN (SELECT event_id FROM ops.outbox)
