SELECT flow, state, started_at, finished_at - started_at AS took, counts ->> 'new' AS new
FROM ops.runs ORDER BY started_at DESC LIMIT 20
