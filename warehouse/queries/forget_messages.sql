-- $1: before when, $2: the outboxes that there are, whose messages that wait to be sent stay.
DELETE FROM ops.outbox WHERE queued_at < $1 AND NOT (state = 'pending' AND list_contains($2, outbox))
