-- $outbox, $now, $most. The messages to send now, in order. While one waits, so do the later ones about its article.
SELECT o.attempts, e.*
FROM ops.outbox o
JOIN ops.article_events e ON e.event_id = o.event_id
WHERE o.outbox = $outbox AND o.state = 'pending' AND o.next_try_at <= $now
    AND NOT EXISTS (
        FROM ops.outbox w
        WHERE w.outbox = o.outbox AND w.article_id = o.article_id AND w.position < o.position
            AND w.state = 'pending' AND w.next_try_at > $now
    )
ORDER BY o.position
LIMIT $most
