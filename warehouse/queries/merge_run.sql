MERGE INTO ops.runs t USING stage_runs s
ON t.run_id = s.run_id
WHEN MATCHED THEN UPDATE SET
    finished_at = s.finished_at, state = s.state, counts = s.counts, error = s.error
WHEN NOT MATCHED THEN INSERT BY NAME
