MERGE INTO ops.rejects t USING stage_rejects s
ON t.reject_id = s.reject_id
WHEN NOT MATCHED THEN INSERT BY NAME
