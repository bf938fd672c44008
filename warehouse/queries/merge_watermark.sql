MERGE INTO ops.watermarks t USING stage_watermarks s
ON t.watermark_id = s.watermark_id
WHEN MATCHED THEN UPDATE SET
    mark = s.mark,
    documents = s.documents,
    started_at = s.started_at,
    updated_at = s.updated_at,
    finished_at = s.finished_at,
    run_id = s.run_id
WHEN NOT MATCHED THEN INSERT BY NAME
