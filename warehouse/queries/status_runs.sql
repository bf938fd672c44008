SELECT
    flow, state, started_at,
    round(epoch(finished_at) - epoch(started_at), 1) AS seconds,
    counts ->> 'new' AS new, counts ->> 'changed' AS changed, counts ->> 'failed' AS failed, error
FROM ops.runs ORDER BY started_at DESC LIMIT 5
