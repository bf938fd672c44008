MERGE INTO ops.checks t USING stage_checks s
ON t.run_id = s.run_id AND t.name = s.name
WHEN MATCHED THEN UPDATE
WHEN NOT MATCHED THEN INSERT BY NAME
