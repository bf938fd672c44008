-- $state, $most. Messages of the outboxes, the oldest first: those in the state, or (NULL) all that were not sent.
SELECT
    o.outbox, o.state, e.kind, e.feed_id, o.article_id, o.attempts, o.next_try_at, o.http_status, o.error, o.event_id
FROM ops.outbox o
LEFT JOIN ops.article_events e ON e.event_id = o.event_id
WHERE CASE WHEN $state IS NULL THEN o.state <> 'sent' ELSE o.state = $state END
ORDER BY o.position, o.outbox
LIMIT $most
