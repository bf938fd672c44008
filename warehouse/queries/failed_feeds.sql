-- $1: Prefect's id of a flow run. The feeds whose last fetch in any try of it failed.
SELECT f.feed_id
FROM ops.fetches f
JOIN ops.runs r USING (run_id)
WHERE r.flow_run_id = $1 AND f.outcome <> 'skipped'
GROUP BY f.feed_id
HAVING arg_max(f.outcome, f.started_at) = 'failed'
