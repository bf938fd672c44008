-- stage_sent(outbox, event_id, state, attempts, next_try_at, http_status, error, tried_at): messages after an attempt.
MERGE INTO ops.outbox t USING stage_sent s ON t.outbox = s.outbox AND t.event_id = s.event_id
WHEN MATCHED THEN UPDATE SET
    state = s.state, attempts = s.attempts, next_try_at = s.next_try_at, http_status = s.http_status, error = s.error,
    tried_at = s.tried_at
