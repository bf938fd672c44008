-- Whether another run has loaded anything since then: documents or images. A killed run is still `running`, and may have.
SELECT count(*) > 0
FROM ops.runs
WHERE started_at > $since AND run_id <> $run_id
    AND (state = 'running' OR (counts ->> 'documents')::INTEGER + (counts ->> 'images_stored')::INTEGER > 0)
