-- What waits to be sent stays.
DELETE FROM ops.outbox WHERE state <> 'pending' AND queued_at < $1
