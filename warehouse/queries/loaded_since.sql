-- Whether another run has loaded anything since then. A killed run is still `running`, and may have.
SELECT count(*) > 0
FROM ops.runs
WHERE started_at > $since AND run_id <> $run_id
    AND (state = 'running' OR (counts ->> 'new')::INTEGER + (counts ->> 'changed')::INTEGER > 0)
