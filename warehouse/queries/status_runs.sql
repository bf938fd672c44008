SELECT
    flow, state, started_at,
    round(epoch(finished_at) - epoch(started_at), 1) AS seconds,
    (counts ->> 'new')::BIGINT AS new, (counts ->> 'changed')::BIGINT AS changed, (counts ->> 'failed')::BIGINT AS failed,
    error
FROM ops.runs ORDER BY started_at DESC LIMIT 5
